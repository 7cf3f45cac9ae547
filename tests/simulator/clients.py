"""Modbus clients of the plainest kind: bytes out, bytes in."""

import asyncio
import struct
import time
from typing import Self

import serial  # type: ignore[import-untyped]

QUIET = 0.25
"""s without an answer that count as silence, where waiting is skipped or nothing answers"""
PATIENCE = 20.0
"""s to wait for an answer that must come, however busy the machine is"""


def crc(data: bytes) -> bytes:
    """Return the Modbus CRC as it follows a frame."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def read_request(address: int, count: int, function: int = 3) -> bytes:
    """Return the PDU that asks for registers."""
    return struct.pack(">BHH", function, address, count)


def registers(pdu: bytes | None) -> tuple[int, ...]:
    """Return the registers of an answer to function 3."""
    assert pdu is not None, "no answer"
    function, size = pdu[0], pdu[1]
    assert (function, size) == (3, len(pdu) - 2)
    return struct.unpack(f">{size // 2}H", pdu[2:])


class TcpClient:
    """A TCP connection that speaks Modbus TCP or RTU frames."""

    def __init__(self, port: int, *, rtu: bool = False) -> None:
        """Prepare to connect to a port of this machine."""
        self._port, self._rtu = port, rtu

    async def __aenter__(self) -> Self:
        """Open."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        self.writer.close()

    async def ask(
        self, unit: int, pdu: bytes, transaction: int = 7, *, patience: float = QUIET
    ) -> bytes | None:
        """Return the answer's PDU, None for silence."""
        if self._rtu:
            frame = bytes([unit]) + pdu
            self.writer.write(frame + crc(frame))
        else:
            self.writer.write(struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu)
        try:
            async with asyncio.timeout(patience):
                answer = await self.reader.read(512)
        except TimeoutError:
            return None
        if self._rtu:
            assert answer[0] == unit
            assert answer[-2:] == crc(answer[:-2])
            return answer[1:-2]
        assert answer[:7] == struct.pack(">HHHB", transaction, 0, len(answer) - 6, unit)
        return answer[7:]


class SerialClient:
    """A serial port that speaks RTU."""

    def __init__(self, path: str, baud: int = 9600) -> None:
        """Prepare to open a device."""
        self._path, self._baud = path, baud

    async def __aenter__(self) -> Self:
        """Open."""
        self.port = serial.Serial(self._path, self._baud, timeout=0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        self.port.close()

    async def ask(self, unit: int, pdu: bytes, *, patience: float = QUIET) -> bytes | None:
        """Return the answer's PDU, None for silence."""
        frame = bytes([unit]) + pdu
        self.port.write(frame + crc(frame))
        answer = b""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            await asyncio.sleep(0.005)
            answer += bytes(self.port.read(512))
            if len(answer) > 4 and answer[-2:] == crc(answer[:-2]):
                assert answer[0] == unit
                return answer[1:-2]
        assert not answer
        return None
