"""Serve what is read of meters to other Modbus clients."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
import errno
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

import typer

from .connect import connected
from .meter import MeterError
from .meter.modbus import LINK_TIMING, LinkTiming
from .meter.sharing import RegisterImage, SharedMeter, SunSpecServer
from .options import Every, seconds
from .program import OutageNotes, fail, run, say
from .session import MeterReader, Readings
from .target import (
    DEFAULT_BAUD,
    DEFAULT_UNIT,
    Baud,
    ParityLetter,
    Places,
    RtuOverTcp,
    StopBitCount,
    Target,
    Units,
    parse_targets,
)

Listen = Annotated[
    list[str] | None,
    typer.Option(
        "--listen",
        "-l",
        help="An address of this machine; repeatable. 0.0.0.0 stands for all. Without it, only this"
        " machine is served.",
    ),
]
Port = Annotated[int, typer.Option("--port", "-p", min=0, max=0xFFFF, help="The TCP port.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        help="A client's address or network, such as 192.168.1.0/24; repeatable. Without it, all"
        " clients are answered.",
    ),
]


def serve(  # noqa: PLR0913 - they are the options of the command line
    where: Places,
    *,
    unit: Units = None,
    listen: Listen = None,
    port: Port = 1502,
    allow: Allow = None,
    every: Every = "1s",
    baud: Baud = DEFAULT_BAUD,
    parity: ParityLetter = "N",
    stop_bits: StopBitCount = 1,
    rtu_over_tcp: RtuOverTcp = False,
) -> None:
    """Share meters with other Modbus clients, read-only, until Ctrl-C.

    Each meter is served under its unit ID, as a SunSpec meter over Modbus TCP. A meter that does
    not answer is never served with old numbers: clients get exception 0x0B.

    [bold]Examples[/bold]

        dts307 serve /dev/ttyUSB0 --listen 192.168.1.20
        dts307 serve COM3#100,101 --listen 0.0.0.0 --allow 192.168.1.30
    """
    targets = parse_targets(
        where,
        unit or [DEFAULT_UNIT],
        baud=baud,
        parity=parity,
        stop_bits=stop_bits,
        rtu_over_tcp=rtu_over_tcp,
    )
    unit_ids = [target.unit_id for target in targets]
    if len(set(unit_ids)) < len(unit_ids):
        raise typer.BadParameter("Two meters have the same unit ID. Serve them on two ports.")
    server = SunSpecServer(listen or ["127.0.0.1"], port, allowed=_networks(allow or []))
    note = "" if listen else ", for this machine only: --listen lets others connect"
    run(keep_serving(targets, server, seconds(every), note=note))


def _networks(texts: Sequence[str]) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(text, strict=False) for text in texts]
    except ValueError as err:
        raise typer.BadParameter(f"{err}.") from err


async def keep_serving(
    targets: Sequence[Target],
    server: SunSpecServer,
    interval: float,
    timing: LinkTiming = LINK_TIMING,
    *,
    note: str = "",
) -> None:
    """Read each meter every ``interval`` s, and serve what was read, until cancelled.

    ``note`` says for whom. Raises typer.Exit if the server cannot listen.
    """
    async with AsyncExitStack() as stack:
        buses = dict.fromkeys(target.bus for target in targets)
        connections = {
            bus: await stack.enter_async_context(connected(bus, timing)) for bus in buses
        }
        meters = [
            _ServedMeter(target, MeterReader(connections[target.bus], target.unit_id), interval)
            for target in targets
        ]
        for meter in meters:
            meter.add_to(server)
        try:
            await server.start()
        except OSError as err:
            raise fail(f"The server cannot listen: {_why_not(err)}") from err
        stack.push_async_callback(server.stop)
        units = ", ".join(str(target.unit_id) for target in targets)
        say(f"Serving unit {units} on port {server.port}{note}.")
        async with asyncio.TaskGroup() as group:
            for meter in meters:
                group.create_task(meter.keep_reading())


def _why_not(err: OSError) -> str:
    """Return why a port cannot be opened, and what to do."""
    match err.errno:
        case errno.EADDRINUSE:
            return "another program uses the port. Stop it, or choose another port with --port."
        case errno.EACCES:
            return "this port needs a permission. Choose one above 1023 with --port."
        case _:
            return f"{err.strerror or err}. Check the address after --listen."


class _ServedMeter:
    """Reads one meter again and again, and keeps the latest reading for clients."""

    def __init__(self, target: Target, reader: MeterReader, interval: float) -> None:
        """Begin without a reading."""
        self._target = target
        self._readings = Readings(reader, interval)
        self._interval = interval
        self._image: RegisterImage | None = None
        self._outage = OutageNotes(target.bus, f"Unit {target.unit_id}")

    def add_to(self, server: SunSpecServer) -> None:
        """Serve the latest reading, for three polls."""
        meter = SharedMeter.polled(lambda: self._image, self._interval)
        server.meters.add(self._target.unit_id, meter)

    async def keep_reading(self) -> None:
        """Read the meter until this is cancelled."""
        while True:
            reading = await self._readings.next()
            if isinstance(reading, MeterError):
                self._outage.failed(reading)
                continue
            self._outage.answered()
            readings = self._readings
            self._image = RegisterImage.of(readings.meter, reading, readings.began)
