"""A serial port made of a pseudo-terminal: clients open its slave end like any serial adapter."""

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
        protocol: what receives the bytes.
        baud: a client that has set another speed is heard as noise, that is not at all; None
            accepts any.

    Raises:
        OSError: the system has no pseudo-terminal left.
        ValueError: not a speed that a serial port has.
    """

    def __init__(self, protocol: ModbusProtocol, baud: int | None) -> None:
        """Open the pair and begin to listen."""
        super().__init__()
        self._speed = None if baud is None else _termios_speed(baud)
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        # The slave end stays open on our side too: without any, reading the master fails.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._closing = False
        self._loop.add_reader(self._master, self._read)
        protocol.connection_made(self)

    def _read(self) -> None:
        """Hand over what has come in, if the client speaks at our speed."""
        try:
            data = os.read(self._master, _READ_SIZE)
        except BlockingIOError:
            return
        client_speed = termios.tcgetattr(self._slave)[4]
        if self._speed is None or client_speed == self._speed:
            self._protocol.data_received(data)

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send what fits; a line has no memory for a client that does not read."""
        with suppress(BlockingIOError):
            os.write(self._master, data)

    @override
    def is_closing(self) -> bool:
        """Tell whether the port is closed."""
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
    """Make `link` point to a device, in place of a link that an earlier run left behind.

    Raises:
        FileExistsError: something else than a link is there.
        OSError: the link cannot be made.
    """
    if link.is_symlink():
        link.unlink()
    link.symlink_to(target)


def remove_link(link: Path, target: str) -> None:
    """Remove the link unless somebody else has taken its place."""
    if link.is_symlink() and str(link.readlink()) == target:
        link.unlink()


def _termios_speed(baud: int) -> int:
    """Return the terminal interface's code for a speed."""
    speed: int | None = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise ValueError(f"{baud} baud is not a speed of a serial port")
    return speed
