"""Times without readings are found, with what flowed meanwhile, whatever the clocks do."""

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.reading_gaps import GapFinder, ReadingGap, StoredTotals, Totals

NOON = 1_780_315_200.0
"""s; 1 June 2026, 12:00 UTC"""
START = RunClock.starting(NOON, 1000.0)
STORED = StoredTotals(totals=Totals(imported=100.0, exported=7.0), at=NOON - 7200)
TOTALS = Totals(imported=5100.0, exported=7.0)
UNKNOWN = Totals()


def later(clock: RunClock, seconds: float, step: float = 0.0) -> RunClock:
    """Return the clocks some time later, with a step of wall time in between."""
    return clock.after(clock.wall + seconds + step, clock.elapsed + seconds)


@given(st.lists(st.tuples(st.floats(1, 400), st.integers(0, 5000))), st.floats(1, 60))
def test_every_gap_is_found_once(polls: list[tuple[float, int]], interval: float) -> None:
    finder, found = GapFinder.starting(interval, None).after(Totals(imported=0.0), START)
    assert found is None
    clock, imported = START, 0.0
    expected: list[float] = []
    gaps: list[float] = []
    for seconds, energy in polls:
        begin, clock, imported = clock, later(clock, seconds), imported + energy
        finder, found = finder.after(Totals(imported=imported), clock)
        if clock.elapsed - begin.elapsed > max(90.0, 2.5 * interval):
            expected += [begin.wall, clock.wall, energy]
        if found is not None:
            assert found.energy.exported is None
            assert not found.with_start
            gaps += [found.begin, found.end, found.energy.imported or 0.0]
    assert gaps == pytest.approx(expected)


@pytest.mark.parametrize("interval", [5, 30, 60])
def test_a_poll_that_fails_is_no_gap(interval: float) -> None:
    finder, _ = GapFinder.starting(interval, None).after(TOTALS, START)
    _, found = finder.after(TOTALS, later(START, 2 * interval + 5))
    assert found is None


def test_a_start() -> None:
    _, found = GapFinder.starting(5, STORED).after(TOTALS, START)
    assert found == ReadingGap(
        begin=NOON - 7200,
        end=NOON,
        energy=Totals(imported=5000.0, exported=0.0),
        with_start=True,
    )
    assert found.seconds == 7200


@pytest.mark.parametrize(("seconds", "is_gap"), [(385, False), (395, True)])
def test_a_kill_costs_what_was_not_stored(seconds: float, *, is_gap: bool) -> None:
    stored = replace(STORED, at=NOON - seconds, late=300.0)
    _, found = GapFinder.starting(5, stored).after(TOTALS, START)
    assert (found is not None) is is_gap


def test_the_energy_is_waited_for() -> None:
    """The gap ends with the reading in which it is known."""
    finder, _ = GapFinder.starting(5, None).after(TOTALS, START)
    clock = later(START, 3600)
    finder, found = finder.after(UNKNOWN, clock)
    assert found is None
    finder, found = finder.after(Totals(imported=5200.0), later(clock, 5))
    assert found is None
    finder, found = finder.after(Totals(imported=5203.0, exported=8.0), later(clock, 10))
    assert found is not None
    assert found.energy == Totals(imported=103.0, exported=1.0)
    assert (found.begin, found.end) == (NOON, NOON + 3610)
    _, found = finder.after(Totals(imported=5204.0, exported=9.0), later(clock, 15))
    assert found is None


def test_the_energy_is_not_waited_for_in_vain() -> None:
    finder, _ = GapFinder.starting(5, None).after(TOTALS, START)
    clock, found = later(START, 3600), None
    for _ in range(20):
        assert found is None
        finder, found = finder.after(Totals(imported=5200.0), clock)
        clock = later(clock, 5)
    assert found is not None
    assert found.energy == Totals(imported=100.0, exported=None)
    assert found.seconds == pytest.approx(3690)


def test_a_gap_while_the_energy_of_another_is_not_known() -> None:
    finder, _ = GapFinder.starting(5, None).after(TOTALS, START)
    finder, _ = finder.after(UNKNOWN, later(START, 3600))
    _, found = finder.after(TOTALS, later(START, 7200))
    assert found is not None
    assert (found.begin, found.end) == (NOON + 3600, NOON + 7200)
    assert found.energy == UNKNOWN


@pytest.mark.parametrize("step", [7200.0, -7200.0])
def test_a_clock_that_is_set_is_no_gap(step: float) -> None:
    finder, _ = GapFinder.starting(5, None).after(TOTALS, START)
    clock = later(START, 5, step)
    finder, found = finder.after(TOTALS, clock)
    assert found is None
    _, found = finder.after(TOTALS, later(clock, 5))
    assert found is None


def test_a_clock_that_is_set_after_the_start() -> None:
    """The machine began with the time of its shutdown, so that the gap shows later."""
    finder, found = GapFinder.starting(5, replace(STORED, at=NOON - 20)).after(TOTALS, START)
    assert found is None
    clock = later(START, 60)
    finder, found = finder.after(replace(TOTALS, imported=6000.0), clock)
    assert found is None
    finder, found = finder.after(replace(TOTALS, imported=6001.0), later(clock, 5, 7200.0))
    assert found is not None
    assert (found.begin, found.end) == pytest.approx((NOON - 20, NOON + 7200))
    assert found.energy.imported == 5000.0
    assert finder.gap is None


def test_a_clock_that_has_settled_is_right() -> None:
    finder, _ = GapFinder.starting(5, replace(STORED, at=NOON - 20)).after(TOTALS, START)
    clock = START
    while finder.gap is not None:
        clock = later(clock, 60)
        finder, found = finder.after(TOTALS, clock)
        assert found is None
    assert clock.is_settled
    _, found = finder.after(TOTALS, later(clock, 5, 7200.0))
    assert found is None
