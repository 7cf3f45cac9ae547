"""What clients of a shared meter can do to the process that shares it."""

import asyncio
from dataclasses import dataclass
import gc
import json
import os
import sys
import time
from typing import Any, Final

from custom_components.dts307.meter.sharing import RegisterImage, SharedMeter, SunSpecServer
from simulator import MeterConfig
from simulator.house import House
from simulator.meter import Meter, Site

from .process import Usage
from .sharing_clients import GOOD, HOST, LOADS, UNIT_ID

_TICK: Final = 0.01
"""s between two looks at how late the event loop is"""
_NOON: Final = 1_780_315_200


@dataclass(frozen=True)
class SharingResult:
    """What a load did."""

    load: str
    seconds: float
    good: dict[str, Any]
    latest: float
    """s; the longest time for which the event loop did nothing else, such as a poll"""
    cpu: float
    """s"""
    memory: int
    """bytes, afterwards"""


async def measure_sharing(seconds: float, loads: list[str] | None = None) -> list[SharingResult]:
    """Serve a meter to ten good clients, with each load beside them for some time."""
    words = tuple(Meter(MeterConfig(unit=UNIT_ID), Site(House()), _NOON).image().registers)
    server = SunSpecServer([HOST], 0)
    server.meters.add(
        UNIT_ID,
        SharedMeter(latest_image=lambda: RegisterImage(words, time.monotonic()), max_age=15),
    )
    await server.start()
    try:
        return [await _measure(server.port, load, seconds) for load in loads or LOADS]
    finally:
        await server.stop()


class _Lateness:
    """How late the event loop gets to what is due, as polls are."""

    def __init__(self) -> None:
        self.worst = 0.0
        """s"""

    async def watch(self) -> None:
        """Look again and again, until this is cancelled."""
        while True:
            due = time.monotonic() + _TICK
            await asyncio.sleep(_TICK)
            self.worst = max(self.worst, time.monotonic() - due)


async def _measure(port: int, load: str, seconds: float) -> SharingResult:
    before, begun = Usage.of(os.getpid()), time.monotonic()
    lateness = _Lateness()
    watching = asyncio.create_task(lateness.watch())
    good = await _started(GOOD, port, seconds)
    # The good clients are connected first, as they would be at home.
    await asyncio.sleep(1)
    bad = await _started(load, port, seconds)
    output, _ = await good.communicate()
    await bad.wait()
    passed = time.monotonic() - begun
    watching.cancel()
    gc.collect()
    usage = Usage.of(os.getpid()).since(before)
    return SharingResult(load, passed, json.loads(output), lateness.worst, usage.cpu, usage.memory)


async def _started(role: str, port: int, seconds: float) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "scripts.benchmark.sharing_clients"]
    return await asyncio.create_subprocess_exec(
        *command, role, str(port), str(seconds), stdout=asyncio.subprocess.PIPE
    )


def print_sharing(results: list[SharingResult]) -> None:
    """Print the table of docs/sharing.md."""
    print("\n| beside ten clients at 1 Hz | answers | missing | slowest | latest | CPU | memory |")
    print("|---|---|---|---|---|---|---|")
    for each in results:
        print(
            f"| {each.load} | {each.good['answers']} | {each.good['missing']}"
            f" | {each.good['slowest'] * 1000:.0f} ms | {each.latest * 1000:.0f} ms"
            f" | {each.cpu / each.seconds:.0%} | {each.memory / 1e6:.0f} MB |"
        )
