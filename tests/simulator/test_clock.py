"""Simulated time, by hand and with real time."""

import asyncio
from typing import Any

import pytest

from simulator import MeterConfig, Simulator, SimulatorConfig
from simulator.clock import MAX_SPEED, Clock

from .conftest import NOON

START = int(NOON.timestamp())


@pytest.fixture
def strides() -> list[int]:
    return []


@pytest.fixture
def clock(strides: list[int]) -> Clock:
    return Clock(START, strides.append)


@pytest.mark.parametrize(
    ("seconds", "step", "expected"), [(3, 1, [1, 1, 1]), (125, 60, [60, 60, 5]), (0, 1, [])]
)
def test_time_goes_ahead_in_steps(
    clock: Clock, strides: list[int], seconds: int, step: int, expected: list[int]
) -> None:
    clock.advance(seconds, step)
    assert strides == expected
    assert clock.now == START + seconds


@pytest.mark.parametrize(("seconds", "step"), [(-1, 1), (1, 0)])
def test_time_does_not_go_back(clock: Clock, seconds: int, step: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        clock.advance(seconds, step)


@pytest.mark.parametrize("speed", [-1, MAX_SPEED + 1, float("inf"), float("nan"), "1", None, True])
def test_impossible_speeds(clock: Clock, speed: Any) -> None:
    with pytest.raises(ValueError, match="speed"):
        clock.set_speed(speed)
    assert clock.speed == 0


@pytest.mark.usefixtures("skip_waiting")
@pytest.mark.parametrize(("speed", "step"), [(60, 1), (3600, 60)])
async def test_time_follows_real_time(
    clock: Clock, strides: list[int], speed: Any, step: int
) -> None:
    clock.set_speed(speed)
    running = asyncio.create_task(clock.run())
    await asyncio.sleep(0.5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert 0.4 * speed <= clock.now - START <= 0.5 * speed
    assert set(strides) == {step}


@pytest.mark.usefixtures("skip_waiting")
async def test_stopped_time_stands_still() -> None:
    async with Simulator(SimulatorConfig(start=NOON)) as sim:
        before = sim.meters[0].truth()
        await asyncio.sleep(0.15)
        assert sim.clock.now == START
        assert sim.meters[0].truth() == before
        sim.clock.set_speed(600)
        await asyncio.sleep(0.3)
        sim.clock.set_speed(0)
        stopped = sim.clock.now
        assert stopped > START
        await asyncio.sleep(0.15)
        assert sim.clock.now == stopped


def test_a_start_without_a_zone_is_local() -> None:
    sim = Simulator(SimulatorConfig(meters=[MeterConfig()], start=NOON.replace(tzinfo=None)))
    assert sim.clock.start == START
