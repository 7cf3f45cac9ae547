"""A serial port that hears a bus at another speed or parity as a real one does: as noise."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import fcntl
import os
from pathlib import Path
import struct
from typing import Any, override

from pymodbus.transport import ModbusProtocol
import pytest
import serialx

from simulator.pty import PtyTransport
from simulator.server import PtyConfig, PtyLine
from tests.device import Bench, Device

_SAMPLES = 16
"""How often in a bit a receiver looks for the beginning of a character."""

_READ_SIZE = 4096
_REQUEST_BYTES = 8
"""The length of each request to read registers (Modbus over Serial Line 2.5.1)."""
_TCGETS2 = 0x802C542A
"""Asks Linux for the settings of a terminal, with speeds that POSIX has no names for."""
_TERMIOS2 = struct.Struct("@4IB19s2I")
"""The last number is the speed of output."""


def _speed(terminal: int) -> int:
    """Return the speed that a client has set, in bit/s."""
    settings = fcntl.ioctl(terminal, _TCGETS2, bytes(_TERMIOS2.size))
    speed: int = _TERMIOS2.unpack(settings)[-1]
    return speed


def heard_at(baud: int, data: bytes, sent_at: int) -> bytes:
    """Return what a receiver at one speed makes of bytes that are sent at another (8N1)."""
    levels = [level for byte in data for level in (0, *(byte >> bit & 1 for bit in range(8)), 1)]

    def level(moment: float) -> int:
        at = int(moment * sent_at)
        return levels[at] if at < len(levels) else 1

    heard = bytearray()
    moment = 0.0
    while moment * sent_at < len(levels):
        if level(moment):
            moment += 1 / (_SAMPLES * baud)
            continue
        heard.append(sum(level(moment + (bit + 1.5) / baud) << bit for bit in range(8)))
        moment += 9.5 / baud
        while not level(moment):
            moment += 1 / (_SAMPLES * baud)
    return bytes(heard)


class UartLine(PtyLine):
    """A port on a bus whose devices have a speed and a parity.

    A ``neighbour`` sends its bytes whenever a request arrives, at the bus's speed.
    """

    def __init__(
        self,
        *devices: Device,
        baud: int,
        parity: str = "N",
        link: Path | None = None,
        turnaround: float | None = None,
    ) -> None:
        """Put devices on the bus.

        With a ``turnaround``, in seconds, questions and answers take their time on the wire.
        """
        super().__init__(Bench(*devices), PtyConfig(link=link))
        self.baud = baud
        self.parity = parity
        self.turnaround = turnaround
        self.neighbour = b""
        self.port_parity = "N"
        """What the client has set; a pseudo-terminal knows none but this."""
        self.tried: list[tuple[int, str]] = []
        """The speeds and parities at which the client has spoken."""

    @override
    async def _create(
        self, new_connection: Callable[[], ModbusProtocol]
    ) -> tuple[PtyTransport, ModbusProtocol]:
        protocol = new_connection()
        transport = _UartTransport(protocol, self)
        self._device = transport.path
        return transport, protocol


class _UartTransport(PtyTransport):
    def __init__(self, protocol: ModbusProtocol, line: UartLine) -> None:
        super().__init__(protocol, None)
        self._line = line
        self._question_size = 0

    @override
    def _read(self) -> None:
        data = os.read(self._master, _READ_SIZE)
        baud = _speed(self._slave)
        line = self._line
        # On a busy machine, one read may return several requests.
        line.tried += [(baud, line.port_parity)] * (len(data) // _REQUEST_BYTES)
        if line.neighbour:
            self.write(heard_at(baud, line.neighbour, line.baud))
        if (baud, line.port_parity) == (line.baud, line.parity):
            self._question_size = len(data)
            self._protocol.data_received(data)

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        line = self._line
        if line.turnaround is None:
            super().write(data)
            return
        bits = (self._question_size + len(data)) * (10 if line.parity == "N" else 11)
        seconds = bits / line.baud + line.turnaround
        asyncio.get_running_loop().call_later(seconds, super().write, bytes(data))


@asynccontextmanager
async def uart(
    monkeypatch: pytest.MonkeyPatch,
    *devices: Device,
    baud: int,
    parity: str = "N",
    link: Path | None = None,
    turnaround: float | None = None,
) -> AsyncIterator[UartLine]:
    """Serve devices on a bus with a speed and a parity."""
    line = UartLine(*devices, baud=baud, parity=parity, link=link, turnaround=turnaround)
    connect = serialx.create_serial_connection

    async def note_parity(*args: Any, **settings: Any) -> Any:
        line.port_parity = str(settings["parity"].value)
        return await connect(*args, **settings | {"parity": serialx.Parity.NONE})

    monkeypatch.setattr(serialx, "create_serial_connection", note_parity)
    await line.open()
    try:
        yield line
    finally:
        await line.close()
