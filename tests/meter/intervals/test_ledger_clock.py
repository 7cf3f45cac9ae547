"""The ledger while its clock is wrong for a time."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    DemandRecord,
    Estimate,
    Ledger,
    billing,
    demand,
    registers_at,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.ledgers import (
    NEW_YORK,
    at,
    at_midnight,
    bill,
    energy,
    entries,
    read,
    stored,
    value,
)

ROUNDING = 1e-3


def consumed(when: float) -> float:
    """Return the Wh that a meter has counted at 2 kW since noon on 30 June."""
    return (when - at("06-30", "12:00:00")) / 3600 * 2000


def polled(ledger: Ledger, begin: float, end: float) -> Ledger:
    """Return the ledger after polls each minute by a correct clock, and a restart."""
    when = begin
    while when <= end:
        ledger = read(ledger, when, consumed(when), 0)
        when += 60
    return stored(ledger)


def test_the_clock_is_set_back_a_little() -> None:
    """The ledger's time stops until the clock has caught up; the counters go on."""
    ledger = read(Ledger(), at("06-30", "22:00:00"), 0)
    ledger = read(ledger, at("07-01", "00:00:05"), 100)
    for seconds in range(0, 300, 5):
        ledger = read(ledger, at("06-30", "23:55:00") + seconds, 100 + seconds)
    july = energy(bill(ledger)[0].imported)
    assert july.value == pytest.approx(295 + 100 * 5 / 7205)
    assert july == Estimate(value=july.value, lowest=0, highest=395, estimated=True)
    for seconds in range(300, 600, 5):
        ledger = read(ledger, at("06-30", "23:55:00") + seconds, 100 + seconds)
    assert energy(bill(ledger)[0].imported) == Estimate(value=295, lowest=295, highest=295)


@pytest.mark.parametrize("restarted", [False, True])
def test_the_clock_was_wrong_for_years(*, restarted: bool) -> None:
    """A clock that stays behind for a day is believed. Until then, the ledger's time stops."""
    begin = at("06-01", "12:00:00")
    ahead = begin + 4 * 365 * 86400
    ledger = read(Ledger(), begin, 0)
    ledger = read(ledger, ahead, 10).compacted(NEW_YORK, 1)
    for hour in range(1, 48):
        ledger = read(ledger, begin + hour * 3600, 10 + hour)
        ledger = stored(ledger) if restarted else ledger
        period = bill(ledger)[0]
        assert (period.start.year == 2030) is (hour < 25)
        assert value(period.imported) <= 10 + hour
    assert period.start.timestamp() == at("06-01")
    assert value(period.imported) == 57
    assert value(at_midnight(bill(ledger)[1])) == 46


def test_the_read_that_came_last_counts_while_the_clock_is_behind() -> None:
    """Though another read has a later time."""
    ledger = read(read(Ledger(), at("06-30"), 100), at("07-05"), 110)
    ledger = read(ledger, at("07-01"), 120)
    later = read(ledger, at("07-01", "01:00:00"), 130)
    assert stored(ledger).with_newer(later.newest, "S307", NEW_YORK).newest == later.newest
    assert later.with_newer(ledger.newest, "S307", NEW_YORK) == later


def test_a_clock_that_began_before_everything() -> None:
    """A computer without a clock chip starts in the past. If it stays there, so does the ledger."""
    ledger = read(Ledger(), at("06-01"), 500)
    for hour in range(26):
        ledger = read(ledger, at("01-01") + hour * 3600, 500 + hour)
    assert bill(ledger)[0].start.timestamp() == at("01-01")
    assert ledger.now == at("01-02", "01:00:00")


def test_one_reading_by_a_clock_that_is_ahead_over_midnight() -> None:
    """Once the clock goes back, the midnight that seemed to have passed is an estimate."""
    evening = at("06-30", "22:00:00")
    ledger = polled(Ledger(), at("06-30", "12:00:00"), evening - 60)
    ledger = read(ledger, at("07-01", "01:00:00"), consumed(evening), 0)
    ledger = read(ledger, evening + 5, consumed(evening + 5), 0)
    waiting = at_midnight(bill(ledger)[1])
    assert waiting is not None
    assert waiting.estimated
    assert waiting.lowest == pytest.approx(consumed(evening - 60))
    assert waiting.highest > consumed(at("07-01"))
    ledger = polled(ledger, evening + 60, at("07-01", "00:59:00"))
    ledger = polled(ledger, at("07-01", "01:00:00"), at("07-01", "03:00:00"))
    july, all_of_it = bill(ledger)
    assert at_midnight(all_of_it) == Estimate.exactly(24_000)
    assert value(july.imported) == pytest.approx(6000)
    assert all_of_it.last_period is not None
    assert energy(all_of_it.last_period.imported) == Estimate.exactly(24_000)


def test_a_clock_that_starts_in_the_past_and_is_corrected() -> None:
    """As on a computer without a clock chip after each power failure."""
    off, on = at("06-30", "23:59:00"), at("07-01", "00:10:00")
    ledger = polled(Ledger(), at("06-30", "12:00:00"), off)
    for seconds in range(0, 60, 5):
        ledger = read(ledger, at("06-30", "23:17:00") + seconds, consumed(on + seconds), 0)
    ledger = polled(ledger, on + 60, on + 600)
    midnight = at_midnight(bill(ledger)[1])
    assert midnight is not None
    assert midnight.estimated
    assert midnight.lowest == pytest.approx(consumed(off))
    assert midnight.highest == pytest.approx(consumed(on + 60))


def test_a_clock_that_is_put_right_by_as_much_as_it_went_back() -> None:
    """It was wrong in between, and right before."""
    ledger = read(read(Ledger(), at("06-30", "12:00:00"), 0), at("06-30", "23:00:00"), 110)
    ledger = read(ledger, at("07-01", "01:00:00"), 130)
    ledger = read(ledger, at("06-30", "23:30:00"), 130)
    ledger = read(ledger, at("06-30", "23:45:00"), 145)
    ledger = read(ledger, at("07-01", "01:15:00"), 145)
    midnight = at_midnight(bill(ledger)[1])
    assert midnight == Estimate(value=120, lowest=110, highest=130, estimated=True)


def test_the_clock_goes_back_twice() -> None:
    """The day until it is believed starts with the first time."""
    begin = at("06-10", "12:00:00")
    ledger = read(read(Ledger(), begin, 0), at("08-01"), 10)
    for minutes in (60, 600, 590, 1000, 1500):
        assert bill(ledger)[0].start.timestamp() == at("08-01")
        ledger = read(ledger, begin + minutes * 60, minutes)
    period = bill(ledger)[0]
    assert period.start.timestamp() == at("06-01")
    assert value(period.imported) == 1500


def test_a_clock_that_is_far_ahead_makes_nothing_old() -> None:
    """Neither the reads of a year nor the peaks of demand, though it is polled for an hour."""
    ledger, peaks = Ledger(), DemandRecord(window=3600.0)
    for day in range(400):
        begin = at("01-01") + day * 86400
        for seconds in (-5, 0, 3600):
            counted = day * 10_000.0 + max(0, seconds)
            ledger = read(ledger, begin + seconds, counted, 2 * counted)
            point = Sample(value=counted, at=begin + seconds)
            peaks = peaks.after(point, 1.0, NEW_YORK)
    before = billing(ledger, NEW_YORK, 1)
    noon = begin + 43_200
    for wrong in (*range(0, 4000, 30), 90_000):
        ahead = noon + 3 * 365 * 86400 + wrong
        ledger = read(ledger, ahead, counted, 2 * counted).compacted(NEW_YORK, 1)
        peaks = peaks.after(Sample(value=counted, at=ahead), 1.0, NEW_YORK)
    for right in range(0, 90_000, 600):
        ledger = read(ledger, noon + 4000 + right, counted, 2 * counted).compacted(NEW_YORK, 1)
        peaks = peaks.after(Sample(value=counted, at=noon + 4000 + right), 1.0, NEW_YORK)
    after = billing(ledger, NEW_YORK, 1)
    assert (after.this_period, after.last_period) == (before.this_period, before.last_period)
    assert after.at_billing_day == before.at_billing_day
    assert len(list(ledger.periods(NEW_YORK, 1))) == 15
    shown = demand(peaks, after)
    assert shown.peak is not None
    assert shown.last_peak is not None
    assert shown.peak.power == shown.last_peak.power == 3600
    assert len(peaks.peaks) == 100


@settings(max_examples=100, deadline=None)
@given(
    begin=st.integers(0, 86_399),
    wrong_polls=st.integers(1, 20),
    # Less than a day, and more than those polls take.
    offset=st.integers(1300, 70_000) | st.integers(-70_000, -1300),
    watts=st.floats(0, 20_000),
    restart=st.integers(0, 2000),
)
def test_a_wrong_clock_makes_no_claim_wrong(
    begin: int, wrong_polls: int, offset: int, watts: float, restart: int
) -> None:
    """Wherever midnight is: once the clock is right again, the truth is within the bounds."""
    ledger, first, wrong_from = Ledger(), at("06-10") + begin, 300
    for poll in range(2000):
        when = first + poll * 60
        wrong = wrong_from <= poll < wrong_from + wrong_polls
        ledger = read(ledger, when + offset if wrong else when, (when - first) * watts / 3600)
        if poll == restart:
            ledger = stored(ledger)
    assert ledger.now == when
    assert entries(ledger) < 2 * 10
    for midnight in (at("06-11"), at("06-12")):
        if midnight < when:
            known = registers_at(ledger, midnight, when, NEW_YORK).imported
            assert known is not None
            truth = (midnight - first) * watts / 3600
            assert known.lowest - ROUNDING <= truth <= known.highest + ROUNDING
            unclear = abs(midnight - first - wrong_from * 60) < abs(offset) + 3600
            assert unclear or known.highest - known.lowest <= watts / 60 + ROUNDING
