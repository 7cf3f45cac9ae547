"""Frames of BACnet MS/TP are recognized by their preamble and the CRC of their header."""

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.modbus import ProbeResult, classify
from custom_components.dts307.meter.modbus.bacnet import speaks_bacnet

PREAMBLE = b"\x55\xff"

headers = st.binary(min_size=5, max_size=5)
noise = st.binary(max_size=20)


def header_crc(header: bytes) -> int:
    """Return a header's CRC, by the equations of the standard instead of bit by bit."""
    remainder = 0xFF
    for byte in header:
        terms = remainder ^ byte
        for shift in range(1, 8):
            terms ^= (remainder ^ byte) << shift
        remainder = terms & 0xFE ^ terms >> 8 & 1
    return remainder ^ 0xFF


def framed(header: bytes) -> bytes:
    """Return a frame without data."""
    return PREAMBLE + header + bytes([header_crc(header)])


@pytest.mark.parametrize(
    ("header", "crc"),
    [
        # The example of ASHRAE 135, annex G.1: a token from station 5 to station 16.
        ("0010050000", 0x8C),
        # An example of the CRC calculator of bacnet-stack.
        ("06ff010015", 0x8E),
    ],
)
def test_published_frames(header: str, crc: int) -> None:
    assert header_crc(bytes.fromhex(header)) == crc
    assert speaks_bacnet(PREAMBLE + bytes.fromhex(header) + bytes([crc]))


@given(noise, headers, noise)
def test_any_frame_is_recognized_in_noise(before: bytes, header: bytes, after: bytes) -> None:
    assert speaks_bacnet(before + framed(header) + after)


@given(headers, st.integers(0, 8 * 8 - 1))
def test_a_damaged_frame_is_not_recognized(header: bytes, bit: int) -> None:
    damaged = bytearray(framed(header))
    damaged[bit // 8] ^= 1 << bit % 8
    assert not speaks_bacnet(bytes(damaged))


@given(headers, st.integers(0, 7))
def test_the_beginning_of_a_frame_is_not_enough(header: bytes, size: int) -> None:
    assert not speaks_bacnet(framed(header)[:size])


@given(noise, headers)
def test_a_probe_tells_bacnet_from_noise(before: bytes, header: bytes) -> None:
    assert classify(b"\x00" + before + framed(header), 100) is ProbeResult.BACNET
    assert classify(framed(header)[:-1], 100) is ProbeResult.NOISE
