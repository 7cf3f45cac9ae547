"""The gateway itself, where those at its ends come and go."""

import asyncio

import pytest

from simulator import Framing
from tests.device import Device
from tests.lines import network
from tests.wire.proxy import proxy

_TICKS = 1000


async def test_a_reset_while_a_connection_is_closing() -> None:
    """Of a client that has just thrown itself out, the socket is closed before the session ends."""
    async with network(Device()) as line, proxy(line) as gateway:
        _, writer = await asyncio.open_connection(gateway.host, gateway.port)
        for _ in range(_TICKS):
            if gateway.sessions:
                break
            await asyncio.sleep(0.001)
        gateway.reset()
        await asyncio.sleep(0)
        assert gateway.sessions
        gateway.reset()
        writer.close()


@pytest.mark.parametrize("framing", list(Framing))
async def test_nobody_at_the_far_end(framing: Framing) -> None:
    """A client is let go, as by an adapter that reaches nobody, and asyncio has no complaint."""
    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    async with network(Device(), framing=framing) as line, proxy(line) as gateway:
        await line.close()
        reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
        assert await reader.read() == b""
        writer.close()
        await asyncio.sleep(0)
        assert gateway.accepted == 1
        assert not gateway.sessions
    assert not complaints
