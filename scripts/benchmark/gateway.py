"""A Modbus TCP gateway with one serial line behind it: one request at a time, in its bit times."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Final

from tests.wire.wire import Timing

_HEADER: Final = 6
"""Bytes of the MBAP header up to its length field."""
_TIMEOUT: Final = 0.5
"""s after which a gateway gives a silent meter up"""
_NO_RESPONSE: Final = 0x0B
"""The Modbus exception "gateway target device failed to respond"."""
_CHECKSUM: Final = 2
"""Bytes that an RTU frame has besides the unit ID and the PDU."""


class Gateway:
    """Passes requests of any number of clients on to a Modbus TCP server, one after the other."""

    def __init__(self, host: str, port: int, timing: Timing) -> None:
        """Prepare a gateway to the server at this address."""
        self._server = (host, port)
        self._timing = timing
        self._line = asyncio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Serve on a free TCP port of loopback until the context ends; enter with the port."""
        async with await asyncio.start_server(self._serve, self._server[0], 0) as server:
            yield server.sockets[0].getsockname()[1]
            server.close_clients()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._server)
        # A client or the server may close the connection at any time.
        with closing(writer), closing(back), suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await _frame(reader)
                async with self._line:
                    back.write(request)
                    reply = await self._reply(request, there)
                writer.write(reply)
                await writer.drain()

    async def _reply(self, request: bytes, there: asyncio.StreamReader) -> bytes:
        """Wait for the reply, and as long as it would take on the serial line."""
        try:
            reply = await asyncio.wait_for(_frame(there), _TIMEOUT)
        except TimeoutError:
            unit, function = request[_HEADER], request[_HEADER + 1]
            return request[:4] + bytes([0, 3, unit, function | 0x80, _NO_RESPONSE])
        await asyncio.sleep(self._duration(request, reply))
        return reply

    def _duration(self, request: bytes, reply: bytes) -> float:
        """Return the seconds that an exchange takes on the serial line."""
        characters = sum(len(frame) - _HEADER + _CHECKSUM for frame in (request, reply))
        timing = self._timing
        return characters * timing.character + timing.turnaround + 2 * timing.gap


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Read one Modbus TCP frame.

    Raises:
        IncompleteReadError: the connection was closed.
    """
    header = await reader.readexactly(_HEADER)
    return header + await reader.readexactly(int.from_bytes(header[4:]))
