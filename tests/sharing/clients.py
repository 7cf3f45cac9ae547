"""Clients of the server: raw Modbus TCP, which can also misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import struct
from typing import Final

READ_HOLDING_REGISTERS: Final = 3
_HEADER = struct.Struct(">HHHB")


class ModbusRefusal(Exception):  # noqa: N818 - it is an answer
    """The server answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        """Keep the exception's code."""
        super().__init__(code)
        self.code = code


def frame(unit_id: int, pdu: bytes, transaction: int = 1) -> bytes:
    """Return a request as it goes over TCP."""
    return _HEADER.pack(transaction, 0, len(pdu) + 1, unit_id) + pdu


def read_request(unit_id: int, address: int, count: int, transaction: int = 1) -> bytes:
    """Return a request for holding registers."""
    return frame(unit_id, struct.pack(">BHH", READ_HOLDING_REGISTERS, address, count), transaction)


class RawClient:
    """A connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk over an open connection."""
        self.reader, self.writer = reader, writer
        self._transaction = 0

    async def receive(self) -> tuple[int, int, bytes]:
        """Return transaction, unit ID and PDU of the next answer."""
        header = await self.reader.readexactly(_HEADER.size)
        transaction, protocol, length, unit_id = _HEADER.unpack(header)
        assert protocol == 0
        return transaction, unit_id, await self.reader.readexactly(length - 1)

    async def ask(self, unit_id: int, pdu: bytes) -> bytes:
        """Return what follows the function in the answer; raise ModbusRefusal."""
        self._transaction += 1
        self.writer.write(frame(unit_id, pdu, self._transaction))
        transaction, answering, answer = await self.receive()
        assert (transaction, answering) == (self._transaction, unit_id)
        if answer[0] & 0x80:
            assert (answer[0] & 0x7F, len(answer)) == (pdu[0] & 0x7F, 2)
            raise ModbusRefusal(answer[1])
        assert answer[0] == pdu[0]
        return answer[1:]

    async def read(self, unit_id: int, address: int, count: int) -> list[int]:
        """Return holding registers; raise ModbusRefusal."""
        data = await self.ask(unit_id, struct.pack(">BHH", READ_HOLDING_REGISTERS, address, count))
        assert data[0] == len(data) - 1 == 2 * count
        return list(struct.unpack(f">{count}H", data[1:]))

    async def is_dropped(self) -> bool:
        """Wait until the server ends the connection; what it had sent before is skipped."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass
        return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[RawClient]:
    """Connect to the server, for the length of a test."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
