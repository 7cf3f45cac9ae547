"""The lines that meters are connected to: TCP ports, a pseudo-terminal, a serial port."""

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
    """Framing on TCP: Modbus TCP, or RTU frames as on a serial line."""

    SOCKET = "socket"
    RTU = "rtu"


@dataclass(frozen=True, kw_only=True)
class TcpConfig:
    """A TCP port on loopback; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 0
    framing: Framing = Framing.SOCKET

    def __post_init__(self) -> None:
        """Refuse addresses that other machines could reach."""
        require_loopback(self.host)


@dataclass(frozen=True, kw_only=True)
class PtyConfig:
    """A pseudo-terminal with RTU; `link` is a persistent path, `baud` the only accepted speed."""

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
    """A line that the meters are connected to."""

    async def open(self) -> None:
        """Start to answer; raises OSError if that fails."""

    async def close(self) -> None:
        """Stop answering and leave nothing behind."""

    async def follow_cables(self) -> None:
        """React to meters that were plugged or unplugged."""


class TcpLine:
    """A TCP port. It is closed, and refuses connections, while all of its meters are unplugged."""

    def __init__(self, bus: Bus, config: TcpConfig) -> None:
        """Prepare; ``open`` starts the server."""
        self._bus = bus
        self._server: ModbusTcpServer | None = None
        self.host = config.host
        self.port = config.port
        self.framing = config.framing

    async def open(self) -> None:
        """Start the server; a free port, once chosen, stays the same.

        Raises:
            OSError: the port is taken.
        """
        server = ModbusTcpServer(
            self._bus.devices(),
            framer=FramerType(self.framing.value),
            address=(self.host, self.port),
            **self._bus.hooks(),
        )
        # Otherwise pymodbus treats frames of other devices on an RTU line as noise.
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
        """Close while no meter is plugged in, and open again once one is."""
        if self._server is not None and not self._bus.plugged:
            await self.close()
        elif self._server is None and self._bus.plugged:
            await self.open()


class PtyLine:
    """A pseudo-terminal. Unplugged meters are silent on it, as on any serial line."""

    def __init__(self, bus: Bus, config: PtyConfig) -> None:
        """Prepare; ``open`` creates the device."""
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
            OSError: no pseudo-terminal is available, or the link cannot be created.
            ValueError: the configured baud rate is not a speed of a serial port.
        """
        server = ModbusSerialServer(
            self._bus.devices(),
            port="pty",
            baudrate=9600,
            allow_multiple_devices=True,
            **self._bus.hooks(),
        )
        # pymodbus can only open a path, and our end of the pseudo-terminal has none.
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
        """Do nothing: the bus keeps unplugged meters silent, and the port stays open."""

    async def _create(
        self, new_connection: Callable[[], ModbusProtocol]
    ) -> tuple[PtyTransport, ModbusProtocol]:
        """Open the pseudo-terminal instead of pymodbus' serial port."""
        protocol = new_connection()
        transport = PtyTransport(protocol, self._config.baud)
        self._device = transport.path
        return transport, protocol


class SerialLine:
    """A serial port of this machine. Unplugged meters are silent on it."""

    def __init__(self, bus: Bus, config: SerialConfig) -> None:
        """Prepare; ``open`` opens the port."""
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
        """Do nothing: the bus keeps unplugged meters silent."""


async def _serve(server: ModbusTcpServer | ModbusSerialServer, where: str) -> None:
    """Start a server; pymodbus logs the reason of a failure, and raises only RuntimeError."""
    try:
        await server.serve_forever(background=True)
    except RuntimeError as err:
        raise OSError(f"cannot serve Modbus on {where}: it does not exist or is in use") from err


def require_loopback(host: str) -> None:
    """Refuse hosts other than this machine.

    Raises:
        ValueError: the host is not a loopback address or localhost.
    """
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"{host} is not a loopback address")
