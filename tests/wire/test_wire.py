"""Real frames on a wire of 9600 baud: their number, their length, and a damaged one."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
import multiprocessing
import os
import signal
import statistics
import time

import pytest

from custom_components.dts307.meter import Meter
from simulator import MeterConfig
from simulator.measure import Role
from simulator.server import SerialConfig
from simulator.simulator import Simulator, SimulatorConfig
from tests.wire.faults import OneCrackle
from tests.wire.reach import Reach, normalised, points_of
from tests.wire.wire import (
    Direction,
    RunningWire,
    Timing,
    Traffic,
    Wire,
    clean,
    running_wire,
)

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)
GRID = MeterConfig(unit=100, model=203, days_in_service=3)
SOLAR = MeterConfig(unit=101, model=201, role=Role.SOLAR, days_in_service=3)
POLLS = 30

REQUEST = 1 + 1 + 2 + 2 + 2
"""Bytes of a request: unit ID, function, address, count, CRC."""


def reply(registers: int) -> int:
    """Return the bytes of a response: unit ID, function, length, registers, CRC."""
    return 1 + 1 + 1 + 2 * registers + 2


@asynccontextmanager
async def bus(wire: RunningWire, *meters: MeterConfig) -> AsyncIterator[Simulator]:
    """Put simulated meters at the far end of a wire."""
    port = SerialConfig(port=wire.server_path, baud=wire.timing.baud)
    async with Simulator(SimulatorConfig(meters=meters, serial=port, start=NOON)) as world:
        yield world


def line(wire: RunningWire) -> dict[str, str | int]:
    """Return the config entry data for the near end of a wire."""
    return {
        "transport": "serial",
        "device": wire.client_path,
        "baudrate": wire.timing.baud,
        "parity": "none",
        "stopbits": 1,
    }


async def test_a_poll_is_one_request(record_property: Callable[[str, object], None]) -> None:
    """A poll has 8 bytes, its response 115; the time it takes is only printed."""
    with running_wire() as wire:
        async with bus(wire, GRID) as world, Reach(line(wire)) as link:
            meter = await Meter.identify(link.unit(GRID.unit), clock=lambda: 0.0)
            identified = wire.reset()
            # Marker, three headers and the identity.
            assert identified == Traffic(5, 5 * REQUEST, 5, reply(2) * 4 + reply(68))

            assert points_of(await meter.read()) == pytest.approx(
                normalised(world.meters[0].truth()), rel=1e-12
            )
            assert wire.reset() == Traffic(1, REQUEST, 1, reply(107))

            durations = []
            for _ in range(POLLS):
                begin = time.perf_counter()
                await meter.read()
                durations.append(time.perf_counter() - begin)
            traffic = wire.reset()
            assert traffic == Traffic(POLLS, POLLS * 8, POLLS, POLLS * 115)
            assert (REQUEST, reply(55)) == (8, 115)

            minimum = traffic.minimum(wire.timing) / POLLS
            median = statistics.median(durations)
            ratio = median / minimum
            record_property("wall_time_to_physical_minimum", round(ratio, 4))
            print(  # noqa: T201 - a figure to look at; it depends on the machine's load
                f"\n{POLLS} polls of model 203 at 9600 8N1: median {median:.4f} s, "
                f"physical minimum {minimum:.4f} s, ratio {ratio:.4f} "
                f"(best {min(durations) / minimum:.4f}, worst {max(durations) / minimum:.4f})"
            )


async def test_two_meters_on_one_wire() -> None:
    """Each answers to its own unit ID only."""
    with running_wire(Timing(turnaround=0.005)) as wire:
        async with bus(wire, GRID, SOLAR) as world, Reach(line(wire)) as link:
            grid = await Meter.identify(link.unit(GRID.unit))
            solar = await Meter.identify(link.unit(SOLAR.unit))
            for _ in range(2):
                for meter, served in ((grid, world.meters[0]), (solar, world.meters[1])):
                    points, truth = points_of(await meter.read()), normalised(served.truth())
                    assert points["w"] == truth["w"]
                    assert points["totwhexp"] == truth["totwhexp"]
                world.clock.advance(60)


@pytest.mark.parametrize("after", [0, 2])
async def test_a_crackle_while_a_meter_is_identified(after: int) -> None:
    """The damaged response is requested again."""
    with running_wire(Timing(baud=115200, turnaround=0.001), OneCrackle(after)) as wire:
        async with bus(wire, GRID), Reach(line(wire)) as link:
            meter = await Meter.identify(link.unit(GRID.unit))
            assert meter.model.model_id == GRID.model
            assert wire.traffic().requests == 6


def test_bytes_keep_their_order_when_they_arrive_at_once() -> None:
    with running_wire(Timing(bits=0, turnaround=0)) as wire:
        near = os.open(wire.client_path, os.O_RDWR | os.O_NOCTTY)
        far = os.open(wire.server_path, os.O_RDWR | os.O_NOCTTY)
        try:
            os.write(near, b"wire")
            assert b"".join(os.read(far, 1) for _ in range(4)) == b"wire"
        finally:
            os.close(near)
            os.close(far)


def test_an_interrupt_does_not_end_the_wire() -> None:
    """The wire ignores Ctrl-C, so its process shows no traceback."""
    with running_wire() as wire:
        for process in multiprocessing.active_children():
            assert process.pid is not None
            os.kill(process.pid, signal.SIGINT)
        assert wire.traffic() == Traffic()


def test_the_wire_keeps_time() -> None:
    """With a clock set by hand: a character is 10 bits, and a response has a turnaround."""
    now = 100.0
    wire = Wire(Timing(baud=1000, turnaround=0.5), clock=lambda: now)
    near = os.open(wire.client_path, os.O_RDWR | os.O_NOCTTY)
    far = os.open(wire.server_path, os.O_RDWR | os.O_NOCTTY)
    try:
        assert wire.next_arrival is None
        os.write(near, b"request?")
        wire.take(Direction.REQUEST)
        assert wire.next_arrival == pytest.approx(100.01)
        now = 100.075
        wire.deliver()
        assert os.read(far, 100) == b"request"
        assert wire.next_arrival == pytest.approx(100.08)
        now = 100.085
        wire.deliver()
        assert os.read(far, 100) == b"?"
        # The meter is faster than the turnaround, so its response waits.
        os.write(far, b"response")
        wire.take(Direction.REPLY)
        assert wire.next_arrival == pytest.approx(100.08 + 0.5 + 0.01)
        now = 200.0
        wire.deliver()
        assert os.read(near, 100) == b"response"
        assert wire.next_arrival is None
    finally:
        os.close(near)
        os.close(far)


def test_the_minimum() -> None:
    """Calculated by hand: a character is 10 bits, a transaction has a gap and a turnaround."""
    timing = Timing(baud=1000, turnaround=0.5)
    traffic = Traffic(requests=2, request_bytes=16, replies=2, reply_bytes=18)
    assert traffic.minimum(timing) == pytest.approx((16 + 18) * 0.01 + 2 * (0.5 + 0.035))
    assert clean(Direction.REPLY, b"SunS") == b"SunS"
