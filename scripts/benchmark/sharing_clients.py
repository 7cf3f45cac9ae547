"""Clients of a shared meter, good and bad ones, in a process of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
import json
import random
import struct
import sys
import time
from typing import Final

HOST: Final = "127.0.0.1"
UNIT_ID: Final = 100
GOOD: Final = "good"
"""The role of the good clients."""
PARTS: Final = ((40000, 70), (40070, 107))
"""The map as most clients read it: the identity, then the meter."""
GOOD_CLIENTS: Final = 10
BAD_CLIENTS: Final = 100

_ANSWER_TIME: Final = 10.0
"""s"""
_CONNECTION_HEADER: Final = 6
_random: Final = random.Random(307)  # noqa: S311 - it is no secret


def _request(address: int, count: int) -> bytes:
    return struct.pack(">HHHBBHH", 1, 0, 6, UNIT_ID, 3, address, count)


_LONGEST: Final = _request(40000, 125)


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Wait for an answer; return whether it has registers."""
    header = await reader.readexactly(_CONNECTION_HEADER)
    body = await reader.readexactly(int.from_bytes(header[4:6]))
    return not body[1] & 0x80


class Good:
    """Clients that read the whole map once a second, each over a connection of its own."""

    def __init__(self) -> None:
        """Begin without answers."""
        self.answers = 0
        self.slowest = 0.0
        self.missing = 0

    async def run(self, port: int, seconds: float) -> None:
        """Read for some time."""
        await asyncio.gather(*(self._poll(port, seconds) for _ in range(GOOD_CLIENTS)))

    async def _poll(self, port: int, seconds: float) -> None:
        async with _connected(port) as (reader, writer):
            for _ in range(int(seconds)):
                for part in PARTS:
                    await self._ask(reader, writer, part)
                await asyncio.sleep(1)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, part: tuple[int, int]
    ) -> None:
        begun = time.monotonic()
        try:
            writer.write(_request(*part))
            async with asyncio.timeout(_ANSWER_TIME):
                has_registers = await _answered(reader)
        except OSError, TimeoutError, asyncio.IncompleteReadError:
            has_registers = False
        self.answers += has_registers
        self.missing += not has_registers
        self.slowest = max(self.slowest, time.monotonic() - begun)


async def one_after_the_other(port: int, _seconds: float) -> None:
    """Connect 10,000 times, read once each time, and disconnect."""
    for _ in range(10_000):
        with suppress(OSError, asyncio.IncompleteReadError):
            async with _connected(port) as (reader, writer):
                writer.write(_LONGEST)
                await _answered(reader)


async def _again_and_again(
    port: int,
    seconds: float,
    misbehave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    """Let many clients misbehave, which connect again when they are disconnected."""
    end = time.monotonic() + seconds

    async def client() -> None:
        while time.monotonic() < end:
            with suppress(OSError):
                async with asyncio.timeout(seconds), _connected(port) as connection:
                    await misbehave(*connection)
            await asyncio.sleep(0.1)

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(client() for _ in range(BAD_CLIENTS)))


async def floods(port: int, seconds: float) -> None:
    """Send requests as fast as the server takes them, and read the answers."""

    async def misbehave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answered = True
        while answered:
            writer.write(_LONGEST * 20)
            answered = bool(await reader.read(65536))

    await _again_and_again(port, seconds, misbehave)


async def half_frames(port: int, seconds: float) -> None:
    """Send half a request, and wait."""

    async def misbehave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_LONGEST[: _random.randrange(len(_LONGEST))])
        await asyncio.sleep(1)

    await _again_and_again(port, seconds, misbehave)


async def noise(port: int, seconds: float) -> None:
    """Send random bytes."""

    async def misbehave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_random.randbytes(_random.randrange(1, 2000)))
        await writer.drain()

    await _again_and_again(port, seconds, misbehave)


async def slow_readers(port: int, seconds: float) -> None:
    """Send requests, and fetch no answer."""

    async def misbehave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        while not writer.transport.is_closing():
            writer.write(_LONGEST * 5)
            await writer.drain()
            await asyncio.sleep(0.1)

    await _again_and_again(port, seconds, misbehave)


async def nothing(_port: int, seconds: float) -> None:
    """Leave the server to the good clients."""
    await asyncio.sleep(seconds)


LOADS: Final = {
    "nothing else": nothing,
    "10,000 connections, one after the other": one_after_the_other,
    "100 floods": floods,
    "100 with half a request": half_frames,
    "100 with random bytes": noise,
    "100 that fetch no answer": slow_readers,
}


async def main(role: str, port: int, seconds: float) -> None:
    """Run the good clients, or those of a load."""
    if role in LOADS:
        await LOADS[role](port, seconds)
        return
    good = Good()
    await good.run(port, seconds)
    print(json.dumps(vars(good)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
