"""Swapped CTs are found from loads that are switched at night, and from nothing else."""

import cmath
from collections.abc import Iterator, Sequence
from dataclasses import replace
import itertools
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import SwappedCts
from custom_components.dts307.meter.phases import PHASES
from tests.meter.readings import reading_with

POLL = 5.0
ANGLES = (0.0, -120.0, 120.0)
"""Degrees of the voltages of phases A, B and C."""
STEPS = 12
RIGHT = (0, 1, 2)

type Powers = tuple[complex, ...]
"""Power and reactive power of each phase of a house."""


def turned(power: complex, degrees: float) -> complex:
    """Return a power whose current is turned clockwise."""
    return power * cmath.rect(1, math.radians(degrees))


def load(watts: float, degrees: float = 0.0) -> complex:
    """Return a load with an apparent power, whose current lags by this angle."""
    return turned(complex(watts), degrees)


def seen(powers: Sequence[complex], order: Sequence[int] = RIGHT) -> Reading:
    """Return the reading of a meter whose CT of each phase is on the phase that ``order`` says."""
    measured = [
        turned(powers[carried], ANGLES[own] - ANGLES[carried]) for own, carried in enumerate(order)
    ]
    return reading_with(
        voltage_line_to_neutral=PerPhase(a=120.0, b=121.0, c=119.0),
        power=PerPhase(**{p: s.real for p, s in zip(PHASES, measured, strict=True)}),
        reactive_power=PerPhase(**{p: s.imag for p, s in zip(PHASES, measured, strict=True)}),
    )


def watched(readings: Sequence[Reading], *, dark: bool = True, pause: float = POLL) -> SwappedCts:
    """Return what a series of readings shows."""
    state = SwappedCts()
    for number, reading in enumerate(readings):
        state = state.after(reading, pause * number, dark=dark)
    return state


def evening(idle: Powers, loads: Powers, times: int = STEPS) -> Iterator[Powers]:
    """Yield a house in which one load on each phase is switched on and off."""
    for _ in range(times // 2):
        for phase, power in enumerate(loads):
            yield idle
            yield tuple(s + power * (x == phase) for x, s in enumerate(idle))
    yield idle


HOUSE = (load(300, 10), load(200, -15), load(250, 5))
KETTLES = (load(1000), load(1500, 8), load(2000, -5))

every_order = pytest.mark.parametrize("order", list(itertools.permutations(RIGHT)))


def moved(order: Sequence[int]) -> frozenset[str]:
    """Return the phases whose CT is on another phase."""
    return frozenset(PHASES[own] for own, carried in enumerate(order) if own != carried)


@every_order
def test_all_that_is_swapped_is_found_and_nothing_else(order: tuple[int, ...]) -> None:
    swapped = [seen(powers, order) for powers in evening(HOUSE, KETTLES)]
    assert watched(swapped).phases == moved(order)
    assert watched(swapped[:-6]).phases == frozenset()


@every_order
def test_it_does_not_matter_which_sign_reactive_power_has(order: tuple[int, ...]) -> None:
    readings = [seen(powers, order) for powers in evening(HOUSE, KETTLES)]
    turned_over = [
        replace(
            reading,
            reactive_power=PerPhase(**{p: -getattr(reading.reactive_power, p) for p in PHASES}),
        )
        for reading in readings
    ]
    assert watched(turned_over).phases == moved(order)


@every_order
def test_what_is_corrected_is_withdrawn(order: tuple[int, ...]) -> None:
    state = watched([seen(powers, order) for powers in evening(HOUSE, KETTLES)])
    state = SwappedCts.from_dict(state.as_dict())
    assert state.phases == moved(order)
    for number, powers in enumerate(evening(HOUSE, KETTLES, times=4)):
        state = state.after(seen(powers), number * POLL, dark=True)
    assert state.phases == frozenset()


def test_nothing_is_learnt_by_day_nor_across_a_gap() -> None:
    swapped = [seen(powers, (1, 0, 2)) for powers in evening(HOUSE, KETTLES)]
    assert watched(swapped, dark=False) == replace(SwappedCts(), now=POLL * (len(swapped) - 1))
    assert watched(swapped, pause=200).steps == {}
    assert watched(swapped[::-1], pause=-POLL).steps == {}


@pytest.mark.parametrize(
    "missing",
    [
        {"reactive_power": PerPhase(a=0.0, b=0.0)},
        {"power": PerPhase(total=100.0)},
        {"voltage_line_to_neutral": PerPhase(total=120.0)},
        {"voltage_line_to_neutral": PerPhase(a=120.0, b=0.0, c=120.0)},
        {"voltage_line_to_neutral": PerPhase(a=120.0, b=208.0, c=120.0)},
    ],
)
def test_nothing_is_learnt_where_phases_are_not_120_degrees_apart(
    missing: dict[str, Any],
) -> None:
    swapped = [seen(powers, (1, 0, 2)) for powers in evening(HOUSE, KETTLES)]
    assert watched([replace(reading, **missing) for reading in swapped]).steps == {}


def test_one_odd_phase_is_no_swap() -> None:
    """Nor are two on the same side, nor three on different sides."""
    for counts in ({"a": 12}, {"a": 12, "b": 12}, {"a": 12, "b": 12, "c": -11}):
        state = SwappedCts(steps=counts)
        for powers in ((0j, 0j, 0j), (0j, 0j, load(500, -120)), (0j, 0j, 0j)):
            state = state.after(seen(powers), state.now + POLL, dark=True)
        assert state.phases == frozenset()


ANY_LOAD = st.builds(load, st.floats(0, 8000), st.floats(-60, 80))
FED_IN = st.builds(
    lambda watts, degrees: -load(watts, degrees), st.floats(0, 8000), st.floats(-30, 30)
)
PHASE = st.lists(ANY_LOAD, max_size=3).map(sum)
"""Motors, capacitors and heaters on one phase."""


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(PHASE, PHASE, PHASE), min_size=2, max_size=40),
    st.tuples(*[st.just(0j) | FED_IN] * 3),
)
def test_no_house_is_suspected(loads: list[Powers], batteries: Powers) -> None:
    """Whatever it switches, and whatever its batteries feed in beside that."""
    readings = [seen([s + b for s, b in zip(powers, batteries, strict=True)]) for powers in loads]
    assert watched(readings).phases == frozenset()
