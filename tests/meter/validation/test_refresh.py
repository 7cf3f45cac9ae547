"""Meters whose values are refreshed only every few minutes, and live ones beside them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
import itertools
import math

from hypothesis import assume, example, given, settings, strategies as st
import pytest

from custom_components.dts307.meter import Reading
from custom_components.dts307.meter.sunspec import PerPhase
from custom_components.dts307.meter.validation import (
    CounterFilter,
    CounterFilters,
    CounterQuestion,
    RefreshCadence,
    questions,
    validated,
)
from tests.meter.readings import reading_with

RATED = 40.0
"""A; the CT rating, of which the house draws up to 25 kW"""
START = 1_000_000.0


def shown(
    power: float, energy: float, volts: float = 230.0, resolution: float | None = 1.0
) -> Reading:
    """Return what a meter shows at one instant."""
    return reading_with(
        voltage_line_to_neutral=PerPhase(total=volts, a=volts),
        power=PerPhase(total=power),
        energy_imported=PerPhase(total=energy),
        energy_exported=PerPhase(total=0.0),
        frequency=50.0,
        energy_resolution=resolution,
    )


@dataclass(frozen=True)
class House:
    """A base load, and a large one somewhere between two refreshes."""

    period: float
    base: float
    load: float
    begins: float
    """share of the period after which the large load begins"""
    lasts: float
    """share of the rest for which it lasts"""

    def energy(self, seconds: float) -> float:
        """Return the energy in Wh after so many seconds."""
        full, rest = divmod(seconds, self.period)
        begin = self.begins * self.period
        length = self.lasts * (self.period - begin) * 0.95
        loaded = full * length + min(max(rest - begin, 0.0), length)
        return (self.base * seconds + self.load * loaded) / 3600

    def refreshed(self, number: int) -> Reading:
        """Return what the gateway has read at a refresh."""
        energy = math.floor(self.energy(number * self.period))
        return shown(self.base + number % 3, 5_000_000 + energy, 230 + number % 7 / 10)

    def polls(self, every: float, refreshes: int, offset: float) -> Iterator[tuple[float, int]]:
        """Yield when a poll takes place, and the number of the refresh that it sees."""
        for number in itertools.count():
            seconds = offset + number * every
            if (refresh := int(seconds // self.period)) > refreshes:
                return
            yield START + seconds, refresh


houses = st.builds(
    House,
    period=st.floats(300, 3600),
    base=st.floats(100, 1000),
    load=st.floats(0, 24_000),
    begins=st.floats(0.01, 0.9),
    lasts=st.floats(0.0, 1.0),
)


class Observer:
    """The cadence and the counters of one meter, as they are kept together."""

    def __init__(self, rated: float | None = RATED) -> None:
        """Know nothing yet."""
        self.rated = rated
        self.cadence = RefreshCadence()
        self.filters: CounterFilters = {}
        self.published: float | None = None

    def sees(self, reading: Reading, now: float) -> None:
        """Judge a reading."""
        self.cadence = self.cadence.after(reading, now)
        self.filters, checked = validated(self.filters, reading, now, self.rated, self.cadence.held)
        self.published = checked.energy_imported.total

    def restarts(self) -> None:
        """Continue with what is stored."""
        self.cadence = RefreshCadence(period=self.cadence.period, restored=self.cadence.held_values)
        self.filters = {
            key: CounterFilter.from_dict(counter.as_dict()) for key, counter in self.filters.items()
        }


def cadence_after(*readings: tuple[float, Reading]) -> RefreshCadence:
    """Return the cadence after readings at these times."""
    cadence = RefreshCadence()
    for now, reading in readings:
        cadence = cadence.after(reading, now)
    return cadence


def held(seconds: Iterable[float], every: float = 10.0) -> list[tuple[float, Reading]]:
    """Return readings whose values are refreshed after these times, and once more at the end."""
    now, readings = START, []
    for number, time in enumerate((*seconds, 0.0)):
        reading = shown(300 + number, 5_000_000 + 25 * number, 230 + number / 10)
        for _ in range(max(1, round(time / every))):
            readings.append((now, reading))
            now += every
    return readings


@settings(max_examples=25, deadline=None)
@given(
    house=houses,
    every=st.floats(5, 60),
    offset=st.floats(0, 1),
    rated=st.sampled_from([None, RATED]),
)
def test_every_refresh_is_published_with_the_poll_after_it(
    house: House, every: float, offset: float, rated: float | None
) -> None:
    assume((1 - offset) * house.period > 5 * every)
    observer, before, polled = Observer(rated), 0, 0
    for now, refresh in house.polls(every, 7, offset * house.period):
        reading = house.refreshed(refresh)
        polled, before = (polled + 1, refresh) if refresh == before else (1, refresh)
        observer.sees(reading, now)
        assert not questions(observer.filters)
        if polled > 1:
            assert observer.published == reading.energy_imported.total
        if refresh >= 4 or (refresh == 3 and offset < 0.3):
            assert abs(observer.cadence.period - house.period) <= every + 1e-6


OVERLOAD = 1.25
"""How much more than the CT rating, at the highest voltage of a service, a house may draw."""


@dataclass(frozen=True)
class Cache:
    """A gateway in front of a meter that is rated for so many amperes."""

    rated: float
    resolution: float
    every: float
    """s between two polls"""
    period: float
    """s between two refreshes"""
    phase: float
    """share of a period that has passed at the first poll"""
    energies: tuple[float, ...]
    """what flows in each period, as a share of what can"""
    powers: tuple[float, ...]
    """what flows at each refresh, likewise"""

    @property
    def highest(self) -> float:
        """W that the house draws at most."""
        return OVERLOAD * self.rated * 277.0

    def register(self, refresh: int) -> float:
        """Return what the register shows from a refresh on, in Wh."""
        full, rest = divmod(refresh, len(self.energies))
        periods = full * math.fsum(self.energies) + math.fsum(self.energies[:rest])
        counted = 5_000_000 + periods * self.highest * self.period / 3600
        # A float that is divided by a fraction with // can lose a count.
        return math.floor(counted / self.resolution) * self.resolution

    def reading(self, refresh: int) -> Reading:
        """Return what a poll shows from a refresh on."""
        power = self.powers[refresh % len(self.powers)] * self.highest
        volts = 230 + refresh % 7 / 10
        return shown(round(power), self.register(refresh), volts, self.resolution)


shares = st.sampled_from([0.0, 0.01, 1.0]) | st.floats(0, 1)
caches = st.builds(
    Cache,
    rated=st.sampled_from([5.0, 20.0, 32.0, 50.0, 200.0, 1000.0]),
    resolution=st.sampled_from([0.01, 1.0, 10.0]),
    every=st.sampled_from([1.0, 5.0, 10.0, 30.0, 60.0]) | st.floats(1, 60),
    period=st.sampled_from([30.0, 45.0, 59.0, 60.0, 300.0, 3600.0]) | st.floats(2, 3600),
    phase=st.floats(0, 1),
    energies=st.lists(shares, min_size=1, max_size=5).map(tuple),
    powers=st.lists(shares, min_size=1, max_size=5).map(tuple),
).filter(lambda cache: 2 * cache.every <= cache.period <= 400 * cache.every)


@settings(max_examples=60, deadline=None)
@given(cache=caches, faults=st.dictionaries(st.integers(3, 400), st.integers(0, 3), max_size=4))
@example(
    cache=Cache(
        rated=5.0,
        resolution=0.01,
        every=5.0,
        period=769.0,
        phase=0.875,
        energies=(1.0,),
        powers=(0.0,),
    ),
    faults={},
)
def test_a_cache_of_any_period_raises_no_question(cache: Cache, faults: dict[int, int]) -> None:
    """Whatever flows between two refreshes, and though polls are lost or wrong now and then.

    What is repeated for four polls at first is known to be held, or the period is a minute.
    """
    first_refresh = (1 - cache.phase) * cache.period
    assume(cache.period <= 60 or first_refresh > 7 * cache.every)
    observer, before, polled, right = Observer(cache.rated), -1, 0, 0
    for number in range(min(600, math.ceil(8 * cache.period / cache.every))):
        seconds = cache.phase * cache.period + number * cache.every
        refresh, fault = int(seconds // cache.period), faults.get(number)
        polled, before = (polled + 1, refresh) if refresh == before else (1, refresh)
        reading = cache.reading(refresh)
        if fault == 0:
            continue
        if fault == 1 and right > 1:
            observer.sees(replace(reading, energy_imported=PerPhase(total=7.0)), START + seconds)
            right = 0
            continue
        if fault == 2:
            observer.restarts()
            right = 0
        observer.sees(reading, START + seconds)
        right += 1
        assert not questions(observer.filters)
        if right > 1 and polled > right and number > 3:
            assert observer.published == reading.energy_imported.total


def test_a_leap_that_the_period_does_not_explain_stays_a_question() -> None:
    house = House(period=1800, base=300, load=9000, begins=0.2, lasts=0.6)
    observer = Observer()
    for now, refresh in house.polls(5, 6, 900):
        reading = house.refreshed(refresh)
        if refresh:
            leapt = 9_000_000 + (reading.energy_imported.total or 0)
            reading = replace(reading, energy_imported=PerPhase(total=leapt))
        observer.sees(reading, now)
    assert observer.cadence.period
    assert questions(observer.filters) == {CounterQuestion.LEAP}
    assert observer.published == house.refreshed(0).energy_imported.total


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(0, 8000) | st.sampled_from([0.0, 1.0, 10.0]), st.floats(2, 60)),
        min_size=1,
        max_size=12,
    ),
    every=st.floats(5, 60),
    resolution=st.sampled_from([0.01, 1.0, 10.0, 100.0, None]),
)
def test_a_live_meter_never_looks_refreshed(
    steps: list[tuple[float, float]], every: float, resolution: float | None
) -> None:
    """Even if its voltage never changes, with loads that last for at least two polls."""
    cadence, energy, now = RefreshCadence(), 5_000_000.0, START
    ends = list(itertools.accumulate(length * every for _, length in steps))
    for number in range(200):
        seconds = number * every
        into = seconds % ends[-1]
        power = next(watts for (watts, _), end in zip(steps, ends, strict=True) if into < end)
        counted = energy + _energy(steps, ends, every, seconds)
        size = resolution or 0.5
        cadence = cadence.after(shown(power, counted // size * size, 230, resolution), now)
        assert cadence.period == 0
        now += every


def _energy(
    steps: list[tuple[float, float]], ends: list[float], every: float, seconds: float
) -> float:
    """Return the energy in Wh of loads that repeat."""
    full, rest = divmod(seconds, ends[-1])
    once = [watts * length * every / 3600 for watts, length in steps]
    total = full * math.fsum(once)
    for (watts, length), end in zip(steps, ends, strict=True):
        begun = end - length * every
        total += watts * min(max(rest - begun, 0.0), length * every) / 3600
    return total


def test_values_that_never_change_prove_nothing() -> None:
    reading = shown(300, 5_000_000)
    assert not cadence_after(*((START + 10 * n, reading) for n in range(1000))).period


@pytest.mark.parametrize(
    ("intervals", "period"),
    [
        ((300, 300, 300), 300),
        ((30, 300, 300, 300), 300),
        ((300, 300), 0),
        # The first one had begun before the first reading, but cannot have lasted longer.
        ((200, 300, 300), 300),
        ((500, 300, 300), 0),
        ((300, 300, 400), 400),
        ((300, 300, 500), 0),
        ((300, 300, 30, 300, 300), 0),
        ((50, 50, 50, 50), 0),
        ((7300, 7300, 7300, 7300), 0),
        ((300, 300, 300, 600, 600, 600), 600),
        ((300, 300, 300, 10, 10), 300),
        ((300, 300, 300, 10, 10, 10), 0),
        ((300, 300, 300, 100, 100, 100), 100),
    ],
)
def test_intervals(intervals: tuple[float, ...], period: float) -> None:
    """Three alike in a row prove a period; three that are much shorter disprove it.

    Two may be a wrong reading.
    """
    assert cadence_after(*held(intervals)).period == period


def test_a_few_counts_prove_nothing() -> None:
    """So counts a live meter with coarse counters, and a voltage that seldom changes."""
    readings = [
        (now, shown(5, 5_000_000 + 10 * number, 230 + number, 10.0))
        for number, now in ((n // 30, START + 10 * n) for n in range(300))
    ]
    assert not cadence_after(*readings).period


def test_a_gap_is_no_interval_and_forgets_nothing() -> None:
    """A change may have been missed in it. The clock may have been set back, too."""
    known = cadence_after(*held((300, 300, 300)))
    for now in (START + 5000, START):
        after = known.after(shown(700, 5_000_900), now)
        assert after.period == 300
        assert not after.intervals
    readings = held((300, 300, 300))
    late = [(now + (100 if now > START + 400 else 0), reading) for now, reading in readings]
    assert not cadence_after(*late).period


def test_a_counter_may_be_missing() -> None:
    readings = [
        (now, replace(reading, energy_exported=PerPhase())) for now, reading in held((300,) * 3)
    ]
    assert cadence_after(*readings).period == 300
    without = [(now, replace(reading, energy_imported=PerPhase())) for now, reading in readings]
    assert not cadence_after(*without).period


LONGEST = 7200.0
"""s for which values may be held at most"""


@pytest.mark.parametrize(
    ("reads", "held"),
    [
        # Values are as old as the last poll that showed others, if they are repeated.
        ([(0, "a"), (5, "b")], 0.0),
        ([(0, "a"), (5, "b"), (10, "b"), (15, "b")], 15.0),
        ([(0, "a"), (5, "b"), (10, "b"), (15, "c")], 0.0),
        # The first ones may be of any age.
        ([(0, "a"), (5, "a"), (10, "a"), (15, "a")], LONGEST),
        # A live meter repeats them for a poll or two.
        ([(0, "a")], 60.0),
        ([(0, "a"), (5, "a")], 65.0),
        ([(0, "a"), (5, "b"), (3, "c"), (4, "c")], 61.0),
        # A wrong one in between does not count; two are a change.
        ([(0, "a"), (5, "b"), (10, "b"), (15, "x"), (20, "b")], 20.0),
        ([(0, "a"), (5, "b"), (10, "x"), (15, "b"), (20, "x"), (25, "b")], 25.0),
        ([(0, "a"), (5, "b"), (10, "x"), (15, "x"), (20, "b"), (25, "b")], 10.0),
        # Polls may be missing.
        ([(0, "a"), (5, "b"), (300, "b")], 300.0),
        ([(0, "a"), (300, "b"), (305, "b")], 305.0),
        ([(0, "a"), (9000, "b"), (9005, "b")], LONGEST),
    ],
)
def test_how_long_a_reading_may_have_been_held(reads: list[tuple[float, str]], held: float) -> None:
    readings = [(START + now, shown(300, 5_000_000 + ord(values))) for now, values in reads]
    assert cadence_after(*readings).held == held


@pytest.mark.parametrize("question", [CounterQuestion.SET_BACK, CounterQuestion.LEAP])
def test_a_counter_behind_a_cache_is_asked_about_until_the_answer(
    question: CounterQuestion,
) -> None:
    """Each refresh is a jump that no power explains, and no reason to begin again."""
    observer, asked = Observer(), list[bool]()
    offset = -4_000_000.0 if question is CounterQuestion.SET_BACK else 4_000_000.0
    for number in range(120):
        refresh = number // 10
        energy = 5_000_000.0 + 40 * refresh + (offset if refresh > 1 else 0.0)
        observer.sees(shown(100 + refresh % 3, energy), START + 5 * number)
        asked.append(questions(observer.filters) == {question})
    assert asked == sorted(asked)
    assert asked[-1]


@pytest.mark.parametrize(
    ("reads", "later", "held"),
    [
        ([(0, "a"), (5, "b"), (10, "b")], [(20, "b")], 20.0),
        ([(0, "a"), (5, "b"), (10, "b")], [(9000, "b")], LONGEST),
        ([(0, "a"), (5, "b"), (10, "b")], [(20, "c")], 0.0),
        ([(0, "a"), (5, "b"), (10, "b")], [(20, "c"), (25, "c")], 15.0),
        ([(0, "a")], [(20, "a")], 80.0),
        ([(0, "a")], [], 0.0),
        # The clock was set back in between.
        ([(0, "a"), (5, "b"), (10, "b")], [(-20, "b")], LONGEST),
    ],
)
def test_values_are_not_new_after_a_restart(
    reads: list[tuple[float, str]], later: list[tuple[float, str]], held: float
) -> None:
    before = cadence_after(
        *[(START + now, shown(300, 5_000_000 + ord(values))) for now, values in reads]
    )
    cadence = RefreshCadence(restored=before.held_values)
    assert cadence.held_values == before.held_values
    for now, values in later:
        cadence = cadence.after(shown(300, 5_000_000 + ord(values)), START + now)
    assert not later or cadence.held == held
