"""Giving a meter another unit ID: asked before, read back after, and nothing else written."""

import asyncio
from collections.abc import AsyncIterator
from typing import override

import pytest
import typer

from dts307.set_address import change, examine, refusable
from dts307.target import parse_target
from simulator import MeterConfig, Simulator, SimulatorConfig, TcpConfig
from simulator.bus import Bus
from simulator.house import House
from simulator.meter import Meter, Site
from simulator.server import TcpLine
from tests.command_line.program import run
from tests.device import NOON, Device
from tests.lines import network
from tests.wire.proxy import proxy
from tests.wire.wire import Direction

DA = 40068


@pytest.fixture
async def two() -> AsyncIterator[Simulator]:
    """Two meters on a bus; the first one takes another unit ID."""
    meters = [MeterConfig(unit=7, settable=True), MeterConfig(unit=8)]
    async with Simulator(SimulatorConfig(meters=meters, tcp=[TcpConfig()])) as simulator:
        yield simulator


def place(simulator: Simulator) -> str:
    return f"127.0.0.1:{simulator.tcp_port}"


async def test_the_meter_gets_its_new_unit_id(two: Simulator) -> None:
    meter = two.meters[0]
    before = meter.image().registers
    ended = await run("set-address", place(two), 9, "--unit", 7, answer="y\n")
    assert (ended.code, ended.err) == (0, "")
    assert f"Change the unit ID of Measurlogic DTS 307 {meter.serial} (unit 7) to 9?" in ended.out
    assert "The meter has the unit ID 9 now." in ended.out
    after = meter.image().registers
    assert [at for at in range(70) if before[at] != after[at]] == [DA - 40000]
    assert (meter.unit, after[DA - 40000]) == (9, 9)
    assert (await run("read", place(two), "--unit", 9, "--json")).json["unit_id"] == 9


async def test_nothing_is_written_without_consent(two: Simulator) -> None:
    ended = await run("set-address", place(two), 9, "--unit", 7, answer="n\n")
    assert (ended.code, two.meters[0].unit) == (1, 7)
    assert "Nothing was changed." in ended.err
    ended = await run("set-address", place(two), 9, "--unit", 7, answer="")
    assert (ended.code, two.meters[0].unit) == (130, 7)


async def test_a_unit_id_that_another_device_has(two: Simulator) -> None:
    ended = await run("set-address", place(two), 8, "--unit", 7, "--yes")
    assert (ended.code, two.meters[0].unit) == (6, 7)
    assert "Another device answers with unit ID 8." in ended.err


async def test_the_present_unit_id(two: Simulator) -> None:
    ended = await run("set-address", place(two), 7, "--unit", 7)
    assert ended.code == 0
    assert "The meter has the unit ID 7 already." in ended.out


async def test_a_meter_that_refuses(two: Simulator) -> None:
    ended = await run("set-address", place(two), 9, "--unit", 8, "--yes")
    assert (ended.code, two.meters[1].unit) == (6, 8)
    assert "refuses to change its unit ID over SunSpec (Modbus exception 1)" in ended.err


@pytest.mark.parametrize("content", [0x8000, 0xFFFF])
@pytest.mark.usefixtures("skip_waiting")
async def test_a_meter_that_does_not_state_its_unit_id(
    content: int, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device()
    device.registers[DA] = content
    async with network(device) as line:
        with pytest.raises(typer.Exit) as ended:
            await refusable(examine, parse_target(f"{line.host}:{line.port}"), 9)
    assert ended.value.exit_code == 6
    assert "does not offer its unit ID over SunSpec" in capsys.readouterr().err


@pytest.mark.usefixtures("skip_waiting")
async def test_a_meter_without_model_1(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device()
    device.registers[40002] = 64001
    async with network(device) as line:
        with pytest.raises(typer.Exit) as ended:
            await refusable(examine, parse_target(f"{line.host}:{line.port}"), 9)
    assert ended.value.exit_code == 6
    assert "does not offer its unit ID over SunSpec" in capsys.readouterr().err


@pytest.mark.usefixtures("skip_waiting")
async def test_a_unit_id_with_which_something_refuses_to_be_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is taken, too."""
    other = Device(MeterConfig(unit=9))
    other.registers = {}
    async with network(Device(), other) as line:
        with pytest.raises(typer.Exit) as ended:
            await refusable(examine, parse_target(f"{line.host}:{line.port}"), 9)
    assert ended.value.exit_code == 6
    assert "Another device answers with unit ID 9." in capsys.readouterr().err


@pytest.mark.usefixtures("skip_waiting")
async def test_a_connection_that_is_lost_while_the_new_unit_id_is_tried(
    two: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    """That says nothing of another device."""
    async with proxy(two.tcp[0]) as adapter:

        def lose(direction: Direction, data: bytes) -> bytes:
            if direction is Direction.REQUEST and data[6] == 9:
                adapter.reset()
                return b""
            return data

        adapter.suffer(lose)
        with pytest.raises(typer.Exit) as ended:
            await refusable(examine, parse_target(f"127.0.0.1:{adapter.port}", 7), 9)
    assert ended.value.exit_code == 3
    assert "Another device" not in capsys.readouterr().err


class Odd(Bus):
    """A bus whose meter confirms a new unit ID, and then does something else."""

    def __init__(self, outcome: str) -> None:
        """Begin with a meter that has the unit ID 7."""
        meter = Meter(MeterConfig(unit=7, settable=True), Site(House()), NOON)
        super().__init__([meter])
        self._outcome = outcome

    @override
    def readdress(self, meter: Meter, unit: int) -> None:
        if self._outcome == "takes it later":
            meter.readdress(unit)
        elif self._outcome == "falls silent":
            meter.plugged = False
        elif self._outcome == "is another":
            super().readdress(meter, unit)
            meter.become("OTHER", {})


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("keeps it", "The meter confirmed the unit ID 9, but has kept 7."),
        ("takes it later", "took the unit ID 9, but still answers with 7. Switch it off and on"),
        ("falls silent", "does not answer with it, nor with 7. Search for it with dts307 scan."),
        ("is another", "Another meter answers with unit ID 9."),
    ],
)
@pytest.mark.usefixtures("skip_waiting")
async def test_what_is_read_afterwards_counts(
    outcome: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = TcpLine(Odd(outcome), TcpConfig())
    await line.open()
    try:
        with pytest.raises(typer.Exit) as ended:
            await refusable(change, parse_target(f"127.0.0.1:{line.port}", 7), 9)
    finally:
        await line.close()
    assert ended.value.exit_code == 6
    assert text in capsys.readouterr().err


@pytest.mark.usefixtures("skip_waiting")
async def test_a_confirmation_that_is_lost(two: Simulator) -> None:
    """The meter is read afterwards all the same."""
    lost = asyncio.Event()

    def lose(direction: Direction, data: bytes) -> bytes:
        if direction is Direction.REPLY and data[7] == 16:
            lost.set()
            return b""
        return data

    async with proxy(two.tcp[0]) as adapter:
        adapter.suffer(lose)
        await refusable(change, parse_target(f"127.0.0.1:{adapter.port}", 7), 9)
    assert lost.is_set()
    assert two.meters[0].unit == 9
