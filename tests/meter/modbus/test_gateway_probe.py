"""What a gateway to Modbus TCP sends after a request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter.modbus import ProbeResult, probe_gateway
from custom_components.dts307.meter.modbus.gateway_probe import classify_frames

UNIT = 100
REGISTERS = bytes([3, 4, 0x53, 0x75, 0x6E, 0x53])
EXCEPTION = bytes([0x83, 11])
OURS = 0x4711


def frame(content: bytes, transaction: int = OURS, unit: int = UNIT) -> bytes:
    """Return a frame of Modbus TCP."""
    return (
        transaction.to_bytes(2) + b"\0\0" + (1 + len(content)).to_bytes(2) + bytes([unit]) + content
    )


@asynccontextmanager
async def gateway(*answers: bytes, hangs_up: bool = False) -> AsyncIterator[int]:
    """Serve a port that answers a request with some bytes, one piece after the other."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(12) == frame(bytes([3, 0x9C, 0x40, 0, 2]))
        for answer in answers:
            writer.write(answer)
            await writer.drain()
            await asyncio.sleep(0.01)
        if not hangs_up:
            await ended.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        ([frame(REGISTERS)], ProbeResult.RESPONSE),
        ([frame(EXCEPTION)], ProbeResult.RESPONSE),
        ([frame(REGISTERS)[:5], frame(REGISTERS)[5:]], ProbeResult.RESPONSE),
        ([b"\x55\xff\0\0", frame(REGISTERS)], ProbeResult.RESPONSE),
        ([frame(REGISTERS, 0)], ProbeResult.ANOTHER_TRANSACTION),
        ([frame(EXCEPTION, OURS + 1)], ProbeResult.ANOTHER_TRANSACTION),
        ([frame(REGISTERS, unit=33)], ProbeResult.ANOTHER_UNIT),
    ],
)
async def test_a_frame_arrives(answers: list[bytes], result: ProbeResult) -> None:
    async with gateway(*answers) as port:
        assert await probe_gateway("127.0.0.1", port, UNIT, 10) is result


@pytest.mark.parametrize(
    "answer", [b"", b"\x55\xff\0\0\x12", frame(REGISTERS)[:-1], frame(b"\x04\x02ab")]
)
async def test_no_answer_arrives(answer: bytes) -> None:
    async with gateway(answer, hangs_up=True) as port:
        assert await probe_gateway("127.0.0.1", port, UNIT, 10) is ProbeResult.SILENCE
    async with gateway(answer) as port:
        assert await probe_gateway("127.0.0.1", port, UNIT, 0.1) is ProbeResult.SILENCE


async def test_nothing_listens() -> None:
    async with gateway() as port:
        pass
    with pytest.raises(OSError, match=r"refused|Connect"):
        await probe_gateway("127.0.0.1", port, UNIT, 10)


@given(before=st.binary(max_size=20), transaction=st.integers(0, 0xFFFF))
def test_what_is_in_front_of_a_frame_does_not_hide_it(before: bytes, transaction: int) -> None:
    data = before + frame(REGISTERS, transaction)
    assert classify_frames(data, UNIT) is not ProbeResult.SILENCE


@given(st.binary(max_size=9))
def test_less_than_a_frame_is_none(data: bytes) -> None:
    assert classify_frames(data[:8], UNIT) is ProbeResult.SILENCE
