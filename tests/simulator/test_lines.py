"""The meters on their lines: who answers what, cables, and what is left behind."""

import asyncio
from collections.abc import AsyncIterator
import os
from pathlib import Path
import tty

import pytest

from simulator import (
    Framing,
    MeterConfig,
    PtyConfig,
    Role,
    SerialConfig,
    Simulator,
    SimulatorConfig,
    TcpConfig,
)

from .clients import SerialClient, TcpClient, crc, read_request, registers
from .conftest import NOON
from .sunspec import decoded, scanned

pytestmark = pytest.mark.usefixtures("skip_waiting")

type Line = tuple[Simulator, TcpClient | SerialClient]

MAP = 179
SILENCE = None


@pytest.fixture(params=["tcp", "rtu over tcp", "pty"])
async def line(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Line]:
    """A world on one kind of line, and a client on it."""
    meters = [MeterConfig(unit=100), MeterConfig(model=201, unit=101, role=Role.SOLAR)]
    if request.param == "pty":
        config = SimulatorConfig(meters=meters, pty=PtyConfig(link=tmp_path / "tty"), start=NOON)
    else:
        framing = Framing.RTU if request.param == "rtu over tcp" else Framing.SOCKET
        config = SimulatorConfig(meters=meters, tcp=[TcpConfig(framing=framing)], start=NOON)
    async with Simulator(config) as sim:
        client: TcpClient | SerialClient
        if request.param == "pty":
            client = SerialClient(sim.pty_path)
        else:
            client = TcpClient(sim.tcp_port, rtu=request.param == "rtu over tcp")
        async with client:
            yield sim, client


async def test_each_unit_answers_with_its_own_registers(line: Line) -> None:
    sim, client = line
    for meter in sim.meters:
        read: tuple[int, ...] = ()
        for address, count in ((40000, 120), (40120, MAP - 120)):
            read += registers(await client.ask(meter.unit, read_request(address, count)))
        assert read == meter.image().registers
        values = decoded(scanned(read), meter.config.model)
        assert values["W"] == meter.truth()["W"] != 0


async def test_foreign_units_meet_silence_and_ours_answer_after_it(line: Line) -> None:
    _, client = line
    for unit in (0, 1, 99, 102, 247):
        assert await client.ask(unit, read_request(40000, 2)) is SILENCE
        assert registers(await client.ask(100, read_request(40000, 2))) == (0x5375, 0x6E53)


@pytest.mark.parametrize(
    ("address", "count"),
    [(39999, 1), (39999, 2), (40000 + MAP, 1), (40000 + MAP - 1, 2), (0, 1), (65535, 1)],
)
async def test_addresses_outside_the_map_are_refused(line: Line, address: int, count: int) -> None:
    _, client = line
    assert await client.ask(100, read_request(address, count)) == b"\x83\x02"


@pytest.mark.parametrize("function", [1, 2, 4])
async def test_only_function_3_is_there(line: Line, function: int) -> None:
    _, client = line
    refusal = bytes([0x80 | function, 1])
    assert await client.ask(100, read_request(40000, 2, function)) == refusal


async def test_nothing_can_be_written(line: Line) -> None:
    sim, client = line
    before = sim.meters[0].image()
    assert await client.ask(100, bytes.fromhex("069c400001")) == b"\x86\x01"
    assert await client.ask(100, bytes.fromhex("109c40000102dead")) == b"\x90\x01"
    assert sim.meters[0].image() == before
    assert registers(await client.ask(100, read_request(40000, 1))) == (0x5375,)


@pytest.mark.parametrize("count", [0, 126])
async def test_more_than_a_reply_can_hold_is_refused(line: Line, count: int) -> None:
    _, client = line
    assert await client.ask(100, read_request(40000, count)) == b"\x83\x03"
    assert len(registers(await client.ask(100, read_request(40000, 125)))) == 125


async def test_a_reply_is_one_instant(line: Line) -> None:
    sim, client = line
    for _ in range(5):
        sim.clock.advance(1)
        read = registers(await client.ask(100, read_request(40070, 107)))
        head = sim.meters[0].image().registers[:70]
        assert decoded(scanned((*head, *read, 0xFFFF, 0)), 203)["W"] == sim.meters[0].truth()["W"]


async def test_a_pulled_meter_is_silent_and_comes_back(line: Line) -> None:
    sim, client = line
    grid, _solar = sim.meters
    await sim.set_plugged(plugged=False, meters=[grid])
    assert await client.ask(100, read_request(40000, 2)) is SILENCE
    assert registers(await client.ask(101, read_request(40000, 1))) == (0x5375,)
    await sim.set_plugged(plugged=True, meters=[grid])
    assert registers(await client.ask(100, read_request(40000, 1))) == (0x5375,)


async def test_the_remote_led_sees_the_bus(line: Line) -> None:
    sim, client = line
    grid, solar = sim.meters
    await client.ask(100, read_request(40000, 2))
    assert grid.signals.transmitted == 1
    assert solar.signals.transmitted == 0
    assert grid.signals.received == solar.signals.received >= 1
    assert grid.signals.transmitted_at >= grid.signals.received_at > 0


@pytest.mark.parametrize("base", [50000, 0])
async def test_the_map_may_begin_elsewhere(base: int) -> None:
    config = SimulatorConfig(meters=[MeterConfig(base=base)], tcp=[TcpConfig()])
    async with Simulator(config) as sim, TcpClient(sim.tcp_port) as client:
        assert registers(await client.ask(100, read_request(base, 2))) == (0x5375, 0x6E53)
        assert await client.ask(100, read_request(40000, 2)) == b"\x83\x02"


async def test_pulling_every_meter_closes_the_tcp_port_until_one_is_plugged() -> None:
    async with Simulator(SimulatorConfig(tcp=[TcpConfig()], start=NOON)) as sim:
        port = sim.tcp_port
        async with TcpClient(port) as client:
            await client.ask(100, read_request(40000, 2))
            await sim.set_plugged(plugged=False)
            assert await client.reader.read() == b""
        with pytest.raises(OSError, match=r"\w"):
            await asyncio.open_connection("127.0.0.1", port)
        await sim.set_plugged(plugged=True)
        assert sim.tcp_port == port
        async with TcpClient(port) as client:
            assert registers(await client.ask(100, read_request(40000, 1))) == (0x5375,)


async def test_a_port_is_free_again_at_the_end() -> None:
    async with Simulator(SimulatorConfig(tcp=[TcpConfig()])) as sim:
        port = sim.tcp_port
        async with TcpClient(port) as client:
            await client.ask(100, read_request(40000, 2))
    with pytest.raises(OSError, match=r"\w"):
        await asyncio.open_connection("127.0.0.1", port)
    async with Simulator(SimulatorConfig(tcp=[TcpConfig(port=port)])) as sim:
        assert sim.tcp_port == port


async def test_a_taken_port_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    link = tmp_path / "tty"
    async with Simulator(SimulatorConfig(tcp=[TcpConfig()])) as sim:
        taken = TcpConfig(port=sim.tcp_port)
        config = SimulatorConfig(tcp=[TcpConfig(), taken], pty=PtyConfig(link=link))
        with pytest.raises(OSError, match="cannot serve Modbus"):
            async with Simulator(config):
                pytest.fail("a taken port was taken")
        assert not link.is_symlink()


async def test_the_link_of_the_pty_comes_and_goes(tmp_path: Path) -> None:
    link = tmp_path / "tty"
    link.symlink_to("/nowhere")  # what a killed run leaves behind
    async with Simulator(SimulatorConfig(pty=PtyConfig(link=link))) as sim:
        assert sim.pty_path == str(link)
        assert link.resolve().is_char_device()
        device = link.readlink()
    assert not link.is_symlink()
    assert not device.exists()


async def test_a_file_is_not_replaced_by_the_link(tmp_path: Path) -> None:
    link = tmp_path / "precious"
    link.write_text("words")
    with pytest.raises(FileExistsError):
        async with Simulator(SimulatorConfig(pty=PtyConfig(link=link))):
            pytest.fail("the link replaced a file")
    assert link.read_text() == "words"


async def test_clients_may_open_the_pty_again_and_again() -> None:
    async with Simulator(SimulatorConfig(pty=PtyConfig())) as sim:
        for _ in range(3):
            async with SerialClient(sim.pty_path) as client:
                assert registers(await client.ask(100, read_request(40000, 1))) == (0x5375,)


async def test_a_pty_may_insist_on_its_speed() -> None:
    async with Simulator(SimulatorConfig(pty=PtyConfig(baud=9600))) as sim:
        async with SerialClient(sim.pty_path, baud=19200) as client:
            assert await client.ask(100, read_request(40000, 1)) is SILENCE
        async with SerialClient(sim.pty_path, baud=9600) as client:
            assert registers(await client.ask(100, read_request(40000, 1))) == (0x5375,)


async def test_a_pty_has_only_real_speeds() -> None:
    with pytest.raises(ValueError, match="9601 baud"):
        async with Simulator(SimulatorConfig(pty=PtyConfig(baud=9601))):
            pytest.fail("9601 baud")


async def test_a_serial_port() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    try:
        port = os.ttyname(theirs)
        async with Simulator(SimulatorConfig(serial=SerialConfig(port=port))) as sim:
            assert sim.endpoints()["serial"] == port
            await asyncio.sleep(0.02)
            frame = b"\x64" + read_request(40000, 2)
            os.write(ours, frame + crc(frame))
            answer = b"\x64\x03\x04SunS"
            answer += crc(answer)
            arrived = asyncio.Event()
            asyncio.get_running_loop().add_reader(ours, arrived.set)
            received = b""
            while len(received) < len(answer):
                await arrived.wait()
                arrived.clear()
                received += os.read(ours, 64)
            asyncio.get_running_loop().remove_reader(ours)
            assert received == answer
    finally:
        os.close(ours)
        os.close(theirs)


async def test_a_serial_port_that_is_not_there() -> None:
    with pytest.raises(OSError, match="cannot serve Modbus on /nowhere"):
        async with Simulator(SimulatorConfig(serial=SerialConfig(port="/nowhere"))):
            pytest.fail("/nowhere was found")


@pytest.mark.parametrize("host", ["::", "192.168.1.10", "example.org"])
def test_only_this_machine_is_served(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        TcpConfig(host=host)


@pytest.mark.parametrize(
    ("meters", "reason"),
    [
        ([MeterConfig(), MeterConfig(serial="x")], "unit"),
        ([MeterConfig(serial="x"), MeterConfig(unit=1, serial="x")], "serial"),
    ],
)
def test_meters_must_differ(meters: list[MeterConfig], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Simulator(SimulatorConfig(meters=meters))


def test_without_a_pty_there_is_no_path() -> None:
    with pytest.raises(LookupError):
        _ = Simulator(SimulatorConfig()).pty_path
