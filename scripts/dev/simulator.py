"""Run the simulated meters of the demo, and store their counters for the next start."""

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
    """A meter of the demo: its SunSpec model, unit ID and role."""

    name: str
    model: int
    unit: int
    role: str
    serial: str


GRID = DemoMeter(name="Grid meter", model=203, unit=100, role="grid", serial="S30700100")
SOLAR = DemoMeter(name="Solar meter", model=201, unit=101, role="solar", serial="S30700101")
_DAYS_IN_SERVICE = 365


class RunningSimulator:
    """A running simulator: the addresses of its bus and its page, and access to its state."""

    def __init__(self, pty: Path, page: str, session: aiohttp.ClientSession) -> None:
        """Connect to the simulator that was started with these addresses."""
        self.pty = pty
        self.page = page
        self._session = session

    async def state(self) -> dict[str, Any]:
        """Return the simulation's state."""
        return await self._get("/api/state")

    async def history(
        self, start: int, end: int, step: int = 3600
    ) -> dict[int, list[dict[str, Any]]]:
        """Return the spans of ``step`` s between two Unix times of each meter, by unit."""
        units = {meter["serial"]: meter["unit"] for meter in (await self.state())["meters"]}
        past = await self._get(f"/api/history?start={start}&end={end}&step={step}")
        return {units[meter["serial"]]: meter["spans"] for meter in past["meters"]}

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._session.get(f"{self.page}{path}") as response:
            response.raise_for_status()
            content: dict[str, Any] = await response.json()
            return content


@asynccontextmanager
async def running_simulator(folder: Path, page_port: int) -> AsyncIterator[RunningSimulator]:
    """Run the demo's meters on one RTU bus, a pseudo-terminal linked in ``folder``.

    While the simulator is off, the counters do not count, like those of a meter without power.

    Raises:
        StartError: the simulator ended, or did not answer within two minutes.
    """
    stored_counters = folder / "meters.json"
    bus = folder / "rs485"
    command = [
        *(sys.executable, "-m", "simulator"),
        *("--pty", str(bus), "--page", f"{LOOPBACK}:{page_port}"),
        *("--timezone", local_time_zone()),
        *_meter_options((GRID, SOLAR), stored_counters),
    ]
    log = folder / "simulator.log"
    page = f"http://{LOOPBACK}:{page_port}"
    async with aiohttp.ClientSession() as session, running(command, log) as process:
        await wait_until_answering(process, page, log)
        simulator = RunningSimulator(bus, page, session)
        saving = asyncio.create_task(_save_regularly(simulator, stored_counters))
        try:
            yield simulator
        finally:
            saving.cancel()
            # If the simulator has ended, the counters of the last save remain.
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await saving
            with suppress(aiohttp.ClientError):
                await _save(simulator, stored_counters)


def _meter_options(meters: Sequence[DemoMeter], stored_counters: Path) -> Iterator[str]:
    stored = json.loads(stored_counters.read_text()) if stored_counters.exists() else {}
    for meter in meters:
        counters = stored.get(str(meter.unit)) or {"days": _DAYS_IN_SERVICE}
        fields = {
            "model": meter.model,
            "unit": meter.unit,
            "role": meter.role,
            "serial": meter.serial,
            **counters,
        }
        yield "--meter"
        yield ",".join(f"{name}={value}" for name, value in fields.items())


async def _save_regularly(simulator: RunningSimulator, stored_counters: Path) -> None:
    while True:
        await _save(simulator, stored_counters)
        await asyncio.sleep(_SECONDS_BETWEEN_SAVES)


async def _save(simulator: RunningSimulator, stored_counters: Path) -> None:
    """Store all counters, by unit ID and SunSpec point."""
    counters = {
        meter["unit"]: {
            point: int(value)
            for point, value in meter["truth"].items()
            if point.startswith("Tot") and value is not None
        }
        for meter in (await simulator.state())["meters"]
    }
    complete = stored_counters.with_suffix(".new")
    complete.write_text(json.dumps(counters))
    complete.replace(stored_counters)


def local_time_zone() -> str:
    """Return the name of this machine's time zone, such as Europe/Berlin; UTC if it has none."""
    if name := os.environ.get("TZ"):
        return name.removeprefix(":")
    _, found, name = str(Path("/etc/localtime").resolve()).partition("/zoneinfo/")
    return name if found else "UTC"
