"""The sign of import: what a verdict needs, and what must not change it."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate
import json

from hypothesis import assume, given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import (
    PowerSign,
    PowerSignState,
    observe,
    with_import_positive,
)
from custom_components.dts307.meter.sunspec.models import FAST_BLOCKS, SLOW_BLOCKS
from custom_components.dts307.meter.sunspec.reading import reading_from_points

POINTS = [
    point
    for block in FAST_BLOCKS + SLOW_BLOCKS
    for quantity in block.quantities
    for point in quantity.points
]
EMPTY = reading_from_points(dict.fromkeys(POINTS), None, 3)

IMPORT, EXPORT, UNKNOWN = (
    PowerSign.IMPORT_POSITIVE,
    PowerSign.EXPORT_POSITIVE,
    PowerSign.UNKNOWN,
)
VOTES_FOR_A_VERDICT = 3
LARGEST_LEAD = 30
SPAN_SECONDS = 120
LONGEST_GAP = 150

unhurried = settings(deadline=None)

signs = pytest.mark.parametrize(("sign", "verdict"), [(1, IMPORT), (-1, EXPORT)])

type Timed = tuple[float, Reading]


def reading(
    watts: float | None, imported: float | None = None, exported: float | None = None
) -> Reading:
    """Return a reading of totals only."""
    return replace(
        EMPTY,
        power=PerPhase(total=watts),
        energy_imported=PerPhase(total=imported),
        energy_exported=PerPhase(total=exported),
    )


def after(readings: Iterable[Timed], state: PowerSignState | None = None) -> PowerSignState:
    """Return the state after these readings."""
    return reduce(lambda state, at: observe(state, at[1], at[0]), readings, state or UNDECIDED)


UNDECIDED = PowerSignState()


@dataclass(frozen=True)
class Poll:
    """What flows from one poll to the next: W, import positive, and s."""

    watts: float
    seconds: float


@dataclass(frozen=True)
class Register:
    """How a meter shows what it counts: in counts of some Wh, and some s late."""

    count: float = 1.0
    delay: float = 0.0
    start: float = 0.0

    def shown(self, times: Sequence[float], energy: Sequence[float], now: float) -> float:
        """Return a counter, given the true energy in Wh at the times of the polls."""
        seen = max(0.0, now - self.delay)
        after = bisect_right(times, seen)
        then, counted = times[after - 1], energy[after - 1]
        if after < len(times):
            counted += (energy[after] - counted) * (seen - then) / (times[after] - then)
        return (self.start + counted) // self.count * self.count


def watched(polls: Sequence[Poll], sign: int = 1, register: Register | None = None) -> list[Timed]:
    """Return the readings of a meter that gives import this sign, 1 or -1."""
    register = register or Register()
    times = list(accumulate((poll.seconds for poll in polls[:-1]), initial=0.0))
    energies = [
        list(
            accumulate((max(0.0, way * p.watts) * p.seconds / 3600 for p in polls[:-1]), initial=0)
        )
        for way in (1, -1)
    ]
    return [
        (now, reading(sign * poll.watts, *(register.shown(times, wh, now) for wh in energies)))
        for now, poll in zip(times, polls, strict=True)
    ]


def steady(watts: float, seconds: float, every: float = 10) -> list[Poll]:
    """Return polls during which nothing changes; the last one ends the time."""
    return [Poll(watts, every)] * (int(seconds / every) + 1)


def opening(watts: float = 1000) -> list[Poll]:
    """Return the shortest time after which a span has been opened."""
    return steady(watts, SPAN_SECONDS)


houses = st.lists(
    st.builds(
        lambda watts, seconds, polls: [Poll(watts, seconds)] * polls,
        st.floats(-30_000, 30_000),
        st.sampled_from([1, 7, 10, 60, 149, 200]),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=6,
).map(lambda parts: [poll for part in parts for poll in part])

registers = st.builds(
    Register,
    count=st.sampled_from([0.001, 1, 10, 1000]),
    delay=st.sampled_from([0, 5, 60, SPAN_SECONDS]),
    start=st.floats(0, 1e6),
)
either_sign = st.sampled_from([1, -1])
anything = st.none() | st.floats(-1e9, 1e9)


@unhurried
@given(polls=houses, register=registers, sign=either_sign)
def test_whatever_the_house_does_the_verdict_is_never_wrong(
    polls: list[Poll], register: Register, sign: int
) -> None:
    state = after(watched(polls, sign, register))
    assert state.verdict is not (EXPORT if sign == 1 else IMPORT)
    assert state.lead * sign >= 0


@unhurried
@given(
    polls=houses,
    register=registers,
    sign=either_sign,
    wrong=st.builds(reading, anything, anything, anything),
    data=st.data(),
)
def test_no_single_reading_brings_a_wrong_verdict(
    polls: list[Poll], register: Register, sign: int, wrong: Reading, data: st.DataObject
) -> None:
    timed = watched(polls, sign, register)
    place = data.draw(st.integers(0, len(timed) - 1))
    timed[place] = (timed[place][0], wrong)
    assert after(timed).verdict is not (EXPORT if sign == 1 else IMPORT)


@unhurried
@given(
    watts=st.floats(200, 20_000) | st.floats(-20_000, -200),
    sign=either_sign,
    every=st.sampled_from([5, 10, 30, 60]),
    count=st.sampled_from([0.01, 1, 10, 100]),
)
def test_a_steady_power_brings_the_verdict_in_time(
    watts: float, sign: int, every: float, count: float
) -> None:
    """A span takes two minutes or 10 Wh, then the next count, then the next poll."""
    span = max(SPAN_SECONDS, 10 / abs(watts) * 3600) + count / abs(watts) * 3600 + every
    duration = (1 + VOTES_FOR_A_VERDICT) * span
    net = [watts * every * poll / 3600 for poll in range(int(duration / every) + 1)]
    timed = [
        (every * poll, reading(sign * watts, *(max(0.0, x) // count * count for x in (wh, -wh))))
        for poll, wh in enumerate(net)
    ]
    assert after(timed).verdict is (IMPORT if sign == 1 else EXPORT)


@unhurried
@given(polls=houses, register=registers)
def test_both_signs_are_treated_alike(polls: list[Poll], register: Register) -> None:
    assert after(watched(polls, 1, register)).lead == -after(watched(polls, -1, register)).lead


@unhurried
@given(polls=houses, sign=either_sign, data=st.data())
def test_a_restart_forgets_no_vote(polls: list[Poll], sign: int, data: st.DataObject) -> None:
    timed = watched(polls, sign)
    place = data.draw(st.integers(0, len(timed)))
    state = after(timed[:place])
    restored = PowerSignState.from_dict(json.loads(json.dumps(state.as_dict())))
    assert restored == replace(state, span=None)


def test_nothing_is_known_before_anything_is_read() -> None:
    assert UNDECIDED.verdict is UNKNOWN
    assert UNDECIDED.suspect_phases == frozenset()


@signs
@pytest.mark.parametrize("flow", [1000, -1000])
def test_the_verdict_comes_with_the_third_vote(sign: int, verdict: PowerSign, flow: float) -> None:
    enough = (1 + VOTES_FOR_A_VERDICT) * SPAN_SECONDS
    timed = watched(steady(flow, enough), sign)
    assert after(timed[:-1]).verdict is UNKNOWN
    assert after(timed).verdict is verdict


@signs
def test_the_verdict_follows_a_meter_that_is_reconfigured(sign: int, verdict: PowerSign) -> None:
    before = watched(steady(1000, 2 * LARGEST_LEAD * SPAN_SECONDS, 60), -sign)
    state = after(before)
    assert abs(state.lead) == LARGEST_LEAD
    votes = LARGEST_LEAD + VOTES_FOR_A_VERDICT
    reconfigured = watched(steady(1000, (1 + votes) * SPAN_SECONDS, 60), sign)
    assert after(reconfigured[:-1], state).verdict is not verdict
    assert after(reconfigured, state).verdict is verdict


def test_a_verdict_changes_after_as_many_votes_as_brought_it_and_three() -> None:
    duration = (1 + VOTES_FOR_A_VERDICT) * SPAN_SECONDS
    state = after(watched(steady(1000, duration)))
    doubted = after(watched(steady(1000, duration), -1), state)
    assert (doubted.verdict, doubted.lead) == (IMPORT, 0)
    opposite = after(watched(steady(1000, duration), -1), doubted)
    assert (opposite.verdict, opposite.lead) == (EXPORT, -VOTES_FOR_A_VERDICT)


def test_counts_of_a_kilowatt_hour_bring_a_verdict() -> None:
    timed = watched(steady(-800, 6 * 3600, 60), -1, Register(count=1000, start=700))
    assert after(timed).verdict is EXPORT


def test_a_meter_that_lacks_the_other_counter_has_a_verdict() -> None:
    timed = [
        (now, replace(one, energy_exported=PerPhase())) for now, one in watched(steady(500, 1800))
    ]
    assert after(timed).verdict is IMPORT


def test_no_counters_no_verdict() -> None:
    assert after((60.0 * n, reading(1000)) for n in range(500)).lead == 0


def runs(pause: float, watts_between: float | None = 1000) -> Iterator[Timed]:
    """Yield readings whose wrong counter moves, but only between two runs of them.

    A run is too short to vote by itself. ``pause`` is the time from one to the next in s, and
    ``watts_between`` the power of a reading in between.
    """
    now, exported = 0.0, 0.0
    for _ in range(10):
        yield from ((now + 10 * n, reading(1000, 5000, exported)) for n in range(20))
        yield now + 200, reading(watts_between, 5000, exported)
        now += 200 + pause
        exported += 1000 * (200 + pause) / 3600


def test_an_outage_breaks_the_span() -> None:
    assert after(runs(LONGEST_GAP)).verdict is EXPORT
    assert after(runs(LONGEST_GAP + 1)).lead == 0


def test_a_clock_that_goes_back_breaks_the_span() -> None:
    assert after(runs(0)).verdict is EXPORT
    assert after(runs(-1)).lead == 0


@pytest.mark.parametrize("watts", [None, 0.0, -1.0])
def test_another_sign_or_no_power_breaks_the_span(watts: float | None) -> None:
    assert after(runs(10)).verdict is EXPORT
    assert after(runs(10, watts)).lead == 0


def test_a_counter_that_falls_has_no_vote() -> None:
    """Some meters count export as a negative number, which falls as it grows."""
    now_and_net = [(10.0 * n, 10.0 * n * 1000 / 3600) for n in range(300)]
    timed = [(now, reading(-1000, 5000, 2**32 - net)) for now, net in now_and_net]
    assert after(timed).lead == 0


@pytest.mark.parametrize("ratio", [0.45, 1.55, 20.0, -0.45, -1.55, 0.0])
def test_counters_that_fit_neither_sign_have_no_vote(ratio: float) -> None:
    def counted(now: float) -> tuple[float, float]:
        net = 1000 * now / 3600 * ratio
        return (10 + max(0.0, net), 10 + max(0.0, -net) + now * 1e-6)

    timed = [(10.0 * n, reading(1000, *counted(10.0 * n))) for n in range(300)]
    assert after(timed).lead == 0


def test_a_meter_that_counts_phases_without_netting_them_has_a_verdict() -> None:
    def counted(now: float) -> tuple[float, float]:
        return (3000 * now / 3600, 1800 * now / 3600)

    timed = [(10.0 * n, reading(1200, *counted(10.0 * n))) for n in range(100)]
    assert after(timed).verdict is IMPORT


def test_a_small_power_needs_ten_watt_hours() -> None:
    """At 12 W the first count comes after 5 minutes, and 10 Wh more after another 50."""
    assert after(watched(steady(12, 54 * 60))).lead == 0
    assert after(watched(steady(12, 61 * 60))).lead == 1


def test_power_may_change_a_lot_from_poll_to_poll() -> None:
    """Between two polls power is taken to change steadily, as it does here."""
    power = [10.0, 10.0, 10.0, 6010.0, 12_010.0]
    energy = [0.0, 1.0, 2.0, 2 + 3010 / 36, 2 + (3010 + 9010) / 36]
    readings = (reading(watts, wh) for watts, wh in zip(power, energy, strict=True))
    assert after((100.0 * n, one) for n, one in enumerate(readings)).lead == 1


def test_a_late_counter_does_not_vote_for_the_sign_before() -> None:
    """Clouds pass: strong export, then weak import, and the counters are a minute late."""
    cloudy = [*steady(-9000, 200), *steady(600, 290)] * 8
    state = after(watched(cloudy, 1, Register(delay=60)))
    assert state.verdict is IMPORT


def whole(sign: float = 1.0) -> Reading:
    """Return a reading of a house that imports, by a meter that gives import this sign."""

    def parts(*values: float) -> PerPhase:
        return PerPhase(**dict(zip(("total", "a", "b", "c"), values, strict=True)))

    return replace(
        EMPTY,
        current=parts(12, 5, 4, 3),
        voltage_line_to_neutral=parts(120, 121, 120, 119),
        frequency=60.0,
        power=parts(*(sign * value for value in (900, 600, 400, -100))),
        apparent_power=parts(1400, 605, 480, 357),
        reactive_power=parts(*(sign * value for value in (80, 60, -30, 50))),
        power_factor=parts(*(sign * value for value in (0.64, 0.99, 0.83, -0.28))),
        energy_imported=parts(5, 4, 3, 2),
        energy_exported=parts(50, 40, 30, 20),
        reactive_energy_q1=parts(1, 2, 3, 4),
    )


def test_export_positive_readings_get_import_positive() -> None:
    assert with_import_positive(whole(-1), EXPORT) == whole()


@pytest.mark.parametrize("direction", [IMPORT, UNKNOWN])
def test_other_readings_stay_as_they_are(direction: PowerSign) -> None:
    assert with_import_positive(whole(-1), direction) is not whole()
    assert with_import_positive(whole(-1), direction) == whole(-1)


def test_a_power_factor_without_a_sign_gets_that_of_its_power() -> None:
    unsigned = replace(whole(-1), power_factor=PerPhase(total=0.64, a=0.99, b=0.83, c=0.28))
    assert with_import_positive(unsigned, EXPORT) == whole()


@pytest.mark.parametrize(
    ("power", "factor", "expected"),
    [
        (None, -0.5, 0.5),
        (None, 0.5, -0.5),
        (None, 0.0, 0.0),
        (0.0, 1.0, 1.0),
        (0.0, -1.0, 1.0),
        (-0.0, -1.0, 1.0),
        (5.0, 0.0, 0.0),
        (5.0, None, None),
    ],
)
def test_a_power_factor_without_power_or_at_zero(
    power: float | None, factor: float | None, expected: float | None
) -> None:
    odd = replace(EMPTY, power=PerPhase(b=power), power_factor=PerPhase(b=factor))
    assert str(with_import_positive(odd, EXPORT).power_factor) == str(PerPhase(b=expected))


def test_zero_and_unknown_stay_so() -> None:
    still = replace(EMPTY, power=PerPhase(total=0.0))
    assert str(with_import_positive(still, EXPORT)) == str(still)


@unhurried
@given(
    power=st.floats(-1e6, 1e6),
    factor=st.floats(-1, 1),
    reactive=anything,
    imported=anything,
)
def test_changing_the_sign_twice_changes_nothing(
    power: float, factor: float, reactive: float | None, imported: float | None
) -> None:
    assume(power * factor > 0)
    one = replace(
        EMPTY,
        power=PerPhase(total=power),
        power_factor=PerPhase(total=factor),
        reactive_power=PerPhase(total=reactive),
        energy_imported=PerPhase(total=imported),
    )
    assert with_import_positive(with_import_positive(one, EXPORT), EXPORT) == one
