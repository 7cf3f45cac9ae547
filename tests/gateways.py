"""A gateway to Modbus TCP, or a serial server, as they are sold, with a device behind it.

It is written by hand, so that it can break rules that the server of a library keeps.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pymodbus.framer.rtu import FramerRTU

from tests.device import Device

_MBAP_BYTES = 7
"""Bytes of the header of a frame of Modbus TCP, which ends with the unit ID."""
_REQUEST = 5
"""Bytes of a request to read registers, without what frames it."""
_RTU = 1 + _REQUEST + 2
"""Bytes of such a request on a serial line: unit ID, request, CRC."""
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
    hangs_up: bool = False
    """Whether it closes the connection instead of answering."""
    lingers: float = 0.0
    """Seconds until it does, in which it takes a request and does not answer."""
    delay: float = 0.0
    """Seconds that an answer takes."""
    first: Callable[[bytes], bytes] | None = None
    """What becomes of the first answer after a connect."""
    is_behind: bool = False
    """Whether it sends the answer to the request before."""
    repeats: bool = False
    """Whether it then begins with sending one answer twice, so that no request is without one."""
    transaction: Callable[[int], int] = _same
    """What becomes of the transaction ID."""
    rtu: bool = False
    """Whether it takes RTU frames, as on a serial line, as well as those of Modbus TCP."""
    tcp: bool = True
    """Whether it takes frames of Modbus TCP."""
    exception: int | None = None
    """The exception that it answers by itself, whichever unit is asked."""
    asked: list[int] = field(default_factory=list)
    """The unit IDs of all requests."""
    others: tuple[Device, ...] = ()
    """Further devices on the bus."""
    requests: list[tuple[int, int]] = field(default_factory=list)
    """Address and count of each request to a device."""
    connections: int = 0
    port: int = 0
    _held: bytes = b""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def data(self) -> dict[str, Any]:
        """The config entry data of the meter."""
        return {
            "transport": "network",
            "host": "127.0.0.1",
            "port": self.port,
            "framing": "tcp" if self.tcp else "rtu",
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
        first = self.first
        while True:
            unit_id, pdu, framed = await self._request(reader)
            self.asked.append(unit_id)
            if self.hangs_up:
                return
            if self.exception is not None:
                answer = bytes([_READ | 0x80, self.exception])
            elif unit_id in self._devices:
                answer = self._answered(self._devices[unit_id], pdu)
            else:
                continue
            if self.is_behind:
                held = self._held or (answer if self.repeats else b"")
                answer, self._held = held, answer
            frame = framed(answer) if answer else b""
            if first is not None:
                frame, first = first(frame), None
            await asyncio.sleep(self.delay)
            writer.write(frame)
            await writer.drain()
            if self.closes:
                await asyncio.sleep(self.lingers)
                return

    async def _request(
        self, reader: asyncio.StreamReader
    ) -> tuple[int, bytes, Callable[[bytes], bytes]]:
        """Return the next request that it takes: unit ID, content, and what frames the answer."""
        while True:
            data = await reader.readexactly(_RTU)
            if FramerRTU.compute_CRC(data[:-2]).to_bytes(2) == data[-2:]:
                if self.rtu:
                    return data[0], data[1:-2], partial(_rtu_frame, data[:1])
                continue
            data += await reader.readexactly(_MBAP_BYTES + _REQUEST - _RTU)
            if self.tcp:
                transaction = self.transaction(int.from_bytes(data[:2]))
                framed = partial(
                    _tcp_frame, transaction.to_bytes(2), data[_MBAP_BYTES - 1 : _MBAP_BYTES]
                )
                return data[_MBAP_BYTES - 1], data[_MBAP_BYTES:], framed

    @property
    def _devices(self) -> dict[int, Device]:
        return {each.unit: each for each in (self.device, *self.others)}

    def _answered(self, device: Device, pdu: bytes) -> bytes:
        address, count = int.from_bytes(pdu[1:3]), int.from_bytes(pdu[3:5])
        self.requests.append((address, count))
        if len(self.requests) in self.crackles:
            return bytes([_READ | 0x80, 4])
        if count > self.most:
            return bytes([_READ | 0x80, self.refusal])
        wanted = range(address, address + count)
        if any(each not in device.registers for each in wanted):
            return bytes([_READ | 0x80, 2])
        words = b"".join(device.registers[each].to_bytes(2) for each in wanted)
        return bytes([_READ, len(words)]) + words

    async def end(self) -> None:
        """Disconnect all clients."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _rtu_frame(unit: bytes, answer: bytes) -> bytes:
    content = unit + answer
    return content + FramerRTU.compute_CRC(content).to_bytes(2)


def _tcp_frame(transaction: bytes, unit: bytes, answer: bytes) -> bytes:
    return transaction + b"\0\0" + (len(answer) + 1).to_bytes(2) + unit + answer


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
