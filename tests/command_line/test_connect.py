"""Why a connection cannot be opened, which pymodbus does not say."""

from collections.abc import Iterator
from contextlib import contextmanager
import socket

import pytest

from dts307.connect import connected
from dts307.meter import MeterError
from dts307.meter.errors import HostRefusesError, HostUnreachableError, LinkDownError, LinkLostError
from dts307.meter.modbus import LinkTiming
from dts307.target import parse_target
from tests.device import Device
from tests.lines import network

AT_ONCE = LinkTiming(response=1e-9, character_bits=0)
"""Let pymodbus give up before anything can be opened."""


@contextmanager
def deaf_host() -> Iterator[int]:
    """A port whose queue of connections is full, so that further ones get no answer."""
    with socket.socket() as host, socket.socket() as first, socket.socket() as second:
        host.bind(("127.0.0.1", 0))
        host.listen(0)
        for each in (first, second):
            each.settimeout(0)
            each.connect_ex(host.getsockname())
        port: int = host.getsockname()[1]
        yield port


async def failure(where: str, timing: LinkTiming, *, baud: int = 9600) -> MeterError:
    """Return why a meter cannot be identified."""
    bus = parse_target(where, baud=baud).bus
    with pytest.raises(MeterError) as raised:
        async with connected(bus, timing) as connection:
            await connection.identify(100)
    return raised.value


async def test_a_host_that_does_not_answer() -> None:
    timing = LinkTiming(response=0.1, patience=0.1, character_bits=0)
    with deaf_host() as port:
        err = await failure(f"127.0.0.1:{port}", timing)
    assert type(err) is HostUnreachableError


async def test_a_host_that_refuses() -> None:
    assert type(await failure("127.0.0.1:1", LinkTiming())) is HostRefusesError


async def test_a_host_that_can_be_reached_a_moment_later() -> None:
    """Then the connection counts as lost."""
    async with network(Device()) as line:
        assert type(await failure(f"{line.host}:{line.port}", AT_ONCE)) is LinkLostError


@pytest.mark.parametrize("url", ["rfc2217://", "socket://", "nonsense://host"])
async def test_a_url_that_is_none(url: str) -> None:
    assert type(await failure(url, LinkTiming())) is LinkDownError


async def test_units_pass_everything_else_on() -> None:
    async with (
        network(Device()) as line,
        connected(parse_target(f"{line.host}:{line.port}").bus) as connection,
    ):
        unit = connection.unit(100)
        assert unit is connection.unit(100)
        await connection.identify(100)
        assert unit.connected
        await unit.disconnect()
        assert not connection.unit(101).connected
