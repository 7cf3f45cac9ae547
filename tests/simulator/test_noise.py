"""Meters whose values scatter, in a busy household: as it is in real life."""

from itertools import pairwise
from math import hypot
from statistics import mean, pstdev
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from simulator import MeterConfig, Tweak
from simulator.house import House
from simulator.measure import Wiring
from simulator.meter import Meter, Site
from simulator.registers import MODELS

from .conftest import NOON

START = int(NOON.timestamp())
DAY = START - 43_200


def switched(house: House, day: int) -> int:
    """Return how often something in the house is switched on or off in a day."""
    count = 0
    for appliance in house.appliances:
        runs = (
            appliance.power(house.seed, day + second, second / 3600) > 0
            for second in range(0, 86_400, 2)
        )
        count += sum(before != after for before, after in pairwise(runs))
    return count


def meter(house: House, timestamp: int = START, **config: Any) -> Meter:
    return Meter(MeterConfig(**config), Site(house), timestamp)


@pytest.mark.parametrize("seed", [1, 307])
def test_a_busy_household_switches_a_thousand_times_a_day(seed: int) -> None:
    assert 800 < switched(House(seed=seed, busy=True), DAY) < 1500
    assert switched(House(seed=seed), DAY) < 400


def test_time_and_seed_are_all_that_matters() -> None:
    def shown(**config: Any) -> list[float]:
        noisy = meter(House(busy=True), model=213, accuracy=0.5, **config)
        values = []
        for _ in range(50):
            noisy.advance(1)
            values.append(noisy.truth()["W"])
        return values

    assert shown() == shown()
    assert shown() != shown(serial="other")


phase_tweaks = st.builds(
    Tweak,
    load_factor=st.floats(0, 10),
    extra_watts=st.floats(0, 50_000),
    sun=st.none() | st.floats(0, 1),
)


@given(
    model=st.sampled_from(sorted(MODELS)),
    accuracy=st.sampled_from([0.2, 0.5, 1.0]),
    timestamp=st.integers(START, START + 86_400),
    tweaks=st.tuples(phase_tweaks, phase_tweaks, phase_tweaks),
)
@settings(max_examples=150, deadline=None)
def test_noisy_values_stay_within_the_class_and_agree(
    model: int, accuracy: float, timestamp: int, tweaks: tuple[Tweak, Tweak, Tweak]
) -> None:
    house = House(busy=True, tweaks=tweaks)
    noisy = meter(house, timestamp, model=model, accuracy=accuracy)
    exact = meter(house, timestamp, model=model)
    shown, true, steps = noisy.measurement.values, exact.measurement.values, noisy.measurement.steps
    wiring: Wiring = MODELS[model]
    for phase in wiring.phases:
        watts, reactive, apparent, amps = (
            shown[f"{name}ph{phase}"] for name in ("W", "VAR", "VA", "A")
        )
        assert abs(apparent - hypot(watts, reactive)) <= steps["VA"]
        # The noise stops shrinking at 2 % of the service current; 0.3 is for the phase error.
        allowed = accuracy / 100 * max(true[f"VAph{phase}"], 0.02 * 200 * 120 * 1000)
        assert abs(watts - true[f"Wph{phase}"]) <= 1.3 * allowed + steps["W"]
        if wiring.neutral:
            volts = shown[f"PhVph{phase}"]
            assert volts == pytest.approx(true[f"PhVph{phase}"], rel=accuracy / 200, abs=steps["V"])
            rounded = volts * steps["A"] / 1000 + amps * steps["V"] / 1000 + 2 * steps["VA"]
            assert abs(apparent - volts * amps / 1000) <= rounded
    for suffix in ("", *(f"ph{phase}" for phase in wiring.phases)):
        # A factor beyond 1, because of rounding, is shown as 1.
        watts, apparent, factor = (shown[name + suffix] for name in ("W", "VA", "PF"))
        if apparent:
            assert abs(factor - 1000 * watts / apparent) <= 1 or abs(factor) == 1000
    for name in ("W", "VAR", "A"):
        assert shown[name] == sum(shown[f"{name}ph{phase}"] for phase in wiring.phases)


def test_the_noise_scatters_around_the_truth() -> None:
    house = House(tweaks=(Tweak(load_factor=0, extra_watts=3000, sun=0),) * 3)
    noisy, exact = meter(house, model=213, accuracy=0.5), meter(house, model=213)
    errors = []
    for _ in range(1000):
        noisy.advance(1)
        exact.advance(1)
        errors.append(noisy.truth()["WphB"] / exact.truth()["WphB"] - 1)
    assert abs(mean(errors)) < 0.0002
    assert 0.0008 < pstdev(errors) < 0.0017
    assert max(map(abs, errors)) <= 0.005


def test_the_counters_count_the_true_energy() -> None:
    house = House(busy=True)
    noisy, exact = meter(house, accuracy=0.5), meter(house)
    for _ in range(600):
        noisy.advance(7)
        exact.advance(7)
    assert dict(noisy.counters) == dict(exact.counters)
    assert noisy.measurement != exact.measurement
