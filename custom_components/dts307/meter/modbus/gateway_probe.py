"""Probe a Modbus TCP gateway for every frame that it sends.

The Modbus library discards frames with another transaction ID than its request. To the owner they
make a difference: the gateway answers, but breaks Modbus TCP.
"""

import asyncio
from contextlib import suppress
from typing import Final

from .registers import READ_HOLDING_REGISTERS
from .serial_probe import COUNT, USUAL_BASE_ADDRESS, ProbeResult

_MBAP_BYTES: Final = 7
"""Bytes of a frame's header, which ends with the unit ID (Modbus Messaging on TCP/IP 3.1.3)."""
_REGISTERS: Final = bytes([READ_HOLDING_REGISTERS, 2 * COUNT])
_EXCEPTION: Final = bytes([READ_HOLDING_REGISTERS | 0x80])
_TRANSACTION: Final = 0x4711
"""An arbitrary transaction ID, which is hardly ever a gateway's own count."""
_READ_SIZE: Final = 256


async def probe_gateway(host: str, port: int, unit_id: int, seconds: float) -> ProbeResult:
    """Request two registers from a unit, and return what arrives.

    Connecting and waiting may take ``seconds`` each. Raises OSError if the gateway cannot be
    reached, or resets the connection.
    """
    received, result = b"", ProbeResult.SILENCE
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_request(unit_id))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while result is ProbeResult.SILENCE and (data := await reader.read(_READ_SIZE)):
                    received += data
                    result = classify_frames(received, unit_id)
    finally:
        writer.transport.abort()
    return result


def classify_frames(data: bytes, unit_id: int) -> ProbeResult:
    """Classify the bytes that arrived after a request.

    Anything that is no answer to such a request counts as silence: it may belong to an earlier
    one.
    """
    for at in range(len(data)):
        head, body = data[at : at + _MBAP_BYTES], data[at + _MBAP_BYTES :]
        if not (_is_answer(body, _REGISTERS, head) or _is_answer(body, _EXCEPTION, head)):
            continue
        if head[-1] != unit_id:
            return ProbeResult.ANOTHER_UNIT
        sent = int.from_bytes(head[:2])
        return ProbeResult.RESPONSE if sent == _TRANSACTION else ProbeResult.ANOTHER_TRANSACTION
    return ProbeResult.SILENCE


def _is_answer(body: bytes, begin: bytes, head: bytes) -> bool:
    """Return whether a frame's content begins like an answer of one kind, and is complete."""
    size = len(begin) + (2 * COUNT if begin == _REGISTERS else 1)
    length = (size + 1).to_bytes(2)
    return body.startswith(begin) and len(body) >= size and head[2:6] == b"\0\0" + length


def _request(unit_id: int) -> bytes:
    """Return the request's frame (Modbus Messaging on TCP/IP 3.1.3)."""
    body = bytes([unit_id, READ_HOLDING_REGISTERS])
    body += USUAL_BASE_ADDRESS.to_bytes(2) + COUNT.to_bytes(2)
    return _TRANSACTION.to_bytes(2) + b"\0\0" + len(body).to_bytes(2) + body
