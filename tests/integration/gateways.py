"""A gateway to Modbus TCP as they are sold, with a device behind it.

It is written by hand, so that it can break rules that the server of a library keeps.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.device import Device

_MBAP = 7
_READ = 3


def _same(transaction: int) -> int:
    return transaction


@dataclass(eq=False)
class Gateway:
    """Serves a device at its unit ID; its fields say what is wrong with it."""

    device: Device
    most: int = 125
    """Registers that it serves in one request."""
    refusal: int = 3
    """The exception for more."""
    crackles: set[int] = field(default_factory=set)
    """Which requests, counted from 1, are answered with exception 4."""
    closes: bool = False
    """Whether it closes the connection after each answer."""
    lingers: float = 0.0
    """Seconds until it does, in which it takes a request and does not answer."""
    delay: float = 0.0
    """Seconds that an answer takes."""
    first: Callable[[bytes], bytes] | None = None
    """What becomes of the first answer after a connect."""
    is_behind: bool = False
    """Whether it sends the answer to the request before."""
    transaction: Callable[[int], int] = _same
    """What becomes of the transaction ID."""
    requests: list[tuple[int, int]] = field(default_factory=list)
    """Address and count of each request to the device's unit ID."""
    connections: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def data(self) -> dict[str, Any]:
        """The config entry data of the meter."""
        return {
            "transport": "network",
            "host": "127.0.0.1",
            "port": self.port,
            "framing": "tcp",
            "unit_id": self.device.unit,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one client."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._answer_all(reader, writer)
        writer.close()
        self._tasks.discard(task)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, before = self.first, b""
        while True:
            head = await reader.readexactly(_MBAP)
            pdu = await reader.readexactly(int.from_bytes(head[4:6]) - 1)
            if head[6] != self.device.unit:
                continue
            answer = self._answered(pdu)
            if self.is_behind:
                answer, before = before, answer
            transaction = self.transaction(int.from_bytes(head[:2])).to_bytes(2)
            frame = transaction + b"\0\0" + (len(answer) + 1).to_bytes(2) + head[6:7] + answer
            if not answer:
                frame = b""
            if first is not None:
                frame, first = first(frame), None
            await asyncio.sleep(self.delay)
            writer.write(frame)
            await writer.drain()
            if self.closes:
                await asyncio.sleep(self.lingers)
                return

    def _answered(self, pdu: bytes) -> bytes:
        address, count = int.from_bytes(pdu[1:3]), int.from_bytes(pdu[3:5])
        self.requests.append((address, count))
        if len(self.requests) in self.crackles:
            return bytes([_READ | 0x80, 4])
        if count > self.most:
            return bytes([_READ | 0x80, self.refusal])
        wanted = range(address, address + count)
        if any(each not in self.device.registers for each in wanted):
            return bytes([_READ | 0x80, 2])
        words = b"".join(self.device.registers[each].to_bytes(2) for each in wanted)
        return bytes([_READ, len(words)]) + words

    async def end(self) -> None:
        """Disconnect all clients."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def gateway(device: Device, **wrong: Any) -> AsyncIterator[Gateway]:
    """Put a gateway in front of a device."""
    served = Gateway(device, **wrong)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await served.end()
