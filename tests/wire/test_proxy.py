"""The gateway itself, when its clients or its line disconnect."""

import asyncio

import pytest

from simulator import Framing
from tests.device import Device
from tests.lines import network
from tests.wire.proxy import proxy

_TICKS = 1000


async def test_a_reset_while_a_connection_is_closing() -> None:
    """The socket of a client that disconnects is closed before its session ends."""
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
async def test_no_server_behind_the_gateway(framing: Framing) -> None:
    """The client is disconnected, and asyncio reports no error."""
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context))
    async with network(Device(), framing=framing) as line, proxy(line) as gateway:
        await line.close()
        reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
        assert await reader.read() == b""
        writer.close()
        await asyncio.sleep(0)
        assert gateway.accepted == 1
        assert not gateway.sessions
    assert not errors
