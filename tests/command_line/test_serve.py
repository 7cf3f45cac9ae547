"""Serving what is read of meters to other clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import errno
import signal
import socket
import sys
from typing import override

import pytest
import typer

from dts307.meter.modbus import LinkTiming
from dts307.meter.sharing import SunSpecServer
from dts307.serve import keep_serving
from dts307.target import Target, parse_target
from simulator import MeterConfig
from tests.command_line.process import started
from tests.command_line.program import run
from tests.device import Device
from tests.lines import network
from tests.sharing.clients import ModbusRefusal, RawClient, connected

HASTY = LinkTiming(response=0.25, patience=0.0)
"""Short timeouts of a clock that stands still while anything is under way."""
NO_RESPONSE = 0x0B


@asynccontextmanager
async def serving(*targets: Target) -> AsyncIterator[SunSpecServer]:
    """Serve meters on a free port, by the clock of the event loop."""
    loop = asyncio.get_running_loop()
    server = SunSpecServer(["127.0.0.1"], 0, clock=loop.time)
    keeping = asyncio.create_task(keep_serving(targets, server, 1.0, HASTY))
    while not server.is_running:  # noqa: ASYNC110 - nothing else says so
        await asyncio.sleep(0)
    try:
        yield server
    finally:
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping


async def answer(client: RawClient, unit_id: int, *, refused: bool) -> list[int] | int:
    """Return the map from its marker on once it is served, or once it is refused."""
    while True:
        try:
            result: list[int] | int = await client.read(unit_id, 40000, 70)
        except ModbusRefusal as err:
            result = err.code
        if isinstance(result, int) is refused:
            return result
        await asyncio.sleep(0.5)


@pytest.mark.usefixtures("skip_waiting")
async def test_meters_are_served_while_they_answer(capsys: pytest.CaptureFixture[str]) -> None:
    devices = [Device(MeterConfig(unit=unit, serial=f"S-{unit}")) for unit in (7, 8)]
    async with network(devices[0]) as one, network(devices[1]) as other:
        targets = [
            parse_target(f"{line.host}:{line.port}", unit) for line, unit in ((one, 7), (other, 8))
        ]
        async with serving(*targets) as server, connected(server.port) as client:
            for device, unit in zip(devices, (7, 8), strict=True):
                words = [device.registers[address] for address in range(40000, 40070)]
                assert await answer(client, unit, refused=False) == words
            devices[0].silent = True
            assert await answer(client, 7, refused=True) == NO_RESPONSE
            assert len(await client.read(8, 40000, 70)) == 70
            await asyncio.sleep(30)
            devices[0].silent = False
            await answer(client, 7, refused=False)
    first, outage, end = capsys.readouterr().err.splitlines()
    assert "Serving unit 7, 8 on port " in first
    assert "Unit 7: " in outage
    assert end.endswith("Unit 7: The meter answers again.")


async def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run("serve", "127.0.0.1:9", "--port", port)
    assert ended.code == 1
    assert ended.err.startswith("dts307: The server cannot listen: another program uses the port.")


async def test_a_port_that_needs_a_permission(capsys: pytest.CaptureFixture[str]) -> None:
    class Forbidden(SunSpecServer):
        @override
        async def start(self) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

    with pytest.raises(typer.Exit) as ended:
        await keep_serving([], Forbidden(["127.0.0.1"], 502), 1.0)
    assert ended.value.exit_code == 1
    assert "needs a permission" in capsys.readouterr().err


async def test_an_address_of_another_machine() -> None:
    ended = await run("serve", "127.0.0.1:9", "--listen", "192.0.2.77", "--port", 0)
    assert ended.code == 1
    assert ended.err.endswith("Check the address after --listen.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
async def test_without_listen_it_says_that_only_this_machine_can_connect() -> None:
    async with started("serve", "127.0.0.1:9", "--port", "0") as process:
        assert process.stderr is not None
        line = await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert b", for this machine only: --listen lets others connect." in line
    assert process.returncode == 130


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["a#1", "b#1"], "the same unit ID"),
        (["a", "--allow", "nonsense"], "nonsense"),
    ],
)
async def test_what_cannot_be_served(arguments: list[str], text: str) -> None:
    ended = await run("serve", *arguments)
    assert ended.code == 2
    assert text in ended.err
