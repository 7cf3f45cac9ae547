"""Measure one Home Assistant with many meters on one line."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any, Final

from scripts.dev.client import Client, signed_in, wait_for
from scripts.dev.flows import add_entry
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import free_port
from simulator.server import SerialConfig, SerialLine, TcpConfig, TcpLine
from tests.wire.wire import Timing, running_wire

from .database import SECONDS_UNTIL_COMMITTED, Database
from .gateway import Gateway
from .household import CountingBus, opened, running_meters
from .process import Usage

_MODEL: Final = 203
_FIRST_UNIT: Final = 1
_SECONDS_BETWEEN_PINGS: Final = 0.2
_MINUTE: Final = 60.0
"""s; a test has less time"""
_SECONDS_ALONE: Final = 10.0
_SECONDS_TO_SHOW: Final = 120.0
_ENTRIES: Final = "/api/config/config_entries/entry?domain=dts307"
_NO_VALUE: Final = {None, "unknown", "unavailable"}


@dataclass(frozen=True)
class Line:
    """A line with this many meters: an RS-485 bus, or one behind a Modbus TCP gateway."""

    meters: int
    gateway: bool
    timing: Timing

    @property
    def transport(self) -> str:
        """The item of the config flow's menu."""
        return "network" if self.gateway else "serial"

    @property
    def name(self) -> str:
        """The name in the table."""
        place = "behind a Modbus TCP gateway, with" if self.gateway else "on one RS-485 bus of"
        return f"{self.meters} {place} {self.timing.baud} baud"


LINES: Final = (
    Line(16, gateway=False, timing=Timing()),
    Line(32, gateway=True, timing=Timing(baud=38_400)),
)


@dataclass(frozen=True)
class Minute:
    """A minute of Home Assistant: memory in bytes at its end, and the answers to pings in s."""

    memory: int
    pings: Sequence[float]


@dataclass(frozen=True)
class Many:
    """What happened on one line.

    ``alone`` is Home Assistant before there was any meter. ``polls`` are the monotonic times of the
    polls of each meter. ``failures`` counts how often a meter became unavailable.
    """

    line: Line
    alone: Minute
    minutes: Sequence[Minute]
    seconds: float
    cpu: float
    polls: Sequence[Sequence[float]]
    failures: int


async def measure_many(folder: Path, line: Line, minutes: int, minute: float = _MINUTE) -> Many:
    """Add the meters of a line to a new Home Assistant, and watch it poll them.

    Raises:
        HomeAssistantError: a meter could not be added.
        StartError: Home Assistant did not start.
    """
    config = folder / f"many-{line.meters}"
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        meters = await enter(running_meters([_MODEL] * line.meters, _FIRST_UNIT))
        bus = CountingBus(meters)
        place = await enter(_place(line, bus))
        home_assistant = await enter(running_home_assistant(config, free_port()))
        pid = home_assistant.process.pid
        async with signed_in(home_assistant.url) as client:
            await client.wait_until_running()
            alone = await _watch(client, pid, _SECONDS_ALONE)
            await _add_meters(client, line, place)
        # Home Assistant has closed a websocket on which nothing was read during the setup.
        client = await enter(signed_in(home_assistant.url))
        powers = await _powers(client, line.meters)
        before, begin, began = Usage.of(pid), time.time(), time.monotonic()
        watched = [await _watch(client, pid, minute) for _ in range(minutes)]
        used, end, ended = Usage.of(pid).since(before), time.time(), time.monotonic()
        await asyncio.sleep(SECONDS_UNTIL_COMMITTED)
        with Database.open(config) as database:
            failures = database.unavailable(powers, begin, end)
        polls = [[at for at in bus.polls[meter.unit] if began <= at < ended] for meter in meters]
        return Many(line, alone, watched, ended - began, used.cpu, polls, failures)


@asynccontextmanager
async def _place(line: Line, bus: CountingBus) -> AsyncIterator[dict[str, Any]]:
    """Serve the meters on the line; enter with its address, as the config flow asks for it."""
    async with AsyncExitStack() as stack:
        if line.gateway:
            server = await stack.enter_async_context(opened(TcpLine(bus, TcpConfig())))
            gateway = Gateway(server.host, server.port, line.timing)
            port = await stack.enter_async_context(gateway.running())
            yield {"host": server.host, "port": port}
            return
        wire = stack.enter_context(running_wire(line.timing))
        settings = SerialConfig(port=wire.server_path, baud=line.timing.baud)
        await stack.enter_async_context(opened(SerialLine(bus, settings)))
        yield {"device": wire.client_path}


async def _add_meters(client: Client, line: Line, place: dict[str, Any]) -> None:
    """Add all meters; each flow finds some of them, and suggests to add these."""
    while (added := len(await client.get(_ENTRIES))) < line.meters:
        answers = {**place, "unit_id": _FIRST_UNIT + added}
        await add_entry(client, "dts307", {line.transport}, answers)


async def _powers(client: Client, meters: int) -> set[str]:
    """Return the entity IDs of the meters' powers, once all have values."""

    async def look() -> set[str]:
        found = {
            entity["entity_id"]
            for entity in await client.command("config/entity_registry/list")
            if entity["platform"] == "dts307" and entity["unique_id"].partition("_")[2] == "power"
        }
        states = await client.states()
        shown = {entity for entity in found if states.get(entity) not in _NO_VALUE}
        return shown if len(shown) == meters else set()

    return await wait_for(look, "the power of all meters", _SECONDS_TO_SHOW)


async def _watch(client: Client, pid: int, seconds: float) -> Minute:
    """Measure for some seconds how long Home Assistant takes to answer."""
    end = time.monotonic() + seconds
    pings = []
    while (began := time.monotonic()) < end:
        await client.ping()
        pings.append(time.monotonic() - began)
        await asyncio.sleep(_SECONDS_BETWEEN_PINGS)
    return Minute(Usage.of(pid).memory, pings)
