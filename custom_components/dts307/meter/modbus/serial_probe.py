"""Probe a serial line for every byte on it, which the Modbus library reduces to silence.

The library discards bytes that are no response to its request. To the owner they make a
difference: another unit's response, or the noise that a wrong baud rate or parity causes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto
import errno
from typing import Any, Final, cast, override

from modbus_connection import ModbusSerialParams

from .bacnet import speaks_bacnet
from .registers import READ_HOLDING_REGISTERS

_EXCEPTION: Final = READ_HOLDING_REGISTERS | 0x80
USUAL_BASE_ADDRESS: Final = 40000
"""The usual start of a SunSpec map (SunSpec Device Information Model, 2.2)."""
COUNT: Final = 2

_POLYNOMIAL: Final = 0xA001
_CRC_BYTES: Final = 2
_RESPONSE_BYTES: Final = 3 + 2 * COUNT + _CRC_BYTES
_EXCEPTION_BYTES: Final = 3 + _CRC_BYTES


class ProbeResult(Enum):
    """What arrived after a probe's request."""

    RESPONSE = auto()
    """The unit's response, be it a Modbus exception."""
    ANOTHER_UNIT = auto()
    """A response to such a request, but with another unit ID."""
    ANOTHER_TRANSACTION = auto()
    """The unit's response, but with another transaction ID (Modbus TCP only)."""
    ANOTHER_REQUEST = auto()
    """An answer to a request for another number of registers (RTU only)."""
    BACNET = auto()
    """Frames of BACnet MS/TP."""
    NOISE = auto()
    """No response, but more bytes than switching the line's direction causes."""
    SILENCE = auto()


async def probe_unit(params: ModbusSerialParams, unit_id: int, seconds: float) -> ProbeResult:
    """Request two registers from a unit, and return what arrives within ``seconds``.

    Opens the port for it, so nothing else may hold it, and closes it again in any case.

    Raises OSError if the port cannot be opened, or is lost.
    """
    async with opened_probe(params) as probe:
        return classify(await probe.request(unit_id, seconds), unit_id)


class PortLostError(OSError):
    """The port was lost, or the network adapter has closed the connection, before any answer."""


@asynccontextmanager
async def opened_probe(params: ModbusSerialParams) -> AsyncIterator[SerialProbe]:
    """Open a port for probes; it is closed again in any case.

    Raises OSError if the port cannot be opened: EINVAL if it does not support the settings.
    """
    probe = SerialProbe(params)
    await probe.open()
    try:
        yield probe
    finally:
        await probe.close()


def classify(data: bytes, unit_id: int) -> ProbeResult:
    """Return what the bytes that arrived after a request to ``unit_id`` are.

    An adapter with a local echo repeats the request first. Switching the line's direction may add a
    byte or two; no Modbus frame is that short.
    """
    responding = responding_units(data)
    if unit_id in responding:
        return ProbeResult.RESPONSE
    if responding:
        return ProbeResult.ANOTHER_UNIT
    if speaks_bacnet(data):
        return ProbeResult.BACNET
    if _answers_another_request(data):
        return ProbeResult.ANOTHER_REQUEST
    rest = data.removeprefix(_request(unit_id))
    return ProbeResult.NOISE if len(rest) >= _EXCEPTION_BYTES else ProbeResult.SILENCE


def responding_units(data: bytes) -> frozenset[int]:
    """Return the IDs of the units whose responses, exceptions included, are in the bytes."""
    return frozenset(data[at] for at in range(len(data)) if _starts_with_response(data[at:]))


class SerialProbe(asyncio.Protocol):
    """Sends requests on an open port, and collects all bytes that arrive."""

    def __init__(self, params: ModbusSerialParams) -> None:
        """Start with no bytes, on the port that ``params`` describe."""
        self._params = params
        self._transport: asyncio.WriteTransport | None = None
        self._opened: Any = None
        self._received = bytearray()
        self._unit_id = 0
        self._is_used = False
        self._ended = asyncio.Event()

    async def open(self) -> None:
        """Open the port.

        Raises OSError: EINVAL if the port does not support the settings.
        """
        # Only the tmodbus backend brings serialx; the rest of the library works without it.
        import serialx  # noqa: PLC0415

        params = self._params
        try:
            self._opened, _ = await serialx.create_serial_connection(
                asyncio.get_running_loop(),
                lambda: self,
                params.device,
                baudrate=params.baudrate,
                parity=serialx.Parity(params.parity),
                stopbits=serialx.StopBits(params.stopbits),
            )
        except serialx.UnsupportedSetting as err:
            raise OSError(errno.EINVAL, str(err)) from err
        except serialx.SerialException as err:
            raise OSError(str(err)) from err

    async def close(self) -> None:
        """Close the port, if it was opened."""
        if (opened := self._opened) is not None:
            self._opened = None
            # Nothing is left to send, and only an abort frees the port at once.
            opened.abort()
            await opened.wait_closed()

    async def request(self, unit_id: int, seconds: float) -> bytes:
        """Request two registers from a unit; return the bytes up to its response.

        Waits for at most ``seconds``. A later response is among the bytes of the next
        request, even if its first bytes arrived during this one, and carries its own unit ID.

        A network adapter may close the connection after each answer. So a request on one that was
        used before and is found lost is sent once more, on a new one.

        Raises PortLostError if the port is lost before any response arrives, OSError if it cannot
        be opened again.
        """
        was_used, self._is_used = self._is_used, True
        try:
            return await self._request(unit_id, seconds)
        except PortLostError:
            if not was_used or "://" not in self._params.device:
                raise
        await self.close()
        await self.open()
        return await self._request(unit_id, seconds)

    async def _request(self, unit_id: int, seconds: float) -> bytes:
        del self._received[: -(_RESPONSE_BYTES - 1)]
        self._unit_id = unit_id
        self._ended.clear()
        self._open_transport().write(_request(unit_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        received = bytes(self._received)
        if not responding_units(received):
            self._open_transport()
        return received

    def _open_transport(self) -> asyncio.WriteTransport:
        if self._transport is None:
            raise PortLostError("the port is lost")
        return self._transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._unit_id in responding_units(bytes(self._received)):
            self._ended.set()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended.set()


def _request(unit_id: int) -> bytes:
    """Return the request's frame (Modbus over Serial Line 2.5.1)."""
    request = bytes([unit_id, READ_HOLDING_REGISTERS])
    request += USUAL_BASE_ADDRESS.to_bytes(2) + COUNT.to_bytes(2)
    return request + _crc(request)


def _starts_with_response(data: bytes) -> bool:
    """Return whether bytes start with a response to such a request, or with an exception."""
    if data[1:3] == bytes([READ_HOLDING_REGISTERS, 2 * COUNT]):
        size = _RESPONSE_BYTES
    elif data[1:2] == bytes([_EXCEPTION]):
        size = _EXCEPTION_BYTES
    else:
        return False
    return _is_frame(data, size)


def _answers_another_request(data: bytes) -> bool:
    """Return whether an answer with any number of registers is in the bytes."""
    return any(
        data[at + 1] == READ_HOLDING_REGISTERS
        and _is_frame(data[at:], 3 + data[at + 2] + _CRC_BYTES)
        for at in range(len(data) - _EXCEPTION_BYTES)
    )


def _is_frame(data: bytes, size: int) -> bool:
    """Return whether bytes start with a frame of some size."""
    frame = data[:size]
    return len(frame) == size and frame.endswith(_crc(frame[:-_CRC_BYTES]))


def _crc(data: bytes) -> bytes:
    """Return the CRC-16 at the end of a frame (Modbus over Serial Line 2.5.1.2)."""
    remainder = 0xFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (_POLYNOMIAL if remainder & 1 else 0)
    return remainder.to_bytes(2, "little")
