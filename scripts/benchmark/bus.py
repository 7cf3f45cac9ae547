"""A bus of simulated meters; the wire and the meters run in separate processes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
import sys
from typing import Final

from scripts.dev.client import wait_for
from scripts.dev.processes import running
from tests.wire.wire import RunningWire, Timing, clean, running_wire

from .silence import Muted

MODEL: Final = 203
BAUDRATE: Final = 9600
"""The baud rate that ports are opened with; the wire's timing decides its real speed."""
_FIRST_UNIT: Final = 100
_INSTANT: Final = "2026-06-22T12:00:00+00:00"


@dataclass(frozen=True)
class MeterBus:
    """Meters of SunSpec model 203 with constant values, and the wire to them."""

    wire: RunningWire
    units: tuple[int, ...]

    @property
    def port(self) -> str:
        """The path of the serial port to open."""
        return self.wire.client_path

    @contextmanager
    def muted(self, unit: int) -> Iterator[None]:
        """Drop the replies of ``unit`` until the context ends."""
        self.wire.suffer(Muted(unit))
        try:
            yield
        finally:
            self.wire.suffer(clean)


@asynccontextmanager
async def running_bus(
    folder: Path, name: str, *, meters: int = 1, timing: Timing | None = None
) -> AsyncIterator[MeterBus]:
    """Run a bus until the context ends; its meters write a log into ``folder``.

    Raises:
        HomeAssistantError: the meters did not start within a minute.
    """
    units = tuple(range(_FIRST_UNIT, _FIRST_UNIT + meters))
    log = folder / f"{name}.log"
    with running_wire(timing) as wire:
        command = [
            *(sys.executable, "-m", "simulator"),
            *("--start", _INSTANT, "--speed", "0"),
            *("--serial", wire.server_path, "--baud", str(BAUDRATE)),
        ]
        for unit in units:
            command += ["--meter", f"model={MODEL},unit={unit},days=30"]
        async with running(command, log):
            await wait_for(partial(_is_ready, log), f"the simulated meters of {name}")
            yield MeterBus(wire, units)


async def _is_ready(log: Path) -> bool:
    return '"ready": true' in await asyncio.to_thread(log.read_text)
