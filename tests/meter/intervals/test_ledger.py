"""The ledger, case by case; test_ledger_model.py holds it against any consumption."""

from dataclasses import replace
from datetime import timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from custom_components.dts307.meter import PerPhase
from custom_components.dts307.meter.intervals import (
    Billing,
    Estimate,
    Ledger,
    Samples,
    billing,
    samples_of,
)
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import RegisterReads
from tests.meter.device import reading_of
from tests.meter.ledgers import (
    NEW_YORK,
    SERIAL,
    at,
    at_midnight,
    bill,
    energy,
    entries,
    read,
    stored,
    value,
)
from tests.meter.published import encode


def test_nothing_is_known_before_the_first_reading() -> None:
    assert billing(Ledger(), NEW_YORK, 1) == Billing()
    assert list(Ledger().periods(NEW_YORK, 1)) == []
    assert Ledger().compacted(NEW_YORK, 1) == Ledger()


def test_the_first_period_is_partial_and_says_so() -> None:
    ledger = read(Ledger(), at("06-10", "12:00:00"), 1000, 50)
    ledger = read(ledger, at("06-11"), 4000, 60)
    period, all_of_it = bill(ledger)
    assert (value(period.imported), value(period.exported), value(period.net)) == (3000, 10, 2990)
    assert period.start.timestamp() == at("06-01")
    assert period.end.timestamp() == at("07-01")
    assert period.net is not None
    assert period.net.since.timestamp() == at("06-10", "12:00:00")
    assert all_of_it.last_period is None
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.imported is None
    assert all_of_it.at_midnight is not None
    assert all_of_it.at_midnight.at.timestamp() == at("06-11")


def test_between_two_polls_the_counter_moves_evenly() -> None:
    """Of the 10 Wh in these five seconds, three fifths were before midnight."""
    ledger = read(Ledger(), at("06-30", "23:59:57"), 1000, 0)
    ledger = read(ledger, at("07-01", "00:00:02"), 1010, 0)
    period, all_of_it = bill(ledger)
    assert energy(period.imported) == Estimate(value=4, lowest=0, highest=10)
    assert all_of_it.last_period is not None
    assert value(all_of_it.last_period.imported) == 6
    assert all_of_it.at_billing_day == all_of_it.at_midnight
    assert all_of_it.at_midnight is not None
    assert value(all_of_it.at_midnight.imported) == 1006
    assert all_of_it.at_midnight.serial_number == SERIAL


def test_a_long_outage_leaves_an_estimate_with_its_bounds() -> None:
    """Several midnights are in it; on the third day the first reading comes again."""
    ledger = read(Ledger(), at("06-29", "00:00:00"), 0, 0)
    ledger = read(ledger, at("07-03", "00:00:00"), 4000, 0)
    period, all_of_it = bill(ledger)
    assert energy(period.imported) == Estimate(value=2000, lowest=0, highest=4000, estimated=True)
    assert all_of_it.last_period is not None
    assert energy(all_of_it.last_period.imported) == energy(period.imported)
    assert energy(period.exported) == Estimate.exactly(0), "what stood still is known"
    assert value(at_midnight(all_of_it)) == 4000


def test_what_is_counted_in_an_outage_is_not_less_than_nothing() -> None:
    """All of a period may lie within one."""
    ledger = read(Ledger(), at("04-30"), 0)
    ledger = read(ledger, at("06-02"), 3300)
    may = bill(ledger)[1].last_period
    assert may is not None
    assert energy(may.imported) == Estimate(value=3100, lowest=0, highest=3300, estimated=True)


def test_a_period_across_a_clock_change_is_as_long_as_it_is() -> None:
    """March has 743 hours in New York; at 1 kW that is 743 kWh."""
    ledger = Ledger()
    begin = at("02-28", "12:00:00")
    for hour in range(24 * 33):
        ledger = read(ledger, begin + hour * 3600, hour * 1000)
    march = bill(ledger)[1].last_period
    assert march is not None
    assert value(march.imported) == pytest.approx(743_000)
    assert not energy(march.imported).estimated, "each midnight was itself read"


def test_a_restart_at_midnight_on_the_billing_day() -> None:
    """Two minutes without readings: an estimate, but no energy is missing."""
    ledger = read(Ledger(), at("06-30", "12:00:00"), 0, 0)
    ledger = read(ledger, at("06-30", "23:59:00"), 1000, 0)
    ledger = read(stored(ledger), at("07-01", "00:01:00"), 1100, 0)
    july, all_of_it = bill(ledger)
    june = all_of_it.last_period
    assert june is not None
    assert energy(june.imported) == Estimate(value=1050, lowest=1000, highest=1100, estimated=True)
    assert energy(july.imported) == Estimate(value=50, lowest=0, highest=100, estimated=True)


def days(count: int) -> Ledger:
    """Return a ledger of so many days from 1 January, with 10 kWh in and 2 kWh out each day."""
    ledger = Ledger()
    for day in range(count + 1):
        for seconds in (-2, 2):
            when = at("01-01") + timedelta(days=day).total_seconds() + seconds
            counted = (when - at("01-01") + 2) / 86400
            ledger = read(ledger, when, counted * 10_000, counted * 2_000)
    return ledger


def test_another_billing_day_is_reckoned_from_the_same_ledger() -> None:
    """And back again; nothing is lost on the way."""
    ledger = days(60)
    first = bill(ledger, 1)
    assert value(first[0].imported) == pytest.approx(10_000 * (60 - 59), rel=0.01)
    fifteenth, all_of_it = bill(ledger, 15)
    assert fifteenth.start.timestamp() == at("02-15")
    assert value(fifteenth.imported) == pytest.approx(10_000 * 15, rel=0.001)
    assert all_of_it.last_period is not None
    assert value(all_of_it.last_period.imported) == pytest.approx(10_000 * 31, rel=0.001)
    assert bill(ledger, 1) == first


def test_another_time_zone_is_reckoned_from_the_same_ledger() -> None:
    """Its midnights were not read for themselves, so that they are estimates with bounds."""
    ledger = days(40)
    home = bill(ledger)
    berlin = ZoneInfo("Europe/Berlin")
    abroad = bill(ledger, zone=berlin)[0]
    assert abroad.start.timestamp() == at("02-01", zone=berlin)
    moved = energy(abroad.imported)
    assert moved.estimated
    assert moved.lowest < 92_500 < moved.highest
    assert moved.value == pytest.approx(92_500, abs=1), "nine days and six hours"
    assert bill(ledger) == home


def months(*nets: tuple[float, float]) -> Ledger:
    """Return a ledger of months from January on, each with its Wh in and out."""
    ledger = read(Ledger(), at("01-01"), 0, 0)
    imported = exported = 0.0
    for number, (more_in, more_out) in enumerate(nets):
        imported, exported = imported + more_in, exported + more_out
        ledger = read(ledger, at(f"{number + 2:02}-01"), imported, exported)
    return ledger


def test_credit_is_carried_forward() -> None:
    """Like a utility's bank of kWh: it pays for a later net, and for no more than there is."""
    periods = list(months((100, 400), (250, 50), (500, 100), (0, 7), (0, 0)).periods(NEW_YORK, 1))
    assert [value(period.net) for period in periods] == [-300, 200, 400, -7, 0, 0]
    assert [value(period.brought_forward) for period in periods] == [0, 300, 100, 0, 7, 7]
    assert [value(period.billed) for period in periods] == [0, 0, 300, 0, 0, 0]
    assert [value(period.carried_forward) for period in periods] == [300, 100, 0, 7, 7, 7]


def test_an_estimate_that_makes_no_difference_is_none() -> None:
    """Wherever the border was between 0 and 40 Wh, there was no credit."""
    some = Estimate(value=-10, lowest=-40, highest=-1, estimated=True)
    assert some.positive_part == Estimate.exactly(0)
    assert replace(some, highest=5).positive_part == Estimate(
        value=0, lowest=0, highest=5, estimated=True
    )


def test_without_an_export_counter_there_is_nothing_net() -> None:
    ledger = read(read(Ledger(), at("06-01"), 0), at("07-02"), 100)
    june, july = ledger.periods(NEW_YORK, 1)
    assert value(july.imported) == pytest.approx(100 / 31)
    for period in (june, july):
        nothing = (period.exported, period.net, period.brought_forward, period.billed)
        assert nothing == (None,) * 4


def test_a_counter_that_is_held_back_waits() -> None:
    """The guard repeats what it believes, with the time when it began to; that is no reading."""
    before, after = at("06-30", "12:00:00"), at("07-01", "12:00:00")
    ledger = read(Ledger(), before, 1000)
    ledger = read(ledger, before, 1000)
    assert bill(ledger)[0].start.timestamp() == at("06-01")
    ledger = read(ledger, after, 2000)
    july, all_of_it = bill(ledger)
    assert energy(july.imported) == Estimate(value=500, lowest=0, highest=1000, estimated=True)
    assert entries(ledger) == 2 * 2, "the counter's and the register's"
    assert all_of_it.last_period is not None
    assert value(all_of_it.last_period.imported) == 500


def test_one_counter_is_held_back_for_long() -> None:
    """The other goes on; of the first it is only known what it had come to at least."""
    ledger = read(Ledger(), at("06-01"), 0, 0)
    ledger = ledger.after({"imported": Sample(value=90, at=at("06-03"))}, SERIAL, NEW_YORK)
    period = bill(ledger)[0]
    assert energy(period.imported) == Estimate.exactly(90)
    assert energy(period.exported) == Estimate.at_least(0, 0)
    assert energy(period.net) == Estimate(value=90, lowest=-inf, highest=90, estimated=True)
    assert period.carried_forward == Estimate.at_least(0, 0)
    assert stored(ledger) == ledger


def test_what_was_kept_apart_is_taken_up_if_it_is_newer() -> None:
    ledger = read(Ledger(), at("06-30", "12:00:00"), 100)
    latest: Samples = {
        "imported": Sample(value=150, at=at("06-30", "23:59:30")),
        "register_imported": Sample(value=150, at=at("06-30", "23:59:30")),
    }
    resumed = ledger.with_newer(latest, SERIAL, NEW_YORK)
    assert resumed.newest == latest
    assert resumed.with_newer(ledger.newest, SERIAL, NEW_YORK) == resumed
    july = bill(read(resumed, at("07-01", "00:00:30"), 160))[0]
    assert energy(july.imported) == Estimate(value=5, lowest=0, highest=10)


async def test_the_totals_of_a_reading() -> None:
    """Each with the time it was believed; none that is not believed, or not counted."""
    reading = replace(
        await reading_of(encode(203)),
        energy_imported=PerPhase(total=1300.0),
        energy_exported=PerPhase(total=20.0),
    )
    register, other = Sample(value=300.0, at=5.0), Sample(value=20.0, at=7.0)
    seen = {"seen": Sample(value=0.0, at=8.0)}
    assert samples_of(reading, RegisterReads(imported=register, exported=other), 8.0) == {
        **seen,
        "imported": Sample(value=1300.0, at=5.0),
        "register_imported": register,
        "exported": other,
        "register_exported": other,
    }
    assert samples_of(reading, RegisterReads(imported=register), 8.0).keys() == {
        "seen",
        "imported",
        "register_imported",
    }
    silent = replace(reading, energy_imported=PerPhase(), energy_exported=PerPhase())
    assert samples_of(silent, RegisterReads(imported=register, exported=other), 8.0) == seen
