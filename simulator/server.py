"""The lines on which meters can be reached: TCP ports, a pseudo-terminal, a serial port."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.transport import ModbusProtocol

from .bus import Bus
from .pty import PtyTransport, place_link, remove_link

_FASTEST_MULTIDROP = 38_400


class Framing(StrEnum):
    """How frames travel over TCP: Modbus TCP's own header, or RTU frames as on a serial line."""

    SOCKET = "socket"
    RTU = "rtu"


@dataclass(frozen=True, kw_only=True)
class TcpConfig:
    """A TCP port on loopback; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    framing: Framing = Framing.SOCKET

    def __post_init__(self) -> None:
        """Refuse an address that others could reach."""
        require_loopback(self.host)


@dataclass(frozen=True, kw_only=True)
class PtyConfig:
    """A pseudo-terminal with RTU; `link` gives it a lasting path, `baud` a speed to insist on."""

    link: Path | None = None
    baud: int | None = None


@dataclass(frozen=True, kw_only=True)
class SerialConfig:
    """A serial port with RTU, by default with the settings of a new meter (guide 4.1)."""

    port: str
    baud: int = 9600
    parity: str = "N"
    stop_bits: int = 1


class Line(Protocol):
    """A way to reach the meters."""

    async def open(self) -> None:
        """Begin to answer; raises OSError if that cannot be."""

    async def close(self) -> None:
        """Stop answering and leave nothing behind."""

    async def follow_cables(self) -> None:
        """Act on meters that were pulled or plugged."""


class TcpLine:
    """A TCP port. It closes and refuses connections while all of its meters are pulled."""

    def __init__(self, bus: Bus, config: TcpConfig) -> None:
        """Prepare; nothing listens yet."""
        self._bus = bus
        self._server: ModbusTcpServer | None = None
        self.host = config.host
        self.port = config.port
        self.framing = config.framing

    async def open(self) -> None:
        """Listen; a port that was free to choose stays the same from then on.

        Raises:
            OSError: the port is taken.
        """
        server = ModbusTcpServer(
            self._bus.devices(),
            framer=FramerType(self.framing.value),
            address=(self.host, self.port),
            **self._bus.hooks(),
        )
        # Otherwise pymodbus takes a foreign frame on an RTU line for noise before one of ours.
        server.allow_multiple_devices = self.framing is Framing.RTU
        await _serve(server, f"{self.host}:{self.port}")
        self._server = server
        if isinstance(server.transport, asyncio.Server):
            self.port = server.transport.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def follow_cables(self) -> None:
        """Close while nothing is plugged, listen again once something is."""
        if self._server is not None and not self._bus.plugged:
            await self.close()
        elif self._server is None and self._bus.plugged:
            await self.open()


class PtyLine:
    """A pseudo-terminal. Pulled meters are silent on it, as on any serial line."""

    def __init__(self, bus: Bus, config: PtyConfig) -> None:
        """Prepare; there is no device yet."""
        self._bus = bus
        self._config = config
        self._server: ModbusSerialServer | None = None
        self._device = ""

    @property
    def path(self) -> str:
        """The path to open: the link, or else the device itself."""
        return self._device if self._config.link is None else str(self._config.link)

    async def open(self) -> None:
        """Create the device and its link.

        Raises:
            OSError: no pseudo-terminal, or the link cannot be made.
            ValueError: not a speed that a serial port has.
        """
        server = ModbusSerialServer(
            self._bus.devices(),
            port="pty",
            baudrate=9600,
            allow_multiple_devices=True,
            **self._bus.hooks(),
        )
        # pymodbus can only open a path, and the end of the line that is ours has none.
        server.call_create = partial(self._create, server.handle_new_connection)
        await _serve(server, "a pseudo-terminal")
        self._server = server
        if self._config.link is not None:
            try:
                place_link(self._config.link, self._device)
            except OSError:
                await self.close()
                raise

    async def close(self) -> None:
        """Remove the link and the device."""
        if self._server is None:
            return
        if self._config.link is not None:
            remove_link(self._config.link, self._device)
        await self._server.shutdown()  # type: ignore[no-untyped-call]
        self._server = None

    async def follow_cables(self) -> None:
        """Do nothing: the bus keeps pulled meters silent, and the port stays."""

    async def _create(
        self, new_connection: Callable[[], ModbusProtocol]
    ) -> tuple[PtyTransport, ModbusProtocol]:
        """Open the pair in the place of pymodbus' serial port."""
        protocol = new_connection()
        transport = PtyTransport(protocol, self._config.baud)
        self._device = transport.path
        return transport, protocol


class SerialLine:
    """A serial port of this machine. Pulled meters are silent on it."""

    def __init__(self, bus: Bus, config: SerialConfig) -> None:
        """Prepare; the port is not open yet."""
        self._bus = bus
        self._config = config
        self._server: ModbusSerialServer | None = None

    @property
    def port(self) -> str:
        """The path of the port."""
        return self._config.port

    async def open(self) -> None:
        """Open the port.

        Raises:
            OSError: there is no such port, or it is in use.
        """
        server = ModbusSerialServer(
            self._bus.devices(),
            port=self._config.port,
            baudrate=self._config.baud,
            parity=self._config.parity,
            stopbits=self._config.stop_bits,
            allow_multiple_devices=self._config.baud <= _FASTEST_MULTIDROP,
            **self._bus.hooks(),
        )
        await _serve(server, self._config.port)
        self._server = server

    async def close(self) -> None:
        """Close the port."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def follow_cables(self) -> None:
        """Do nothing: the bus keeps pulled meters silent."""


async def _serve(server: ModbusTcpServer | ModbusSerialServer, where: str) -> None:
    """Let a server listen; pymodbus logs the reason of a failure and raises a bare RuntimeError."""
    try:
        await server.serve_forever(background=True)
    except RuntimeError as err:
        raise OSError(f"cannot serve Modbus on {where}: it does not exist or is in use") from err


def require_loopback(host: str) -> None:
    """Refuse hosts that are not this machine.

    Raises:
        ValueError: anything but a loopback address or localhost.
    """
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"{host} is not a loopback address")
