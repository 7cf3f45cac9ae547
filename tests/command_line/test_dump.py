"""Dumps: what is in them, and that the simulator replays them."""

import json
from pathlib import Path

import pytest

from simulator import MeterConfig, Replay, Simulator, SimulatorConfig, TcpConfig
from simulator.__main__ import configuration, parser
from tests.command_line.program import run
from tests.device import METER_MODELS, Device
from tests.lines import network

SERIAL_NUMBER = "S307-20261122-XYZ"


@pytest.mark.parametrize("model", METER_MODELS)
async def test_a_dump_is_replayed(model: int, tmp_path: Path) -> None:
    """What a meter sends on one machine is read from its dump on another."""
    device = Device(MeterConfig(model=model, unit=7, serial=SERIAL_NUMBER, base=50000))
    file = tmp_path / "meter.json"
    async with network(device) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("dump", place, "--unit", 7, "-o", file)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
        original = (await run("read", place, "--unit", 7, "--json")).json
    options = parser().parse_args(["--tcp", "127.0.0.1:0", "--dump", str(file)])
    async with Simulator(configuration(options)) as simulator:
        assert simulator.meters == []
        place = f"127.0.0.1:{simulator.tcp_port}"
        replayed = (await run("read", place, "--unit", 7, "--json")).json
        again = (await run("dump", place, "--unit", 7)).json
    assert replayed["reading"] == original["reading"]
    assert replayed["identity"] == original["identity"] | {"serial_number": ""}
    dumped = json.loads(file.read_text())
    assert dumped["registers"] == again["registers"]
    assert dumped["chain"]["base_address"] == 50000


async def test_a_dump_does_not_tell_whose_meter_it_is() -> None:
    device = Device(MeterConfig(serial=SERIAL_NUMBER))
    async with network(device) as line:
        ended = await run("dump", f"{line.host}:{line.port}")
    assert SERIAL_NUMBER not in ended.out
    assert "127.0.0.1" not in ended.out
    assert ended.json["identity"]["serial_number"] == "**REDACTED**"
    words = ended.json["registers"]["40002"]
    assert SERIAL_NUMBER[:2].encode() not in b"".join(word.to_bytes(2) for word in words)


async def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "meter.json"
    file.write_text("mine")
    async with network(Device()) as line:
        ended = await run("dump", f"{line.host}:{line.port}", "-o", file)
    assert (ended.code, file.read_text()) == (1, "mine")
    assert ended.err == f"dts307: {file} cannot be written: File exists.\n"


async def test_downloaded_diagnostics_are_replayed_beside_meters(tmp_path: Path) -> None:
    """They have an envelope of Home Assistant's, and the unit ID in the entry."""
    device = Device(MeterConfig(unit=7))
    async with network(device) as line:
        dump = (await run("dump", f"{line.host}:{line.port}", "--unit", 7)).json
    del dump["unit_id"]
    file = tmp_path / "diagnostics.json"
    entry = {"data": {"unit_id": 8}}
    file.write_text(json.dumps({"home_assistant": {}, "data": {**dump, "entry": entry}}))
    config = SimulatorConfig(
        meters=[MeterConfig(unit=7)], replays=[Replay.load(file)], tcp=[TcpConfig()]
    )
    async with Simulator(config) as simulator:
        place = f"127.0.0.1:{simulator.tcp_port}"
        read = (await run("read", place, "--unit", 8, "--json")).json
        assert read["reading"] == dump["reading"]
        await simulator.set_plugged(False)
        assert (await run("read", place, "--unit", 8)).code == 0
        ended = await run("set-address", place, 9, "--unit", 8, "--yes")
        assert (ended.code, "Modbus exception 1" in ended.err) == (6, True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("[1]", "has no registers of a meter"),
        ("no JSON", "has no registers of a meter"),
        ('{"data": {"registers": {"error": "MeterSilentError"}}}', "has no registers of a meter"),
        (None, "No such file"),
    ],
)
def test_other_files(
    content: str | None, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SystemExit):
        parser().parse_args(["--dump", str(file)])
    assert text in capsys.readouterr().err


def test_a_replay_needs_a_unit_id_of_its_own() -> None:
    replays = [Replay(unit=100, registers={})]
    with pytest.raises(ValueError, match="two meters have unit 100"):
        Simulator(SimulatorConfig(replays=replays))
