"""Hear what is really on a serial line, where the Modbus library tells an answer from silence only.

Bytes that are no answer to its question, the library throws away. What they are makes a
difference to the owner: another unit's answer, or the noise that a wrong speed or parity makes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
import errno
from typing import Final, cast, override

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


class ProbeResult(Enum):
    """What was heard after a question."""

    ANSWER = auto()
    """The unit's answer or refusal."""
    ANOTHER_UNIT = auto()
    """An answer to such a question, but from a unit that was not asked."""
    NOISE = auto()
    """Bytes in which there is no such answer, and too many for a crackle."""
    NOTHING = auto()


async def probe_unit(params: ModbusSerialParams, unit_id: int, seconds: float) -> ProbeResult:
    """Ask a unit for two registers, and tell what is heard within ``seconds``.

    The line is opened for that, so nobody else may hold it; it is closed again in any case.

    Raises OSError if it cannot be opened, or is lost.
    """
    async with opened_probe(params) as opened:
        return classified(await opened.ask(unit_id, seconds), unit_id)


@asynccontextmanager
async def opened_probe(params: ModbusSerialParams) -> AsyncIterator[SerialProbe]:
    """Open a line to ask on it and to hear all that comes; it is closed again in any case.

    Raises OSError if it cannot be opened, EINVAL if it is for the settings.
    """
    opened = SerialProbe()
    try:
        transport, _ = await serialx.create_serial_connection(
            asyncio.get_running_loop(),
            lambda: opened,
            params.device,
            baudrate=params.baudrate,
            parity=serialx.Parity(params.parity),
            stopbits=serialx.StopBits(params.stopbits),
        )
    except serialx.UnsupportedSetting as err:
        raise OSError(errno.EINVAL, str(err)) from err
    except serialx.SerialException as err:
        raise OSError(str(err)) from err
    try:
        yield opened
    finally:
        # Nothing is left to be sent, and only closing at once frees the port for who comes next.
        transport.abort()
        await transport.wait_closed()


def classified(heard: bytes, unit_id: int) -> ProbeResult:
    """Tell what the bytes that were heard after a unit was asked are.

    An adapter that hears itself sends the question back first. A byte or two are what turning
    the line round may leave; nothing that Modbus sends is as short.
    """
    answering = answering_units(heard)
    if unit_id in answering:
        return ProbeResult.ANSWER
    if answering:
        return ProbeResult.ANOTHER_UNIT
    rest = heard.removeprefix(_question(unit_id))
    return ProbeResult.NOISE if len(rest) >= _EXCEPTION_SIZE else ProbeResult.NOTHING


def answering_units(heard: bytes) -> frozenset[int]:
    """Return the ids of the units whose answers or refusals are among the bytes."""
    return frozenset(heard[at] for at in range(len(heard)) if _is_answer(heard[at:]))


class SerialProbe(asyncio.Protocol):
    """Asks units on an open line, and collects all bytes that come."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._transport: asyncio.WriteTransport | None = None
        self._heard = bytearray()
        self._unit_id = 0
        self._ended = asyncio.Event()

    async def ask(self, unit_id: int, seconds: float) -> bytes:
        """Ask a unit for two registers; return what is heard until its answer is among that.

        That takes ``seconds`` at the most. An answer that comes later is heard with the next
        question's, even if it has begun by now, and says itself whose it is.

        Raises OSError if the line is lost.
        """
        del self._heard[: -(_ANSWER_SIZE - 1)]
        self._unit_id = unit_id
        self._ended.clear()
        self._still_open().write(_question(unit_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        self._still_open()
        return bytes(self._heard)

    def _still_open(self) -> asyncio.WriteTransport:
        if self._transport is None:
            raise OSError("the line is lost")
        return self._transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._heard += data
        if self._unit_id in answering_units(bytes(self._heard)):
            self._ended.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended.set()


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
