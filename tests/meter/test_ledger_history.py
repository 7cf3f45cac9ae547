"""What happens to a ledger over the years: other meters, wrong clocks, and old age."""

import json

import pytest

from custom_components.dts307.meter.ledger import Ledger, billing
from custom_components.dts307.meter.track import Estimate

from .ledgers import NEW_YORK, at, at_midnight, bill, read, value


def test_the_register_starts_over_within_an_outage() -> None:
    """The energy is known; of the display, only what it was before."""
    ledger = read(Ledger(), at("05-31"), 4_294_967_000)
    ledger = read(ledger, at("06-02"), 704, carried=2**32)
    period, all_of_it = bill(ledger)
    assert period.imported == Estimate(value=500, lowest=0, highest=1000, estimated=True)
    june = billing(read(ledger, at("06-02", "00:00:05"), 710, carried=2**32), NEW_YORK, 1)
    assert june.at_billing_day is not None
    assert june.at_billing_day.imported == Estimate.exactly(4_294_967_000, estimated=True)
    assert value(at_midnight(all_of_it)) == 704


def test_the_meter_is_replaced_within_an_outage() -> None:
    """The energy goes on; the display is that of the meter that hung there before."""
    ledger = read(Ledger(), at("05-31"), 1000, serial="OLD")
    ledger = read(ledger, at("06-02"), 700_000, carried=-699_000 + 40, serial="NEW")
    period, all_of_it = bill(ledger)
    assert value(period.imported) == pytest.approx(20)
    assert all_of_it.at_billing_day is not None
    assert all_of_it.at_billing_day.serial_number == "OLD"
    assert all_of_it.at_billing_day.imported == Estimate.exactly(1000, estimated=True)
    assert all_of_it.at_midnight is not None
    assert all_of_it.at_midnight.serial_number == "NEW"
    assert all_of_it.at_midnight.imported == Estimate.exactly(700_000)
    stored = json.loads(json.dumps(ledger.as_dict()))
    assert Ledger.from_dict(stored) == ledger


def test_what_is_too_old_collapses_into_the_credit() -> None:
    """What this bill and the last say does not change by that, and the ledger stops growing."""
    ledger = read(Ledger(), at("01-15"), 0, 0)
    kept = ledger
    for month in range(1, 31):
        when = at("01-15") + month * 30 * 86400.0
        for moment in (when - 5, when):
            ledger = read(ledger, moment, month * 90.0, month * 100.0)
            kept = read(kept, moment, month * 90.0, month * 100.0).collapsed(NEW_YORK, 1)
        assert billing(kept, NEW_YORK, 1) == billing(ledger, NEW_YORK, 1)
    assert len(list(ledger.periods(NEW_YORK, 1))) == 31
    periods = list(kept.periods(NEW_YORK, 1))
    assert len(periods) == 16
    assert value(periods[0].brought) > 100
    assert kept.entries < ledger.entries
    # What came before the border is gone, so another billing day begins its first period there.
    moved = next(kept.periods(NEW_YORK, 10))
    assert moved.since == periods[0].start
    assert moved.start < moved.since
    assert value(moved.brought) == value(periods[0].brought)
    assert Ledger.from_dict(json.loads(json.dumps(kept.as_dict()))) == kept


def test_what_is_too_old_of_a_meter_that_exports_nothing() -> None:
    ledger = read(Ledger(), at("01-15"), 0)
    for month in range(1, 31):
        ledger = read(ledger, at("01-15") + month * 30 * 86400.0, month * 90.0)
        ledger = ledger.collapsed(NEW_YORK, 1)
    assert len(list(ledger.periods(NEW_YORK, 1))) == 16
    assert value(ledger.credit) == 0


def test_the_clock_is_set_back_a_little() -> None:
    """Time stands still until it has caught up; the counters do not."""
    ledger = read(Ledger(), at("06-30", "22:00:00"), 0)
    ledger = read(ledger, at("07-01", "00:00:05"), 100)
    border = ledger.entries
    for seconds in range(0, 600, 5):
        ledger = read(ledger, at("06-30", "23:55:00") + seconds, 100 + seconds)
    assert ledger.entries == border
    assert value(bill(ledger)[0].imported) == pytest.approx(595 + 100 * 5 / 7205)


def test_the_clock_was_wrong_for_years() -> None:
    """It is believed again when it has been right for a day; until then, time stands still."""
    begin = at("06-01", "12:00:00")
    ahead = begin + 4 * 365 * 86400
    ledger = read(Ledger(), begin, 0)
    ledger = read(ledger, ahead, 10).collapsed(NEW_YORK, 1)
    for hour in range(1, 48):
        ledger = read(ledger, begin + hour * 3600, 10 + hour)
        period = bill(ledger)[0]
        assert (period.start.year == 2030) is (hour < 25)
    assert period.start.timestamp() == at("06-01")
    assert value(period.imported) == 57


def test_a_clock_that_began_before_everything() -> None:
    """A computer without a battery begins in the past; if it stays there, the ledger moves too."""
    ledger = read(Ledger(), at("06-01"), 500)
    for hour in range(26):
        ledger = read(ledger, at("01-01") + hour * 3600, 500 + hour)
    assert bill(ledger)[0].start.timestamp() == at("01-01")
    assert ledger.now == at("01-02", "01:00:00")
