"""A pseudo-terminal as serial port: clients open its slave end like a serial adapter."""

import asyncio
from contextlib import suppress
import os
from pathlib import Path
import termios
import tty
from typing import override

from pymodbus.transport import ModbusProtocol

_READ_SIZE = 4096


class PtyTransport(asyncio.Transport):
    """The meters' end of the line, as an asyncio transport.

    Args:
        protocol: receives the bytes.
        baud: bytes of clients at another speed are ignored; None accepts any speed.

    Raises:
        OSError: no pseudo-terminal is available.
        ValueError: `baud` is not a speed of a serial port.
    """

    def __init__(self, protocol: ModbusProtocol, baud: int | None) -> None:
        """Open both ends and start to read."""
        super().__init__()
        self._speed = None if baud is None else _termios_speed(baud)
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        # Keep the slave end open on our side: while no one has it open, reading the master fails.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._closing = False
        self._loop.add_reader(self._master, self._read)
        protocol.connection_made(self)

    def _read(self) -> None:
        """Pass received bytes on if the client has set our speed."""
        try:
            data = os.read(self._master, _READ_SIZE)
        except BlockingIOError:
            return
        client_speed = termios.tcgetattr(self._slave)[4]
        if self._speed is None or client_speed == self._speed:
            self._protocol.data_received(data)

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send what fits in the buffer; drop the rest, as a line without a reader does."""
        with suppress(BlockingIOError):
            os.write(self._master, data)

    @override
    def is_closing(self) -> bool:
        """Return whether the port is closed."""
        return self._closing

    @override
    def close(self) -> None:
        """Close both ends; the device disappears."""
        if self._closing:
            return
        self._closing = True
        self._loop.remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)

    @override
    def abort(self) -> None:
        """Close at once."""
        self.close()


def place_link(link: Path, target: str) -> None:
    """Make `link` point to a device, and replace a link that an earlier run left behind.

    Raises:
        FileExistsError: `link` exists and is not a link.
        OSError: the link cannot be created.
    """
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)


def remove_link(link: Path, target: str) -> None:
    """Remove the link if it still points to this device."""
    if link.is_symlink() and str(link.readlink()) == target:
        link.unlink()


def _termios_speed(baud: int) -> int:
    """Return the termios constant of a speed."""
    speed: int | None = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise ValueError(f"{baud} baud is not a speed of a serial port")
    return speed
