"""Recognize BACnet MS/TP on a serial line, which shares wires and connectors with Modbus RTU.

A frame starts with a preamble and a header: frame type, destination, source, and the length of the
data in two bytes. A CRC of the header follows (ASHRAE 135, clause 9.3).
"""

from typing import Final

_PREAMBLE: Final = b"\x55\xff"
_HEADER_BYTES: Final = 5

_POLYNOMIAL: Final = 0x81
"""X^8 + X^7 + 1, without its highest term and with the lowest bit first (annex G.1)."""


def speaks_bacnet(data: bytes) -> bool:
    """Return whether bytes contain the start of an MS/TP frame, its header's CRC included."""
    header_at = len(_PREAMBLE)
    crc_at = header_at + _HEADER_BYTES
    return any(
        data[at + crc_at] == _header_crc(data[at + header_at : at + crc_at])
        for at in range(len(data) - crc_at)
        if data.startswith(_PREAMBLE, at)
    )


def _header_crc(header: bytes) -> int:
    """Return the CRC-8 behind a header, which is sent as its complement."""
    remainder = 0xFF
    for byte in header:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (_POLYNOMIAL if remainder & 1 else 0)
    return remainder ^ 0xFF
