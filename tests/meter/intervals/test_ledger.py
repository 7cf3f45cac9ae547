"""The ledger, case by case; test_ledger_model.py compares it with any true consumption."""

from dataclasses import replace
from datetime import timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from custom_components.dts307.meter.intervals import (
    Billing,
    Estimate,
    Ledger,
    Samples,
    billing,
)
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


def test_nothing_is_known_before_the_first_read() -> None:
    assert billing(Ledger(), NEW_YORK, 1) == Billing()
    assert list(Ledger().periods(NEW_YORK, 1)) == []
    assert Ledger().compacted(NEW_YORK, 1) == Ledger()


def test_the_first_period_says_from_when_on_it_counts() -> None:
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
    """Three of these five seconds, and so 6 of the 10 Wh, were before midnight."""
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
    """It covers several midnights, and ends on the third day of the month."""
    ledger = read(Ledger(), at("06-29", "00:00:00"), 0, 0)
    ledger = read(ledger, at("07-03", "00:00:00"), 4000, 0)
    period, all_of_it = bill(ledger)
    assert energy(period.imported) == Estimate(value=2000, lowest=0, highest=4000, estimated=True)
    assert all_of_it.last_period is not None
    assert energy(all_of_it.last_period.imported) == energy(period.imported)
    assert energy(period.exported) == Estimate.exactly(0), "a counter that did not move is known"
    assert value(at_midnight(all_of_it)) == 4000


def test_an_energy_within_an_outage_is_never_negative() -> None:
    """A whole period may lie within an outage."""
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
    assert not energy(march.imported).estimated, "there was a read at each midnight"


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


def test_another_billing_day_follows_from_the_same_ledger() -> None:
    """So does the first one again; nothing is lost."""
    ledger = days(60)
    first = bill(ledger, 1)
    assert value(first[0].imported) == pytest.approx(10_000 * (60 - 59), rel=0.01)
    fifteenth, all_of_it = bill(ledger, 15)
    assert fifteenth.start.timestamp() == at("02-15")
    assert value(fifteenth.imported) == pytest.approx(10_000 * 15, rel=0.001)
    assert all_of_it.last_period is not None
    assert value(all_of_it.last_period.imported) == pytest.approx(10_000 * 31, rel=0.001)
    assert bill(ledger, 1) == first


def test_another_time_zone_follows_from_the_same_ledger() -> None:
    """There were no reads at its midnights, so that they are estimates with bounds."""
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
    """Like a utility's bank of kWh, it pays for net energy of later periods."""
    periods = list(months((100, 400), (250, 50), (500, 100), (0, 7), (0, 0)).periods(NEW_YORK, 1))
    assert [value(period.net) for period in periods] == [-300, 200, 400, -7, 0, 0]
    assert [value(period.brought_forward) for period in periods] == [0, 300, 100, 0, 7, 7]
    assert [value(period.billed) for period in periods] == [0, 0, 300, 0, 0, 0]
    assert [value(period.carried_forward) for period in periods] == [300, 100, 0, 7, 7, 7]


def test_a_credit_that_cannot_exist_is_known_to_be_zero() -> None:
    """Wherever the value is within its bounds, it is negative."""
    some = Estimate(value=-10, lowest=-40, highest=-1, estimated=True)
    assert some.positive_part == Estimate.exactly(0)
    assert replace(some, highest=5).positive_part == Estimate(
        value=0, lowest=0, highest=5, estimated=True
    )


def test_without_an_export_counter_there_is_no_net() -> None:
    ledger = read(read(Ledger(), at("06-01"), 0), at("07-02"), 100)
    june, july = ledger.periods(NEW_YORK, 1)
    assert value(july.imported) == pytest.approx(100 / 31)
    for period in (june, july):
        nothing = (period.exported, period.net, period.brought_forward, period.billed)
        assert nothing == (None,) * 4


def test_a_repeated_read_of_a_counter_in_quarantine_is_none() -> None:
    """The counter filter repeats what it trusts, with the time of that read."""
    before, after = at("06-30", "12:00:00"), at("07-01", "12:00:00")
    ledger = read(Ledger(), before, 1000)
    assert read(ledger, before, 1000) == ledger
    assert bill(ledger)[0].start.timestamp() == at("06-01")
    ledger = read(ledger, after, 2000)
    july, all_of_it = bill(ledger)
    assert energy(july.imported) == Estimate(value=500, lowest=0, highest=1000, estimated=True)
    assert entries(ledger) == 2 * 2, "the counter's and the register's"
    assert all_of_it.last_period is not None
    assert value(all_of_it.last_period.imported) == 500


def test_one_counter_is_in_quarantine_for_days() -> None:
    """The other goes on. The first has a lower bound only."""
    ledger = read(Ledger(), at("06-01"), 0, 0)
    ledger = ledger.after({"imported": Sample(value=90, at=at("06-03"))}, SERIAL, NEW_YORK)
    period = bill(ledger)[0]
    assert energy(period.imported) == Estimate.exactly(90)
    assert energy(period.exported) == Estimate.at_least(0, 0)
    assert energy(period.net) == Estimate(value=90, lowest=-inf, highest=90, estimated=True)
    assert period.carried_forward == Estimate.at_least(0, 0)
    assert stored(ledger) == ledger


def test_reads_that_were_stored_apart_count_if_they_are_newer() -> None:
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
