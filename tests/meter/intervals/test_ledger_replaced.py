"""The bill of a place whose meter was replaced: its bounds contain what was not measured."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.intervals import Books, DemandRecord, Estimate, Ledger
from custom_components.dts307.meter.validation import FirstSight
from tests.meter.ledgers import NEW_YORK, at, bill, energy, read, stored, value

POWER = 10_000.0
"""W that can flow."""
HOUR = 3600.0


def seen(when: float, register: float) -> FirstSight:
    """Return a meter that is seen for the first time."""
    registers = {"energy_imported.total": register}
    return FirstSight(serial_number="NEW", at=when, registers=registers, possible_power=POWER)


def replaced(ledger: Ledger, when: float, published: float, register: float) -> Ledger:
    """Return the ledger after another meter was first seen; the published counter is given."""
    books = Books(ledger=ledger, demand=DemandRecord(window=900.0), serial_number="OLD")
    totals = {"imported": (published, register)}
    books = books.with_new_meter(seen(when, register), totals, NEW_YORK)
    assert books.serial_number == "NEW"
    return stored(books.ledger)


def test_the_period_of_a_replacement_is_an_estimate() -> None:
    """It knows what both meters have counted; at most 20 kWh more flowed between them."""
    ledger = read(Ledger(), at("06-10", "08:00:00"), 1_000, serial="OLD")
    ledger = read(ledger, at("06-10", "10:00:00"), 2_000, serial="OLD")
    ledger = replaced(ledger, at("06-10", "12:00:00"), 2_000, 777)
    ledger = read(ledger, at("06-10", "18:00:00"), 7_977, carried=2_000 - 777, serial="NEW")
    period, _ = bill(ledger)
    expected = Estimate(value=8_200, lowest=8_200, highest=28_200, estimated=True)
    assert energy(period.imported) == expected
    # The gap stays known while more is read, and over restarts.
    for hour in range(19, 23):
        now = at("06-10", f"{hour}:00:00")
        ledger = stored(read(ledger, now, 7_977, carried=2_000 - 777, serial="NEW"))
        assert energy(bill(ledger)[0].imported) == expected


def test_a_billing_day_between_the_meters() -> None:
    """Both periods may lack what flowed there."""
    ledger = read(Ledger(), at("06-30", "12:00:00"), 1_000, serial="OLD")
    ledger = read(ledger, at("06-30", "23:00:00"), 2_000, serial="OLD")
    ledger = replaced(ledger, at("07-01", "01:00:00"), 2_500, 500)
    ledger = read(ledger, at("07-01", "01:01:00"), 600, carried=2_000, serial="NEW")
    june, july = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported) == Estimate(
        value=1_250, lowest=1_000, highest=21_500, estimated=True
    )
    assert energy(july.imported) == Estimate(value=350, lowest=100, highest=20_600, estimated=True)


def test_a_new_meter_that_is_first_read_at_the_billing_day() -> None:
    """Only the period before may lack what flowed between the meters."""
    ledger = read(Ledger(), at("06-30", "12:00:00"), 1_000, serial="OLD")
    ledger = read(ledger, at("06-30", "23:00:00"), 2_000, serial="OLD")
    ledger = replaced(ledger, at("07-01"), 2_000, 500)
    ledger = read(ledger, at("07-01", "01:00:00"), 800, carried=1_500, serial="NEW")
    june, july = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported) == Estimate(
        value=1_000, lowest=1_000, highest=11_000, estimated=True
    )
    assert energy(july.imported) == Estimate.exactly(300)
    _, all_of_it = bill(ledger)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.serial_number == "NEW"
    assert all_of_it.at_billing_day.imported == Estimate.exactly(500)


def test_a_billing_day_while_the_question_stands() -> None:
    """The new meter was there: what it counted since it was seen bounds both periods."""
    ledger = read(Ledger(), at("06-30", "12:00:00"), 2_000, serial="OLD")
    ledger = replaced(ledger, at("06-30", "13:00:00"), 2_000, 700)
    ledger = read(ledger, at("07-01", "12:00:00"), 8_700, carried=1_300, serial="NEW")
    june, july = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported).estimated
    assert energy(june.imported).highest == 18_000
    assert energy(july.imported).lowest == 0
    assert energy(july.imported).highest == 8_000
    _, all_of_it = bill(ledger)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.serial_number == "NEW"
    assert all_of_it.at_billing_day.imported is not None
    assert all_of_it.at_billing_day.imported.lowest == 700


def test_the_display_at_a_billing_day_between_meters_that_show_the_same() -> None:
    """It is unknown, though neither the total nor the register seems to have moved."""
    ledger = read(Ledger(), at("06-30", "12:00:00"), 0, serial="OLD")
    ledger = replaced(ledger, at("07-01", "13:00:00"), 0, 0)
    _, all_of_it = bill(ledger)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.imported == Estimate.unbounded(0)


def test_later_periods_are_exact_again_and_the_credit_recovers() -> None:
    """What was not measured is paid off by what is imported later."""
    ledger = read(Ledger(), at("06-10", "08:00:00"), 1_000, 0, serial="OLD")
    ledger = replaced(ledger, at("06-10", "09:00:00"), 1_000, 0)
    ledger = read(ledger, at("06-10", "09:01:00"), 0, 0, carried=1_000, serial="NEW")
    for day in ("06-30", "07-31"):
        register = 50_000 if day == "06-30" else 90_000
        ledger = read(ledger, at(day, "23:59:30"), register, 0, carried=1_000, serial="NEW")
        month = "07-01" if day == "06-30" else "08-01"
        ledger = read(ledger, at(month, "00:00:10"), register, 0, carried=1_000, serial="NEW")
    june, july, august = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported).estimated
    assert not energy(july.imported).estimated
    assert value(july.imported) == 40_000
    assert august.credit == Estimate.exactly(0)
    assert august.billed == Estimate.exactly(0)


def test_a_total_that_the_new_meter_reports_later() -> None:
    """Its own gap lasts until then."""
    ledger = read(Ledger(), at("06-10", "08:00:00"), 1_000, 50, serial="OLD")
    ledger = replaced(ledger, at("06-10", "09:00:00"), 1_000, 0)
    period, _ = bill(ledger)
    assert energy(period.exported) == Estimate.at_least(0, 0)
    ledger = read(ledger, at("06-10", "10:00:00"), 0, 50, carried=1_000, serial="NEW")
    ledger = read(ledger, at("06-10", "10:00:05"), 0, 60, carried=1_000, serial="NEW")
    exported = energy(bill(stored(ledger))[0].exported)
    assert exported == Estimate(value=10, lowest=10, highest=20_010, estimated=True)
    assert energy(bill(ledger)[0].imported).highest == 10_000


def test_the_demand_interval_of_a_replacement_does_not_count() -> None:
    """What flowed between the meters is missing in it."""
    record = DemandRecord(window=900.0)
    ledger = Ledger()
    for minute in (59, 60, 62):
        now = at("06-10", "07:00:00") + 60 * minute
        ledger = read(ledger, now, 1_000 + minute, serial="OLD")
        record = record.after(ledger.newest["imported"], 1.0, NEW_YORK)
    books = Books(ledger=ledger, demand=record, serial_number="OLD")
    assert record.running_minimum is not None
    after = books.with_new_meter(seen(at("06-10", "08:05:00"), 0), {}, NEW_YORK)
    assert after.demand == replace(record, running=None)
    assert after.demand.running_minimum is None


@given(
    st.tuples(st.floats(0, 1e4), st.floats(0, 5e3), st.floats(0, 5e3), st.floats(0, 1e4)),
    st.floats(-2 * HOUR, 5 * HOUR),
    st.sampled_from(["began at zero", "counted elsewhere"]),
)
def test_the_bounds_contain_the_truth(
    between: tuple[float, float, float, float], swapped: float, history: str
) -> None:
    """Wherever midnight is: the old meter counts, is taken away, and a new one counts.

    ``between`` is what flows to the last read of the old meter, from there to the swap, from there
    to the first read of the new meter, and to the last.
    """
    start = at("07-01") - swapped - 2 * HOUR
    before, _, late, after = between
    reads = [start, start + HOUR, start + 2 * HOUR, start + 4 * HOUR]
    instants = [start, start + HOUR, start + 1.5 * HOUR, start + 2 * HOUR, start + 4 * HOUR]

    def truth(until: float) -> float:
        return sum(
            flow * min(1.0, max(0.0, (until - first) / (last - first)))
            for flow, (first, last) in zip(between, pairwise(instants), strict=True)
        )

    ledger = read(Ledger(), reads[0], 1_000, serial="OLD")
    ledger = read(ledger, reads[1], 1_000 + before, serial="OLD")
    began_at_zero = history == "began at zero"
    register = late + (0 if began_at_zero else 500)
    published = 1_000 + before + (late if began_at_zero else 0)
    ledger = replaced(ledger, reads[2], published, register)
    ledger = read(ledger, reads[3], register + after, carried=published - register, serial="NEW")
    for period in ledger.periods(NEW_YORK, 1):
        begin = max(period.start.timestamp(), start)
        true = truth(min(period.end.timestamp(), reads[3])) - truth(begin)
        if period.imported is not None:
            counted = period.imported.energy
            assert counted.lowest - 1e-3 <= true <= counted.highest + 1e-3
            assert counted.lowest <= counted.value <= counted.highest
            assert counted.estimated or true == pytest.approx(counted.value, abs=1e-3)
