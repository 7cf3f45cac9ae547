"""The search for meters on a bus."""

import json
from typing import Any

from pymodbus.constants import ExcCodes
import pytest
import typer
from typer.testing import CliRunner

from dts307.links import OwnLinks
from dts307.meter import Identity, NotSunSpecError
from dts307.meter.address import BusAddress, SerialPort
from dts307.meter.bus_scan import BusTiming
from dts307.meter.modbus import LinkTiming, ScanRange, ScanResult, ScanTiming
from dts307.scan import arguments_for, new_search, report
from dts307.target import Target, parse_target, takes_target
from simulator import MeterConfig
from simulator.server import Framing
from tests.command_line.program import run
from tests.device import Device
from tests.lines import network, serial

TIMING = BusTiming(
    link=LinkTiming(response=10.0, patience=0.0, character_bits=0),
    scan=ScanTiming(
        first=0.15, first_network=0.15, following=0.1, gateway=0.15, network=0.0, slot_free=0.0
    ),
    scan_range=ScanRange(
        unit_ids=range(98, 103),
        likely_unit_ids=(100, 101),
        serial_unit_ids=tuple(range(98, 103)),
        network_unit_ids=(100, 101),
        unlikely_unit_ids=(98, 102),
        meters_in_a_panel=3,
        baud_rates=(9600, 19200),
    ),
)
"""Few unit IDs, on a clock that stands still while anything is under way."""


async def search(
    target: Target, capsys: pytest.CaptureFixture[str], **options: Any
) -> tuple[int, list[Any], str]:
    """Search with few unit IDs; return the exit code, what is printed, and the failure."""
    shown: list[float] = []
    scan = new_search(
        target, lambda _, share: shown.append(share), links=OwnLinks(TIMING), **options
    )
    await scan.run()
    code = 0
    try:
        report(scan, as_json=True)
    except typer.Exit as err:
        code = err.exit_code
    assert all(0 <= share < 1 for share in shown)
    printed = capsys.readouterr()
    return code, json.loads(printed.out), printed.err


async def test_meters_are_listed_with_the_command_that_reads_one() -> None:
    """Whatever a device writes about itself, such as what Rich takes for markup."""
    device = Device(MeterConfig(unit=247, serial="S-42", product="[/x]", version="[red]"))
    async with network(device) as line:
        place = f"{line.host}:{line.port}"
        ended = await run("scan", place, "--unit", 247)
    assert (ended.code, ended.err) == (0, "")
    assert all(text in ended.out for text in ("S-42", "[/x]", "[red]"))
    assert f"dts307 read {place} --unit 247" in ended.out


@pytest.mark.usefixtures("skip_waiting")
@pytest.mark.parametrize(("unit", "everything"), [(100, False), (98, True)])
async def test_speed_and_unit_ids_of_a_serial_line(
    *, unit: int, everything: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unusual unit ID at an unusual speed takes a full search."""
    devices = [Device(MeterConfig(unit=unit, serial="S-1")), Device(MeterConfig(unit=unit + 1))]
    async with serial(*devices, speed=19200) as line:
        target = parse_target(line.path)
        code, found, err = await search(target, capsys, everything=everything)
    assert (code, err) == (0, "")
    assert [each["unit_id"] for each in found] == [unit, unit + 1]
    assert found[0]["identity"]["serial_number"] == "S-1"
    assert found[0]["settings"] == {
        "device": line.path,
        "baud": 19200,
        "parity": "N",
        "stop_bits": 1,
    }


@pytest.mark.usefixtures("skip_waiting")
@pytest.mark.parametrize("framing", Framing)
async def test_the_framing_of_an_adapter(
    framing: Framing, capsys: pytest.CaptureFixture[str]
) -> None:
    async with network(Device(), framing=framing) as line:
        target = parse_target(f"{line.host}:{line.port}")
        code, found, _ = await search(target, capsys, thorough=True)
    assert code == 0
    assert [each["unit_id"] for each in found] == [100]
    assert found[0]["settings"]["rtu_over_tcp"] is (framing is Framing.RTU)


@pytest.mark.usefixtures("skip_waiting")
async def test_a_silent_line(capsys: pytest.CaptureFixture[str]) -> None:
    async with serial() as line:
        code, found, err = await search(parse_target(line.path), capsys)
    assert (code, found) == (4, [])
    assert "Nothing answers on this port" in err
    assert "The option --full tries every unit ID." in err


@pytest.mark.usefixtures("skip_waiting")
async def test_another_device(capsys: pytest.CaptureFixture[str]) -> None:
    """It is listed with the reason, so that its unit ID is known."""
    device = Device()
    device.registers = dict.fromkeys(range(0x10000), 0)
    async with network(device) as line:
        code, (found,), err = await search(parse_target(f"{line.host}:{line.port}"), capsys)
    assert code == 5
    assert (found["unit_id"], found["identity"], found["error"]) == (100, None, "not_sunspec")
    assert "none of them is a SunSpec meter: #100, Modbus TCP." in err
    assert "{" not in err


@pytest.mark.usefixtures("skip_waiting")
async def test_a_busy_meter(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device()
    device.refusal = ExcCodes.DEVICE_BUSY
    async with network(device) as line:
        code, _, err = await search(parse_target(f"{line.host}:{line.port}"), capsys)
    assert code == 4
    assert "busy" in err


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("/dev/does-not-exist", "The serial port does not exist."),
        ("127.0.0.1:1", "A device answers at this address, but it refuses connections"),
        ("socket://", "The serial port at this URL cannot be opened."),
    ],
)
async def test_nothing_to_search(where: str, text: str) -> None:
    ended = await run("scan", where)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"dts307: {text}")


def test_devices_that_are_no_meters_are_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    results = [
        ScanResult[BusAddress](SerialPort(device="COM3", parity="E"), 7, error=NotSunSpecError()),
        ScanResult[BusAddress](SerialPort(device="COM3", parity="E"), 8, identity=Identity()),
    ]
    scan = new_search(parse_target("COM3"), lambda *_: None)
    scan.results = results
    report(scan, as_json=False)
    out = capsys.readouterr().out
    assert "no meter" in out
    assert "dts307 read COM3 --baud 9600 --parity E --unit 8" in out


@pytest.mark.parametrize(
    "arguments",
    [
        "COM3 --baud 19200 --parity O --stop-bits 2 --unit 7",
        "/dev/ttyUSB0 --baud 9600 --unit 100",
        "gateway:502 --unit 1",
        "10.0.0.7:4196 --rtu-over-tcp --unit 247",
        "[fe80::1]:502 --unit 1",
    ],
)
def test_printed_arguments_lead_to_what_was_found(arguments: str) -> None:
    """What a command parses from them is what was found."""
    seen: list[Target] = []

    @takes_target
    def command(target: Target) -> None:
        seen.append(target)

    app = typer.Typer()
    app.command()(command)
    assert CliRunner().invoke(app, arguments.split()).exit_code == 0
    (target,) = seen
    found = ScanResult(target.bus, target.unit_id, identity=Identity())
    assert arguments_for(found) == arguments
