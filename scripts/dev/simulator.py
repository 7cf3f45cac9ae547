"""The simulated meters of the demo, which remember their counters from one start to the next."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import sys
from typing import Any

import aiohttp

from .processes import LOOPBACK, running, wait_until_answering

_SECONDS_BETWEEN_SAVES = 30.0


@dataclass(frozen=True)
class DemoMeter:
    """A meter of the demo: a SunSpec model on a unit, and its place in the house."""

    name: str
    model: int
    unit: int
    role: str
    serial: str


GRID = DemoMeter(name="Grid meter", model=203, unit=100, role="grid", serial="S30700100")
SOLAR = DemoMeter(name="Solar meter", model=201, unit=101, role="solar", serial="S30700101")
_DAYS_IN_SERVICE = 365


class RunningSimulator:
    """A started simulator: where its bus and its page are, and what its page tells."""

    def __init__(self, pty: Path, page: str, session: aiohttp.ClientSession) -> None:
        """Know the simulator by the addresses it was started with."""
        self.pty = pty
        self.page = page
        self._session = session

    async def state(self) -> dict[str, Any]:
        """Return the simulation's state, as its page sees it."""
        return await self._get("/api/state")

    async def history(self, start: int, end: int) -> dict[int, list[dict[str, Any]]]:
        """Return the hourly spans from Unix time ``start`` to ``end`` of each meter, by unit."""
        units = {meter["serial"]: meter["unit"] for meter in (await self.state())["meters"]}
        past = await self._get(f"/api/history?start={start}&end={end}")
        return {units[meter["serial"]]: meter["spans"] for meter in past["meters"]}

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(f"{self.page}{path}") as response:
            response.raise_for_status()
            content: dict[str, Any] = await response.json()
            return content


@asynccontextmanager
async def running_simulator(folder: Path, page_port: int) -> AsyncIterator[RunningSimulator]:
    """Run the demo's meters on one RTU bus, a pseudo-terminal linked in ``folder``.

    While they are off their counters stand still, as those of a meter without power do.

    Raises:
        StartError: the simulator ended, or did not answer within two minutes.
    """
    memory = folder / "meters.json"
    bus = folder / "rs485"
    command = [
        *(sys.executable, "-m", "simulator"),
        *("--pty", str(bus), "--page", f"{LOOPBACK}:{page_port}"),
        *("--timezone", local_time_zone()),
        *_meter_options((GRID, SOLAR), memory),
    ]
    log = folder / "simulator.log"
    page = f"http://{LOOPBACK}:{page_port}"
    async with aiohttp.ClientSession() as session, running(command, log) as process:
        await wait_until_answering(process, page, log)
        simulator = RunningSimulator(bus, page, session)
        saving = asyncio.create_task(_save_often(simulator, memory))
        try:
            yield simulator
        finally:
            saving.cancel()
            # A simulator that has died can tell no more; what it told last is written down.
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await saving
            with suppress(aiohttp.ClientError):
                await _save(simulator, memory)


def _meter_options(meters: Sequence[DemoMeter], memory: Path) -> Iterator[str]:
    remembered = json.loads(memory.read_text()) if memory.exists() else {}
    for meter in meters:
        counters = remembered.get(str(meter.unit)) or {"days": _DAYS_IN_SERVICE}
        fields = {
            "model": meter.model,
            "unit": meter.unit,
            "role": meter.role,
            "serial": meter.serial,
            **counters,
        }
        yield "--meter"
        yield ",".join(f"{name}={value}" for name, value in fields.items())


async def _save_often(simulator: RunningSimulator, memory: Path) -> None:
    while True:
        await _save(simulator, memory)
        await asyncio.sleep(_SECONDS_BETWEEN_SAVES)


async def _save(simulator: RunningSimulator, memory: Path) -> None:
    """Write every counter down, by unit and SunSpec point."""
    counters = {
        meter["unit"]: {
            point: int(value)
            for point, value in meter["truth"].items()
            if point.startswith("Tot") and value is not None
        }
        for meter in (await simulator.state())["meters"]
    }
    complete = memory.with_suffix(".new")
    complete.write_text(json.dumps(counters))
    complete.replace(memory)


def local_time_zone() -> str:
    """Return the name of this machine's time zone, such as Europe/Berlin; UTC if it has none."""
    if name := os.environ.get("TZ"):
        return name.removeprefix(":")
    _, found, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name if found else "UTC"
