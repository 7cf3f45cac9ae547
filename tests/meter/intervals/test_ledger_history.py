"""The ledger over the years: other meters, rollovers, and periods that are too old."""

import pytest

from custom_components.dts307.meter.intervals import Estimate, Ledger, billing
from custom_components.dts307.meter.sample import Sample
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


def test_a_rollover_within_an_outage() -> None:
    """The energy is interpolated. Of the display, only the read before is known."""
    ledger = read(Ledger(), at("05-31"), 4_294_967_000)
    ledger = read(ledger, at("06-02"), 704, carried=2**32)
    period, all_of_it = bill(ledger)
    assert energy(period.imported) == Estimate(value=500, lowest=0, highest=1000, estimated=True)
    june = billing(read(ledger, at("06-02", "00:00:05"), 710, carried=2**32), NEW_YORK, 1)
    assert june.at_billing_day is not None
    assert june.at_billing_day.imported == Estimate.unbounded(4_294_967_000)
    assert value(at_midnight(all_of_it)) == 704


def test_the_register_is_set_back_within_an_outage_and_passes_where_it_was() -> None:
    """It looks as if it had only grown, but the published counter moved differently."""
    ledger = read(Ledger(), at("05-31"), 1000)
    ledger = read(ledger, at("06-02"), 1500, carried=1000)
    period, all_of_it = bill(ledger)
    assert energy(period.imported) == Estimate(value=750, lowest=0, highest=1500, estimated=True)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.imported == Estimate.unbounded(1000)


def test_the_meter_is_replaced_within_an_outage() -> None:
    """The energy goes on; the display is that of the meter before."""
    ledger = read(Ledger(), at("05-31"), 1000, serial="OLD")
    ledger = read(ledger, at("06-02"), 700_000, carried=-699_000 + 40, serial="NEW")
    period, all_of_it = bill(ledger)
    assert value(period.imported) == pytest.approx(20)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.serial_number == "OLD"
    assert all_of_it.at_billing_day.imported == Estimate.unbounded(1000)
    assert all_of_it.at_midnight is not None
    assert all_of_it.at_midnight.serial_number == "NEW"
    assert all_of_it.at_midnight.imported == Estimate.exactly(700_000)
    assert stored(ledger) == ledger


def test_a_new_meter_counts_from_the_latest_of_its_samples() -> None:
    """A total may be older, which a counter filter trusted before the meter was replaced."""
    ledger = read(Ledger(), at("06-01"), 1000, serial="OLD")
    samples = {
        "imported": Sample(value=1000, at=at("06-01")),
        "seen": Sample(value=0, at=at("06-02")),
    }
    assert ledger.after(samples, "NEW", NEW_YORK).meters[1] == (at("06-02"), "NEW")


def test_the_offset_of_the_published_counter_got_lost() -> None:
    """The counter falls, but no energy is negative."""
    ledger = read(Ledger(), at("06-10"), 1000, carried=5000)
    ledger = read(ledger, at("06-20"), 1100)
    assert energy(bill(ledger)[0].imported) == Estimate.at_least(0, 0)
    for before, after in (("06-30", "07-02"), ("07-20", "07-21")):
        ledger = read(read(ledger, at(before), 1200), at(after), 1400)
    june, july = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported) == Estimate.at_least(0, 0)
    assert value(july.imported) == 100


def test_the_offset_got_lost_within_an_outage_over_a_boundary() -> None:
    """Then the counter at the boundary is unknown."""
    ledger = read(Ledger(), at("06-10"), 100, carried=5000)
    ledger = read(ledger, at("06-29"), 200, carried=5000)
    ledger = read(ledger, at("07-02"), 300)
    june, july = ledger.periods(NEW_YORK, 1)
    assert energy(june.imported) == Estimate.at_least(100, 0)
    assert energy(july.imported) == Estimate.at_least(0, 0)


def test_an_export_counter_that_appears_later() -> None:
    """What was imported before still counts; net energy is known from then on."""
    ledger = read(Ledger(), at("05-10"), 0)
    ledger = read(ledger, at("06-01"), 300)
    ledger = read(ledger, at("06-20", "12:00:00"), 500)
    before, last = bill(ledger)
    export_begins = at("06-20", "12:00:05")
    ledger = read(ledger, export_begins, 500, 3_000_000)
    ledger = read(ledger, at("06-21"), 540, 3_000_010)
    period, all_of_it = bill(ledger)
    assert all_of_it.last_period == last.last_period
    assert (value(before.imported), value(period.imported)) == (200, 240)
    assert period.imported is not None
    assert period.imported.since.timestamp() == at("06-01")
    assert period.exported is not None
    assert period.exported.since.timestamp() == export_begins
    assert (value(period.exported), value(period.net), value(period.brought_forward)) == (10, 30, 0)
    assert period.net is not None
    assert period.net.since.timestamp() == export_begins
    assert all_of_it.at_billing_day is not None
    assert value(all_of_it.at_billing_day.imported) == 300
    assert all_of_it.at_billing_day.exported is None
    july = bill(read(ledger, at("07-01"), 540, 3_000_110))[0]
    assert value(july.brought_forward) == 70


def test_export_that_is_first_read_as_a_period_ends_is_not_counted_in_it() -> None:
    ledger = read(read(Ledger(), at("06-01"), 0), at("07-01"), 100, 50)
    june, july = ledger.periods(NEW_YORK, 1)
    assert june.exported is None
    assert value(july.exported) == 0


def test_all_totals_are_in_quarantine() -> None:
    """The meter responds, so that time goes on, but none of its counters is believed."""
    ledger = read(Ledger(), at("06-30", "23:59:00"), 100, 50)
    for clock, known in (("00:00:20", True), ("00:01:00", False)):
        seen = {"seen": Sample(value=0.0, at=at("07-01", clock))}
        ledger = ledger.after(seen, SERIAL, NEW_YORK)
        july, all_of_it = bill(ledger)
        unbounded_above = Estimate.exactly(0) if known else Estimate.at_least(0, 0)
        assert energy(july.imported) == energy(july.exported) == unbounded_above
        register = Estimate.exactly(100) if known else Estimate.at_least(100, 100)
        assert at_midnight(all_of_it) == register
    ledger = read(ledger, at("07-01", "00:02:00"), 160, 50)
    assert energy(bill(ledger)[0].imported) == Estimate(
        value=40, lowest=0, highest=60, estimated=True
    )


def days(ledger: Ledger, first: int, last: int) -> Ledger:
    """Return the ledger after so many days from 15 January on, each with 3 Wh in and 4 Wh out."""
    for day in range(first, last):
        when = at("01-15") + day * 86400.0
        for moment in (when - 5, when):
            ledger = read(ledger, moment, day * 3.0, day * 4.0)
    return ledger


def test_periods_that_are_too_old_leave_their_credit() -> None:
    """This bill and the last do not change by that, and the ledger stops growing."""
    ledger = kept = days(Ledger(), 0, 1)
    for month in range(31):
        begin = 1 + month * 30
        ledger = days(ledger, begin, begin + 30)
        kept = days(kept, begin, begin + 30).compacted(NEW_YORK, 1)
        assert billing(kept, NEW_YORK, 1) == billing(ledger, NEW_YORK, 1)
    assert len(list(ledger.periods(NEW_YORK, 1))) == 32
    periods = list(kept.periods(NEW_YORK, 1))
    assert len(periods) == 16
    assert value(periods[0].brought_forward) > 100
    assert entries(kept) < entries(ledger) / 2 + 4 * 2 * 31
    # What came before is gone, so that with another billing day the first period starts there.
    moved = next(kept.periods(NEW_YORK, 10))
    assert moved.net is not None
    assert moved.net.since == periods[0].start
    assert moved.start < moved.net.since
    assert value(moved.brought_forward) == value(periods[0].brought_forward)
    assert stored(kept) == kept


def test_periods_that_are_too_old_of_a_meter_without_export() -> None:
    ledger = Ledger()
    for day in range(900):
        for seconds in (-5, 0):
            ledger = read(ledger, at("01-15") + day * 86400.0 + seconds, day * 3.0)
        ledger = ledger.compacted(NEW_YORK, 1)
    assert len(list(ledger.periods(NEW_YORK, 1))) == 16
    assert value(ledger.credit) == 0


def test_a_period_is_kept_as_long_as_any_part_of_it() -> None:
    """Its first reads may be older than the limit."""
    ledger = days(Ledger(), 0, 440)
    assert ledger.compacted(NEW_YORK, 1) == ledger
    assert entries(days(ledger, 440, 450).compacted(NEW_YORK, 1)) < entries(ledger)
