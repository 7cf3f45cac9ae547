"""A meter whose power has no sign is recognised, and its counters provide the sign."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
import json

from hypothesis import given
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import (
    PowerSign,
    PowerSignState,
    observe,
    with_import_positive,
)

from .test_power_sign import (
    EMPTY,
    SPAN_SECONDS,
    UNDECIDED,
    VOTES_FOR_A_VERDICT,
    Poll,
    Register,
    Timed,
    after,
    either_sign,
    houses,
    reading,
    registers,
    signs,
    steady,
    unhurried,
    watched,
)

HOUR = 3600
DAY = [*steady(-2500, 6 * HOUR, 60), *steady(400, 18 * HOUR, 60)]
"""Sun for six hours, and the load of the house without."""


def unsigned(polls: Sequence[Poll], sign: int = 1, register: Register | None = None) -> list[Timed]:
    """Return the readings of a meter whose power never changes its sign."""
    timed = watched(polls, 1, register)
    return [
        (now, replace(one, power=PerPhase(total=sign * abs(one.power.total or 0))))
        for now, one in timed
    ]


@pytest.mark.parametrize("count", [1.0, 10.0, 1000.0])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_verdict_stays_unsigned(sign: int, count: float) -> None:
    """It comes once both directions have voted enough. From then on the shown power is right.

    When the power changes its direction, the sign is late until the other counter moves.
    """
    polls = DAY * 3
    state, late, verdicts = UNDECIDED, 0.0, []
    for poll, (now, one) in zip(polls, unsigned(polls, sign, Register(count=count)), strict=True):
        state = observe(state, one, now)
        verdicts.append(state.verdict)
        if state.verdict is PowerSign.UNSIGNED:
            power = with_import_positive(one, state.verdict, state.last_counted).power.total
            late = 0.0 if power == poll.watts else late + abs(poll.watts) * poll.seconds / HOUR
            # One count, and what flows until the next poll.
            assert late <= count + 2500 * 60 / HOUR
    decided = verdicts.index(PowerSign.UNSIGNED)
    assert decided < len(polls) / 2
    assert set(verdicts[decided:]) == {PowerSign.UNSIGNED}


@unhurried
@given(polls=houses, sign=either_sign, register=registers)
def test_a_power_with_a_sign_is_never_taken_for_one_without(
    polls: list[Poll], sign: int, register: Register
) -> None:
    states = accumulate(
        watched(polls, sign, register),
        lambda state, at: observe(state, at[1], at[0]),
        initial=UNDECIDED,
    )
    assert PowerSign.UNSIGNED not in {state.verdict for state in states}


@signs
def test_a_sign_that_appears_later_is_believed(sign: int, verdict: PowerSign) -> None:
    """As after a change of the meter's firmware; the sign may mean either direction then."""
    before = after(unsigned(DAY))
    assert before.verdict is PowerSign.UNSIGNED
    signed = after(watched(DAY, sign), before)
    assert signed.verdict is verdict
    assert signed.last_counted == {}


def test_a_sign_that_appears_later_is_unknown_until_a_verdict() -> None:
    before = replace(after(unsigned(DAY)), lead=0, span=None)
    doubted = after(watched(steady(-1000, 2 * SPAN_SECONDS)), before)
    assert (doubted.verdict, doubted.lead) == (PowerSign.UNKNOWN, 1)


@pytest.mark.parametrize("first", [1000, -1000])
def test_unsigned_takes_three_votes_for_each_direction(first: float) -> None:
    """Fewer do not change the first verdict."""
    state, seen = UNDECIDED, []
    for now, one in unsigned([*steady(first, HOUR), *steady(-first, HOUR)]):
        state = observe(state, one, now)
        seen.append((state.verdict, min(state.import_votes, state.export_votes)))
        # From the verdict on the direction is known.
        assert bool(state.last_counted) is (state.verdict is PowerSign.UNSIGNED)
    verdict = PowerSign.IMPORT_POSITIVE if first > 0 else PowerSign.EXPORT_POSITIVE
    unknown = (PowerSign.UNKNOWN, 0)
    unsigned_state = (PowerSign.UNSIGNED, VOTES_FOR_A_VERDICT)
    steps = [(verdict, votes) for votes in range(VOTES_FOR_A_VERDICT)]
    assert list(dict.fromkeys(seen)) == [unknown, *steps, unsigned_state]


def test_a_restart_forgets_nothing_of_an_unsigned_power() -> None:
    state = after(unsigned(DAY))
    assert state.last_counted == {"total": 1}
    restored = PowerSignState.from_dict(json.loads(json.dumps(state.as_dict())))
    assert restored == replace(state, span=None)


def test_the_stored_format_stays() -> None:
    """So an update reads what an earlier version stored."""
    stored = {
        "direction": "unsigned",
        "suspect_phases": ["b"],
        "lead": -2,
        "opposition": {"b": 21_600.0},
        "power_sign": -1,
        "imports": 3,
        "exports": 2,
        "flowing": {"total": -1},
    }
    state = PowerSignState.from_dict(stored)
    assert state.as_dict() == stored
    assert (state.verdict, state.polarity) == (PowerSign.UNSIGNED, -1)
    assert (state.import_votes, state.export_votes) == (3, 2)
    assert (state.opposite_seconds, state.last_counted) == ({"b": 21_600.0}, {"total": -1})


def test_a_state_stored_by_an_older_version_is_understood() -> None:
    stored = after(watched(steady(1000, HOUR))).as_dict()
    known = {key: stored[key] for key in ("direction", "suspect_phases", "lead", "opposition")}
    assert PowerSignState.from_dict(known).verdict is PowerSign.IMPORT_POSITIVE


def whole() -> Reading:
    return replace(
        EMPTY,
        power=PerPhase(total=900.0, a=500.0, b=300.0, c=100.0),
        reactive_power=PerPhase(total=40.0),
        power_factor=PerPhase(total=0.9, a=0.8, b=0.7),
    )


def test_each_part_has_the_sign_of_its_own_counters() -> None:
    """Without counters the power of a part is unknown; a power factor goes with its power."""
    shown = with_import_positive(whole(), PowerSign.UNSIGNED, {"total": -1, "a": 1, "b": -1})
    assert shown.power == PerPhase(total=-900.0, a=500.0, b=-300.0)
    assert shown.power_factor == PerPhase(total=-0.9, a=0.8, b=-0.7)
    assert shown.reactive_power == whole().reactive_power


def test_before_any_counter_movement_the_power_is_unknown() -> None:
    shown = with_import_positive(whole(), PowerSign.UNSIGNED)
    assert shown.power == shown.power_factor == PerPhase()


def test_if_both_counters_move_the_larger_movement_decides() -> None:
    state = replace(after(unsigned(DAY)), span=None)
    one, other = reading(100, 1000, 500), reading(100, 1010, 530)
    assert after([(0, one), (60, other)], state).last_counted == {"total": -1}
    assert after([(0, one), (60, one)], state).last_counted == {"total": 1}
