"""The simulator: sites, meters, clock and lines, started and stopped together."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from types import TracebackType
from typing import Self
from zlib import crc32

from .bus import Bus
from .clock import Clock
from .history import MeterHistory, meter_history
from .house import House
from .measure import Role
from .meter import Meter, Site
from .meter_config import MeterConfig
from .replay import Replay
from .server import Line, PtyConfig, PtyLine, SerialConfig, SerialLine, TcpConfig, TcpLine


@dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """What to simulate and how to reach it.

    Args:
        meters: the meters, all on one bus.
        replays: registers of real meters, on the same bus.
        tcp: TCP ports to serve the bus on.
        pty: a pseudo-terminal to serve the bus on.
        serial: a serial port to serve the bus on.
        start: simulated time at the start; None for now. Without a time zone, in `timezone`.
        speed: speed of simulated time; with 0 only `clock.advance` moves it.
        timezone: the time zone of the houses.
        latitude: the latitude of the houses, in degrees north.
        nominal_voltage: line to neutral, V.
        nominal_frequency: Hz.
        solar_peak: the peak power of each site's plant, W.
        busy: busy households, with about a thousand switching events a day.
        seed: seed of all random values.
    """

    meters: Sequence[MeterConfig] = field(default=(MeterConfig(),))
    replays: Sequence[Replay] = ()
    tcp: Sequence[TcpConfig] = ()
    pty: PtyConfig | None = None
    serial: SerialConfig | None = None
    start: datetime | None = None
    speed: float = 0
    timezone: tzinfo = UTC
    latitude: float = 40.0
    nominal_voltage: float = 120.0
    nominal_frequency: float = 60.0
    solar_peak: float = 5000.0
    busy: bool = False
    seed: int = 307


class Simulator:
    """Simulated meters; they run and can be reached while the async context lasts.

    Raises:
        ValueError: two meters share a unit or a serial number, or a counter does not exist.
    """

    def __init__(self, config: SimulatorConfig) -> None:
        """Create the meters; the context opens their lines."""
        self.config = config
        sites = {meter.site: Site(_house(config, meter.site)) for meter in config.meters}
        self.clock = Clock(_start(config), self._follow, config.speed)
        self.meters = [Meter(meter, sites[meter.site], self.clock.start) for meter in config.meters]
        if len({meter.serial for meter in self.meters}) < len(self.meters):
            raise ValueError("two meters have the same serial number")
        bus = Bus(self.meters, config.replays)
        self.tcp = [TcpLine(bus, tcp) for tcp in config.tcp]
        self.pty = None if config.pty is None else PtyLine(bus, config.pty)
        self.serial = None if config.serial is None else SerialLine(bus, config.serial)
        self._running = AsyncExitStack()

    @property
    def tcp_port(self) -> int:
        """The first TCP port."""
        return self.tcp[0].port

    @property
    def pty_path(self) -> str:
        """The path of the pseudo-terminal.

        Raises:
            LookupError: the simulator has no pseudo-terminal.
        """
        if self.pty is None:
            raise LookupError("the simulator has no pseudo-terminal")
        return self.pty.path

    def meter(self, serial: str) -> Meter:
        """Return a meter by serial number.

        Raises:
            KeyError: no such meter.
        """
        return {meter.serial: meter for meter in self.meters}[serial]

    async def __aenter__(self) -> Self:
        """Open all lines, and start the clock.

        Raises:
            OSError: a line cannot be opened; all others are closed again then.
        """
        async with AsyncExitStack() as stack:
            for line in self._lines():
                stack.push_async_callback(line.close)
                await line.open()
            running = asyncio.create_task(self.clock.run(), name="simulated time")
            stack.push_async_callback(_cancel, running)
            self._running = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the clock, and close all lines."""
        await self._running.aclose()

    async def set_plugged(self, plugged: bool, meters: Sequence[Meter] = ()) -> None:  # noqa: FBT001
        """Plug or unplug the cables of some meters, or of all if ``meters`` is empty.

        An unplugged meter is silent. A TCP port closes with its last plugged meter.

        Raises:
            OSError: the TCP port is in use by now.
        """
        for meter in meters or self.meters:
            meter.plugged = plugged
        for line in self._lines():
            await line.follow_cables()

    def set_house(self, meter: Meter, house: House) -> None:
        """Change the house of a meter's site, for all meters there."""
        meter.site.house = house
        for other in self.meters:
            if other.site is meter.site:
                other.refresh()

    def history(
        self, start: int, end: int | None = None, *, step: int = 3600, resolution: int = 300
    ) -> list[MeterHistory]:
        """Return the past of every meter, up to the start of the simulation at most.

        Times are Unix times; see `meter_history`. Ten days take about a second.

        Raises:
            ValueError: see `meter_history`.
        """
        end = self.clock.start if end is None else end
        return [
            meter_history(meter, start, end, step=step, resolution=resolution)
            for meter in self.meters
        ]

    def endpoints(self) -> dict[str, object]:
        """Return the addresses of all lines, as JSON."""
        return {
            "tcp": [
                {"host": tcp.host, "port": tcp.port, "framing": tcp.framing.value}
                for tcp in self.tcp
            ],
            "pty": None if self.pty is None else self.pty.path,
            "serial": None if self.serial is None else self.serial.port,
        }

    def _lines(self) -> list[Line]:
        return [*self.tcp, *(line for line in (self.pty, self.serial) if line is not None)]

    def _follow(self, seconds: int) -> None:
        for meter in self.meters:
            meter.advance(seconds)


def _start(config: SimulatorConfig) -> int:
    """Return the Unix time at which the simulation starts."""
    start = config.start or datetime.now(config.timezone)
    if start.tzinfo is None:
        start = start.replace(tzinfo=config.timezone)
    return int(start.timestamp())


def _house(config: SimulatorConfig, site: str) -> House:
    """Return the house of a site, with the phases that its meters measure.

    The plant is on the phases of the meter at its inverter; without such a meter, on all phases.
    """
    here = [meter for meter in config.meters if meter.site == site]
    phases = max(len(meter.wiring.phases) for meter in here)
    inverters = [len(meter.wiring.phases) for meter in here if meter.role is Role.SOLAR]
    return House(
        seed=config.seed ^ crc32(site.encode()),
        phases=phases,
        inverter_phases=max(inverters, default=phases),
        solar_peak=config.solar_peak,
        nominal_voltage=config.nominal_voltage,
        nominal_frequency=config.nominal_frequency,
        latitude=config.latitude,
        timezone=config.timezone,
        busy=config.busy,
    )


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task and wait for it."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
