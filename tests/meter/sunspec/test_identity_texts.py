"""The texts of model 1 as devices fill them in, and what a person gets to read."""

import pytest

from custom_components.dts307.meter import Identity, Meter
from tests.meter.device import Device, sunspec_map
from tests.meter.published import encode, published_points

WYE = encode(203)
TEXTS = {
    "Mn": "manufacturer",
    "Md": "model",
    "Opt": "options",
    "Vr": "version",
    "SN": "serial_number",
}


async def identity_of(texts: dict[str, bytes]) -> Identity:
    """Return the identity of a meter with these bytes in its model 1, and NULs behind them."""
    data = bytearray(2 * 68)
    data[:4] = b"\x00\x01\x00\x42"
    for name, text in texts.items():
        point = published_points(1)[name.casefold()]
        assert len(text) <= 2 * point.size
        data[2 * point.address : 2 * point.address + len(text)] = text
    registers = [int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2)]
    meter = await Meter.identify(Device({40000: sunspec_map(registers, WYE)}))
    return meter.identity


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"DTS 307", "DTS 307"),
        (b"DTS307", "DTS307"),
        (b"", ""),
        (b"  DTS 307   ", "DTS 307"),
        (b"DTS 307\0", "DTS 307"),
        (b"DTS\0left over", "DTS"),
        (b"DTS \0\0\0 left", "DTS"),
        (b"\0left over", ""),
        (b"DTS 307\xae", "DTS 307"),
        (b"Z\xc3\xa4hler", "Zhler"),
        (b"\xff" * 16, ""),
        (b"DTS\xff\xff\xff", "DTS"),
        (b"\x80\x00" * 8, ""),
        (b" " * 16, ""),
        (b"0123456789abcdef", "0123456789abcdef"),
    ],
)
async def test_a_text_is_what_stands_before_its_end(sent: bytes, read: str) -> None:
    for point, field in TEXTS.items():
        assert await identity_of({point: sent}) == Identity(**{field: read})


async def test_a_text_may_fill_its_place_to_the_last_byte() -> None:
    full = {
        name: bytes([ord("A") + place]) * 2 * published_points(1)[name.casefold()].size
        for place, name in enumerate(TEXTS)
    }
    identity = await identity_of(full)
    for point, field in TEXTS.items():
        assert getattr(identity, field) == full[point].decode()


async def test_no_identity_at_all_is_all_empty() -> None:
    assert await identity_of({}) == Identity()
