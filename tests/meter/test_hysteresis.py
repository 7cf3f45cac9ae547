"""A state that is held turns when it should, and never flaps."""

from collections.abc import Sequence
from functools import reduce

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.hysteresis import (
    Debounced,
    Lasting,
    Threshold,
    debounced,
    seen_again,
)

unhurried = settings(deadline=None)

LIMIT = Threshold(above=100.0, back=80.0, hold=30.0)
MAX_GAP = 15.0
JITTER = 0.5

type Timed = tuple[float, float | None]


def after(
    values: Sequence[Timed], state: Debounced | None = None, limit: Threshold = LIMIT
) -> Debounced:
    """Return the state after values at their times."""
    return reduce(
        lambda state, at: debounced(state, at[1], limit, at[0], MAX_GAP),
        values,
        state or Debounced(),
    )


def steady(value: float | None, seconds: int, begin: float = 0, step: int = 5) -> list[Timed]:
    """Return the same value every few seconds, at the end of the time too."""
    return [(begin + s, value) for s in range(0, seconds + 1, step)]


ON = after(steady(101, 30))


def test_it_turns_on_after_its_time() -> None:
    assert not after(steady(101, 25)).on
    assert after(steady(101, 30)) == Debounced(on=True)


def test_it_turns_off_after_its_time() -> None:
    assert after(steady(80, 25, begin=100), ON).on
    assert after(steady(80, 30, begin=100), ON) == Debounced(on=False)


@pytest.mark.parametrize("value", [100, 90, 80.5])
def test_in_between_it_stays_as_it_is(value: float) -> None:
    assert after(steady(value, 600)) == Debounced(on=False)
    assert after(steady(value, 600, begin=100), ON) == Debounced(on=True)


def test_a_moment_on_the_other_side_begins_anew() -> None:
    values = [*steady(101, 25), (27, 100), *steady(101, 25, begin=30)]
    assert not after(values).on
    assert after([*values, (60, 101)]).on


def test_without_hold_it_turns_at_once() -> None:
    limit = Threshold(above=0, back=0)
    assert after([(0, 0.1)], limit=limit).on
    assert not after([(0, 0.1), (1, 0)], limit=limit).on


def test_polls_are_not_quite_regular() -> None:
    late_then_early = [(0.2, 101), (5.0, 101), (10.0, 101), (15, 101), (20, 101), (25, 101)]
    assert after([*late_then_early, (30.0, 101)]).on
    assert not after([*late_then_early, (29.6, 101)]).on


def test_an_outage_is_no_evidence() -> None:
    begun = steady(101, 20)
    assert after([*begun, (35, 101)]).on
    assert not after([*begun, (36, 101)]).on
    assert after([*begun, *steady(101, 30, begin=36)]).on
    assert not after([*begun, *steady(101, 29, begin=36, step=1)]).on


@pytest.mark.parametrize("state", [Debounced(), ON])
def test_an_outage_turns_nothing(state: Debounced) -> None:
    assert after([(330, 101)], state).on is state.on
    assert after([(330, 0)], state).on is state.on


def test_after_a_long_outage_the_first_value_tells() -> None:
    """Whether what was on still is; what was off has to last, as always."""
    assert after([(331, 81)], ON).on
    assert not after([(331, 80)], ON).on
    assert not after([(330, None), (331, 80)], ON).on
    assert not after([(1e6, 101)]).on


def test_what_is_on_without_a_value_is_forgotten_after_a_while() -> None:
    seen = after(steady(101, 60))
    assert not seen.is_forgotten(360)
    silent = after([(359, None)], seen)
    assert not silent.is_forgotten(360)
    assert silent.is_forgotten(361)


def test_a_value_that_is_not_known_turns_nothing() -> None:
    assert after(steady(None, 600)) == Debounced(on=False)
    assert after(steady(None, 600, begin=100), ON) == Debounced(on=True)
    assert not after([*steady(101, 20), (22, None), *steady(101, 25, begin=25)]).on


def test_a_clock_that_is_set_back() -> None:
    begun = steady(101, 25, begin=1000)
    assert after([*begun, *steady(101, 25, begin=500)]) == Debounced(
        turning=Lasting(thing=True, since=500, last=525)
    )
    assert after([*begun, *steady(101, 30, begin=500)]).on


times = st.lists(st.floats(-40, 40), min_size=1, max_size=60)
values = st.one_of(st.none(), st.sampled_from([0, 79, 80, 81, 99, 100, 101, 1000]))


@unhurried
@given(st.data(), times)
def test_it_turns_only_with_proof(data: st.DataObject, pauses: list[float]) -> None:
    """Whatever comes in whichever time: a turn has the values behind it that the limit asks for."""
    state, now = Debounced(), 0.0
    history: list[Timed] = []
    for pause in pauses:
        now += pause
        value = data.draw(values)
        history.append((now, value))
        before, state = state, debounced(state, value, LIMIT, now, MAX_GAP)
        if state.on is before.on:
            continue
        proof: list[float] = []
        for at, seen in reversed(history):
            proves = seen is not None and (seen > 100 if state.on else seen <= 80)
            if not proves or (proof and not 0 <= proof[-1] - at <= MAX_GAP):
                break
            proof.append(at)
        forgotten = before.on and before.is_forgotten(now)
        assert forgotten or now - proof[-1] >= LIMIT.hold - JITTER


@unhurried
@given(st.booleans(), times)
def test_it_turns_once_it_has_to(on: bool, pauses: list[float]) -> None:  # noqa: FBT001
    """Whatever came before: after a minute on one side it has turned."""
    state, now = Debounced(), 0.0
    for pause in pauses:
        now += pause
        state = debounced(state, 101 if pause > 0 else 0, LIMIT, now, MAX_GAP)
    assert after(steady(101 if on else 0, 60, begin=now), state) == Debounced(on)


def test_what_lasts_is_told_from_what_changes() -> None:
    first = seen_again(None, "x", 10.0, MAX_GAP)
    assert first == Lasting("x", 10.0, 10.0)
    again = seen_again(first, "x", 25.0, MAX_GAP)
    assert again.seconds == 15
    assert seen_again(again, "y", 26.0, MAX_GAP) == Lasting("y", 26.0, 26.0)
    assert seen_again(again, "x", 41.0, MAX_GAP) == Lasting("x", 41.0, 41.0)
    assert seen_again(again, "x", 24.0, MAX_GAP) == Lasting("x", 24.0, 24.0)
