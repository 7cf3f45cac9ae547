"""A soak from the first poll to the last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
import time

from simulator import Framing, MeterConfig, Role, Simulator, SimulatorConfig, TcpConfig
from tests.wire.proxy import proxy
from tests.wire.soak.memory import Memory
from tests.wire.soak.mishaps import Mishaps
from tests.wire.soak.report import Report
from tests.wire.soak.soak import Soak

_PARTS = ("", "PhA", "PhB", "PhC")
_ANNEX = {point + part: 1_000_000 for point in ("TotWhImp", "TotWhExp") for part in _PARTS}

METERS = (
    # Its registers roll over early in a run.
    MeterConfig(
        unit=100,
        model=203,
        counters={
            "TotWhImp": 2**32 - 300,
            "TotWhImpPhA": 2**32 - 100,
            "TotWhImpPhB": 2**31 - 100,
            "TotWhImpPhC": 1_000_000,
            "TotWhExp": 40_000,
            "TotWhExpPhA": 20_000,
            "TotWhExpPhB": 10_000,
            "TotWhExpPhC": 10_000,
        },
    ),
    MeterConfig(
        unit=101,
        model=201,
        role=Role.SOLAR,
        counters={"TotWhExp": 5_000_000, "TotWhExpPhA": 5_000_000},
    ),
    MeterConfig(unit=102, model=213, site="annex", counters=_ANNEX),
)

FAULT_EVERY = 10
"""Rounds of polls, on average, between two faults."""

_START = datetime(2026, 6, 1, 18, tzinfo=UTC)
_MEMORY_SAMPLES = 20
_SETTLING_INTERVAL = 5


@asynccontextmanager
async def _polled_bus(framing: Framing, seed: int) -> AsyncIterator[Soak]:
    """Open the bus and the gateway, and identify the meters."""
    config = SimulatorConfig(
        meters=METERS, tcp=[TcpConfig(framing=framing)], start=_START, seed=seed
    )
    # Its clock is advanced by hand; a running one would end skipped waits 20 times a second.
    simulator = Simulator(config)
    (line,) = simulator.tcp
    await line.open()
    try:
        async with proxy(line) as gateway:
            soak = Soak(simulator, gateway)
            await soak.start()
            try:
                yield soak
            finally:
                await soak.stop()
    finally:
        await line.close()


def _no_progress(_report: Report) -> None:
    """Show no progress."""


async def run(  # noqa: PLR0913 - a soak is described by what it is made of
    polls: int,
    seed: int,
    framing: Framing = Framing.SOCKET,
    *,
    fault_every: int = FAULT_EVERY,
    progress: Callable[[Report], None] = _no_progress,
    stop: asyncio.Event | None = None,
) -> Report:
    """Soak for ``polls`` polls, or until ``stop`` is set, then settle and judge."""
    began = time.perf_counter()
    async with _polled_bus(framing, seed) as soak:
        report = soak.report
        mishaps = Mishaps(soak, Random(seed), fault_every)  # noqa: S311 - no secrets
        while report.polls < polls and not (stop and stop.is_set()):
            await mishaps.round()
            if report.polls * _MEMORY_SAMPLES >= polls * (len(report.memory) + 1):
                report.memory.append(Memory.now())
                report.seconds = time.perf_counter() - began
                progress(report)
        await soak.settle(_SETTLING_INTERVAL)
        report.memory.append(Memory.now())
        report.simulated = soak.now - _START.timestamp()
    report.seconds = time.perf_counter() - began
    return report
