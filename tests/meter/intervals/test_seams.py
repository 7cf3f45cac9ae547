"""Intervals in which the clock went back, because it was ahead."""

from bisect import bisect_right
from dataclasses import dataclass, replace
import math

from hypothesis import assume, given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    Interval,
    IntervalGrid,
    Ledger,
    Quality,
    energy_between,
    intervals,
    widened,
    with_tracks,
)
from tests.meter.ledgers import NEW_YORK, at, read, stored

BEGIN = at("06-10", "12:00:00")
POLL = 60.0
MOST_POWER = 8000.0


@dataclass
class House:
    """A house that imports what changes at random times, in W."""

    times: list[float]
    powers: list[float]

    def counted(self, when: float) -> float:
        """Return what the register shows at a true time, in Wh."""
        borders = [*self.times[: bisect_right(self.times, when)], when]
        spans = zip(borders, borders[1:], self.powers, strict=False)
        return math.fsum((end - start) * power / 3600 for start, end, power in spans)


def after_polls(
    ledger: Ledger, house: House, start: float, end: float, *, ahead: float = 0.0
) -> Ledger:
    """Return the ledger after polls between two true times, by a clock that is ahead by so much."""
    for number in range(int((end - start) // POLL)):
        when = start + number * POLL
        ledger = read(ledger, when + ahead, house.counted(when), 0)
    return ledger


def found(ledger: Ledger, start: float, end: float, seconds: float = 900.0) -> list[Interval]:
    """Return the intervals that a ledger and its recent reads know."""
    detailed = with_tracks(ledger, ledger.recent)
    return list(intervals(detailed, start, end, IntervalGrid(zone=NEW_YORK, seconds=seconds)))


def restarted(ledger: Ledger) -> Ledger:
    """Return the ledger after a restart; the reads around borders are in another file."""
    return replace(stored(ledger), recent=ledger.recent, interval=ledger.interval)


def test_hours_of_energy_meet_at_a_seam() -> None:
    """The clock was ahead by two hours for five; the excess is spread over two hours at least."""
    house = House([BEGIN], [1000.0])
    leap, back = BEGIN + 3600, BEGIN + 6 * 3600 + 420
    ledger = after_polls(Ledger(), house, BEGIN, leap)
    ledger = after_polls(ledger, house, leap, back, ahead=7200)
    ledger = after_polls(ledger, house, back, back + 4 * 3600)
    known = found(restarted(ledger), BEGIN, back + 3 * 3600)
    (seam,) = [each for each in known if each.start < back <= each.end]
    assert seam.quality is Quality.ESTIMATED
    total = math.fsum(each.imported.value for each in known if each.imported)
    last = known[-1].end
    assert total == pytest.approx(house.counted(last))
    assert max(each.imported.value for each in known if each.imported) <= 2.1 * 250
    for each in known:
        if each.start >= back - 7200:
            assert each.imported is not None
            truth = house.counted(each.end) - house.counted(each.start)
            assert each.imported.lowest - 1e-6 <= truth <= each.imported.highest + 1e-6


def test_reads_before_a_single_wrong_one_are_not_doubted() -> None:
    """No gap of a day precedes, so the clock leapt only just before it went back."""
    house = House([BEGIN], [1000.0])
    ledger = after_polls(Ledger(), house, BEGIN, BEGIN + 5 * 3600)
    wrong = BEGIN + 5 * 3600
    ledger = read(ledger, wrong + 86_000, house.counted(wrong), 0)
    ledger = after_polls(ledger, house, wrong + POLL, wrong + 25 * 3600)
    known = found(ledger, BEGIN, wrong + 3 * 3600)
    estimated = [each for each in known if each.quality is Quality.ESTIMATED]
    assert [each for each in estimated if each.end < wrong or each.start > wrong + 900] == []
    for each in known:
        assert each.imported is not None
        assert each.imported.value == pytest.approx(250)


def test_a_clock_that_went_back_wrongly_makes_no_seam() -> None:
    house = House([BEGIN], [1000.0])
    ledger = after_polls(Ledger(), house, BEGIN, BEGIN + 3600)
    ledger = after_polls(ledger, house, BEGIN + 3600, BEGIN + 5400, ahead=-1807)
    ledger = after_polls(ledger, house, BEGIN + 5400, BEGIN + 9000)
    known = found(ledger, BEGIN, BEGIN + 9000)
    flags = {each.quality for each in known if each.end < BEGIN + 3600}
    assert flags == {Quality.ACTUAL}


def test_nothing_was_counted_around_a_seam() -> None:
    """Then both bounds are the same."""
    house = House([BEGIN], [0.0])
    ledger = after_polls(Ledger(), house, BEGIN, BEGIN + 3600, ahead=7200)
    ledger = after_polls(ledger, house, BEGIN + 3600, BEGIN + 6 * 3600)
    known = found(ledger, BEGIN, BEGIN + 6 * 3600)
    assert {each.quality for each in known} == {Quality.ACTUAL}


def test_a_clock_that_goes_back_all_the_time_leaves_the_latest_seams() -> None:
    """Those of long ago matter to intervals of long ago only."""
    ledger = Ledger()
    for number in range(250):
        ledger = read(ledger, BEGIN + 120 * number + 200, number, 0)
        ledger = read(ledger, BEGIN + 120 * number, number, 0)
    back = [seam.at for seam in ledger.seams]
    assert back == [BEGIN + 120 * number for number in range(50, 250)]


def test_a_span_is_widened_by_the_seams_it_touches() -> None:
    house = House([BEGIN], [1000.0])
    leap, back = BEGIN + 3600, BEGIN + 6 * 3600 + 420
    ledger = after_polls(Ledger(), house, BEGIN, leap)
    ledger = after_polls(ledger, house, leap, back, ahead=7200)
    ledger = after_polls(ledger, house, back, back + 4 * 3600)
    (seam,) = {seam.at: seam for seam in ledger.seams}.values()
    assert back - seam.since == pytest.approx(7200, abs=POLL)
    assert widened(ledger.seams, back - 600, back - 300) == (seam.since, back)
    assert widened(ledger.seams, back - 9000, back - 600) == (back - 9000, back)
    assert widened(ledger.seams, back + 1, back + 300) == (back + 1, back + 300)


HOUSES = st.lists(
    st.tuples(st.floats(600, 20_000), st.sampled_from([0.0, 300.0, MOST_POWER])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(
    steps=HOUSES,
    first=st.sampled_from([0.0, 600.0, 4000.0, 20_000.0]),
    leap_outage=st.sampled_from([0.0, 0.0, 900.0, 9000.0]),
    wrong=st.integers(2, 500),
    wrong_outage=st.sampled_from([0.0, 0.0, 700.0, 9000.0]),
    back_outage=st.sampled_from([0.0, 0.0, 700.0, 9000.0]),
    ahead=st.integers(70, 30_000) | st.sampled_from([3600, 7200, 80_000]),
    minutes=st.sampled_from([5, 15, 60]),
    asked=st.sampled_from([300.0, 900.0, 3600.0]),
    is_restarted=st.booleans(),
)
def test_an_interval_with_a_seam_is_never_actual_and_wrong(  # noqa: PLR0913, PLR0917 - so much may differ
    steps: list[tuple[float, float]],
    first: float,
    leap_outage: float,
    wrong: int,
    wrong_outage: float,
    back_outage: float,
    ahead: int,
    minutes: int,
    asked: float,
    is_restarted: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    """However far and however long the clock was ahead, and whatever outages there were."""
    times = [BEGIN]
    for length, _ in steps[:-1]:
        times.append(times[-1] + length)
    house = House(times, [power for _, power in steps])
    leap = BEGIN + first + leap_outage
    pause = leap + wrong * POLL / 2
    last = pause + wrong_outage + wrong * POLL / 2
    back = last + back_outage
    # A shorter step back looks like a poll that was left out.
    assume(ahead - back_outage > 2 * POLL + 1)
    ledger = after_polls(Ledger(interval=60.0 * minutes), house, BEGIN, BEGIN + first)
    ledger = after_polls(ledger, house, leap, pause, ahead=ahead)
    ledger = after_polls(ledger, house, pause + wrong_outage, last, ahead=ahead)
    if is_restarted:
        ledger = restarted(ledger)
    end = back + max(86_400 + 600, ahead + 600)
    ledger = after_polls(ledger, house, back, end)
    if is_restarted:
        ledger = restarted(ledger)
    slack = MOST_POWER * (POLL + 1) / 3600
    known = found(ledger, BEGIN, end, asked)
    for each in known:
        if not each.start < back <= each.end:
            continue
        assert each.imported is not None
        truth = house.counted(each.end) - house.counted(max(BEGIN, each.start))
        assert each.imported.lowest - slack <= truth <= each.imported.highest + slack
        if each.quality is Quality.ACTUAL:
            assert abs(each.imported.value - truth) <= slack
    if known:
        energy = energy_between(
            with_tracks(ledger, ledger.recent),
            known[0].start,
            known[-1].end,
            IntervalGrid(zone=NEW_YORK, seconds=900.0),
        )
        assert energy is not None
        assert energy.imported is not None
        total = math.fsum(each.imported.value for each in known if each.imported)
        assert total == pytest.approx(energy.imported.value, abs=1e-6)
