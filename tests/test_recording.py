"""The rule that decides which readings are written.

The reference is a recorder that writes every reading. Means are those of Home Assistant's
statistics: weighted by time, with each state until the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.descriptions.recording import (
    STATISTICS_PERIOD,
    RecordingGate,
    RecordingRule,
)

POWER = RecordingRule(threshold=10, share=0.01)
BEGUN = 1_782_000_000.0
"""The start of a period of five minutes."""

type Series = Sequence[tuple[float, float]]
"""Instants in s, and values."""


def written(series: Series, interval: float, rule: RecordingRule = POWER) -> Series:
    """Return what a gate writes of readings."""
    gate = RecordingGate(rule, interval)
    return [(at, value) for at, value in series if gate.passes(value, {}, at)]


def states(series: Series, start: float) -> list[float]:
    """Return the values of a period, beginning with the one that was there before."""
    before = [value for at, value in series if at < start][-1:]
    return before + [value for at, value in series if start <= at < start + STATISTICS_PERIOD]


def mean(series: Series, start: float) -> float:
    """Return the mean of a period, from the first known value on."""
    end = start + STATISTICS_PERIOD
    before = [value for at, value in series if at <= start][-1:]
    known = [*((start, value) for value in before), *(s for s in series if start < s[0] < end)]
    ends = [at for at, _ in known[1:]] + [end]
    total = sum(value * (until - at) for (at, value), until in zip(known, ends, strict=True))
    return total / (end - known[0][0])


@dataclass(frozen=True, kw_only=True)
class House:
    """A house whose readings follow from a few numbers."""

    interval: float
    """s from poll to poll; some come a little late"""
    noise: float
    """as a share of the power"""
    most: float
    """W"""
    seed: int

    def readings(self) -> Series:
        """Return half an hour of readings."""
        chance = Random(self.seed)  # noqa: S311
        at, base = BEGUN - chance.uniform(0, 300), chance.uniform(-self.most, self.most)
        series = []
        while at < BEGUN + 6 * STATISTICS_PERIOD:
            if chance.random() < self.interval / 120:
                base = chance.uniform(-self.most, self.most)
            base += chance.gauss(0, self.most / 2000)
            power = base * (1 + chance.gauss(0, self.noise)) + chance.gauss(0, 1)
            series.append((at, round(power)))
            at += self.interval * chance.uniform(0.98, 1.15)
        return series


houses = st.builds(
    House,
    interval=st.sampled_from([1.0, 2.0, 5.0, 10.0, 30.0, 60.0]),
    noise=st.sampled_from([0.0, 0.0005, 0.002, 0.005]),
    most=st.sampled_from([20.0, 500.0, 3_000.0, 20_000.0]),
    seed=st.integers(0, 2**32),
)


@settings(max_examples=150, deadline=None)
@given(houses)
def test_means_and_extremes_are_those_of_every_reading(house: House) -> None:
    series = house.readings()
    kept = written(series, house.interval)
    for number in range(5):
        start = BEGUN + number * STATISTICS_PERIOD
        assert mean(kept, start) == pytest.approx(mean(series, start), abs=1.001)
        for extreme in (min, max):
            of_all = extreme(states(series, start))
            assert extreme(states(kept, start)) == pytest.approx(
                of_all, abs=POWER.allowed(of_all) * 1.02
            )


@settings(max_examples=50, deadline=None)
@given(houses)
def test_the_last_reading_of_each_five_minutes_is_written(house: House) -> None:
    """A counter is as exact there as if every reading were written."""
    series = house.readings()
    kept = written(series, house.interval, RecordingRule(threshold=1e9, has_mean=False))
    for number in range(6):
        end = BEGUN + number * STATISTICS_PERIOD
        last = [reading for reading in series if reading[0] < end][-1:]
        assert not last or last[0] in kept


def test_a_steady_house_costs_few_rows() -> None:
    """Noise of 4 W on 2 kW, with a load of 1 kW that comes each ten minutes."""
    chance = Random(307)  # noqa: S311
    series = [
        (
            BEGUN + 5 * number,
            2000 + 1000 * (number // 60 % 2) + round(chance.gauss(0, 4)),
        )
        for number in range(17_280)
    ]
    assert len(written(series, 5.0)) < 3_000


def test_a_counter_is_written_as_it_moves() -> None:
    """2 kW: each 0.05 kWh, and before the end of each five minutes."""
    counter = RecordingRule(threshold=0.05, has_mean=False)
    series = [(BEGUN + 5 * number, number * 2 * 5 / 3600) for number in range(720)]
    assert 40 <= len(written(series, 5.0, counter)) <= 40 + 2 * 12


def shows(gate: RecordingGate, value: Any, at: float, **attributes: Any) -> bool:
    """Return whether a reading passes, at a time in the middle of a period."""
    return gate.passes(value, attributes, BEGUN + at)


def test_a_move_by_the_threshold_passes_at_once() -> None:
    gate = RecordingGate(POWER, 5.0)
    assert shows(gate, 100.0, 10)
    assert not shows(gate, 109.0, 15)
    assert shows(gate, 110.0, 20)
    assert shows(gate, 5000.0, 25)
    assert not shows(gate, 5020.0, 30)
    assert shows(gate, 5051.0, 35)


def test_what_is_no_number_passes_when_it_changes() -> None:
    """So does an attribute that comes or goes, and a number within an attribute that moves."""
    gate = RecordingGate(POWER, 5.0)
    begun = datetime(2026, 7, 1, tzinfo=UTC)
    assert shows(gate, None, 10)
    assert not shows(gate, None, 15)
    assert shows(gate, 100.0, 20)
    assert shows(gate, 100.0, 25, phases=["A"])
    assert not shows(gate, 101.0, 30, phases=["A"])
    assert shows(gate, 101.0, 35, phases=["B"])
    assert shows(gate, 101.0, 40, phases=["B"], begun=begun)
    assert shows(gate, 101.0, 45, phases=["B"], begun=begun.replace(day=2))
    assert shows(gate, 101.0, 50, estimated=False)
    assert shows(gate, 101.0, 55, estimated=True)
    assert shows(gate, 101.0, 60, used={"A": 20.0})
    assert not shows(gate, 101.0, 65, used={"A": 29.0})
    assert shows(gate, 101.0, 70, used={"A": 30.0})


def test_the_first_reading_after_an_outage_passes() -> None:
    gate = RecordingGate(POWER, 5.0)
    assert shows(gate, 100.0, 10)
    assert not shows(gate, 100.0, 15)
    gate.forget()
    assert shows(gate, 100.0, 120)


def test_a_clock_that_goes_back_is_no_time_that_passes() -> None:
    gate = RecordingGate(POWER, 5.0)
    assert shows(gate, 100.0, 110)
    assert not shows(gate, 105.0, 115)
    assert not shows(gate, 105.0, 20)
