"""Hear what is really on a serial line, where the Modbus library tells an answer from silence only.

Bytes that are no answer to its question, the library throws away. What they are makes a
difference to the owner: another unit's answer, or the noise that a wrong speed or parity makes.
"""

import asyncio
from contextlib import suppress
from enum import Enum, auto
from typing import Final, override

from modbus_connection import ModbusSerialParams
import serialx

_READ_HOLDING_REGISTERS: Final = 3
_EXCEPTION: Final = _READ_HOLDING_REGISTERS | 0x80
_ADDRESS: Final = 40000
"""Where a SunSpec map mostly begins (SunSpec Device Information Model, 2.2)."""
_COUNT: Final = 2

_POLYNOMIAL: Final = 0xA001
_CHECKSUM_SIZE: Final = 2
_ANSWER_SIZE: Final = 3 + 2 * _COUNT + _CHECKSUM_SIZE
_EXCEPTION_SIZE: Final = 3 + _CHECKSUM_SIZE


class Heard(Enum):
    """What was heard after a question."""

    ANSWER = auto()
    """The unit's answer or refusal."""
    ANOTHER_UNIT = auto()
    """An answer to such a question, but from a unit that was not asked."""
    NOISE = auto()
    """Bytes in which there is no such answer, and too many for a crackle."""
    NOTHING = auto()


async def listen(params: ModbusSerialParams, unit_id: int, seconds: float) -> Heard:
    """Ask a unit for two registers, and tell what is heard within ``seconds``.

    The line is opened for that, so nobody else may hold it; it is closed again in any case.

    Raises OSError if it cannot be opened.
    """
    question = _question(unit_id)
    ears = _Ears(question)
    transport, _ = await serialx.create_serial_connection(
        asyncio.get_running_loop(),
        lambda: ears,
        params.device,
        baudrate=params.baudrate,
        parity=serialx.Parity(params.parity),
        stopbits=serialx.StopBits(params.stopbits),
    )
    try:
        transport.write(question)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ears.ended.wait()
    finally:
        # Nothing is left to be sent, and only closing at once frees the port for who comes next.
        transport.abort()
        await transport.wait_closed()
    return judge(bytes(ears.heard), question)


def judge(heard: bytes, question: bytes) -> Heard:
    """Tell what the bytes that were heard after a question are.

    An adapter that hears itself sends the question back first. A byte or two are what turning
    the line round may leave; nothing that Modbus sends is as short.
    """
    heard = heard.removeprefix(question)
    answers = {heard[at] for at in range(len(heard)) if _is_answer(heard[at:])}
    if question[0] in answers:
        return Heard.ANSWER
    if answers:
        return Heard.ANOTHER_UNIT
    return Heard.NOISE if len(heard) >= _EXCEPTION_SIZE else Heard.NOTHING


class _Ears(asyncio.Protocol):
    """Collects bytes until the answer is among them, or the line is gone."""

    def __init__(self, question: bytes) -> None:
        self.question = question
        self.heard = bytearray()
        self.ended = asyncio.Event()

    @override
    def data_received(self, data: bytes) -> None:
        self.heard += data
        if judge(bytes(self.heard), self.question) is Heard.ANSWER:
            self.ended.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()


def _question(unit_id: int) -> bytes:
    """Return the request's frame (Modbus over Serial Line 2.5.1)."""
    request = bytes([unit_id, _READ_HOLDING_REGISTERS])
    request += _ADDRESS.to_bytes(2) + _COUNT.to_bytes(2)
    return request + _checksum(request)


def _is_answer(data: bytes) -> bool:
    """Tell whether bytes begin with an answer to such a question, or with a refusal of one."""
    if data[1:3] == bytes([_READ_HOLDING_REGISTERS, 2 * _COUNT]):
        size = _ANSWER_SIZE
    elif data[1:2] == bytes([_EXCEPTION]):
        size = _EXCEPTION_SIZE
    else:
        return False
    frame = data[:size]
    return len(frame) == size and frame.endswith(_checksum(frame[:-_CHECKSUM_SIZE]))


def _checksum(data: bytes) -> bytes:
    """Return the CRC-16 that ends a frame (Modbus over Serial Line 2.5.1.2)."""
    remainder = 0xFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (_POLYNOMIAL if remainder & 1 else 0)
    return remainder.to_bytes(2, "little")
