"""Reading a meter once."""

import pytest
from serial import Serial  # type: ignore[import-untyped]

from simulator import MeterConfig
from simulator.server import Framing
from tests.command_line.program import run
from tests.device import METER_MODELS, Device
from tests.gateways import gateway
from tests.lines import SPEED, network, serial


@pytest.mark.parametrize("model", METER_MODELS)
async def test_a_table_for_people(model: int) -> None:
    device = Device(MeterConfig(model=model, serial="S-42"))
    async with network(device) as line:
        ended = await run("read", f"{line.host}:{line.port}")
    assert (ended.code, ended.err) == (0, "")
    assert "S-42" in ended.out
    assert "unit 100" in ended.out
    assert "\N{ESCAPE}" not in ended.out
    for label in ("Power", "oltage", "Energy imported", "Frequency"):
        assert label in ended.out


async def test_decimal_points_of_a_quantity_are_in_one_column() -> None:
    device = Device(MeterConfig())
    values = {"A_SF": -2, "A": 2040, "AphA": 1587, "AphB": 300, "AphC": 50}
    for point, value in values.items():
        device.write(point, value)
    device.write("Hz", None)
    async with network(device) as line:
        ended = await run("read", f"{line.host}:{line.port}")
    rows = {line.split()[0]: line.split()[1:] for line in ended.out.splitlines() if line.strip()}
    assert rows["Current"] == ["20.40", "15.87", "3.00", "0.50", "A"]
    assert rows["Frequency"] == ["-", "Hz"]


async def test_json_for_programs() -> None:
    device = Device(MeterConfig(serial="S-42", unit=7))
    device.write("W", 1234)
    device.write("W_SF", 0)
    async with network(device) as line:
        data = (await run("read", f"{line.host}:{line.port}", "--unit", 7, "--json")).json
    assert data["unit_id"] == 7
    assert data["model"] == 203
    assert data["identity"]["serial_number"] == "S-42"
    assert data["reading"]["power"]["total"] == 1234
    assert data["reading"]["events"] == []


async def test_a_serial_port() -> None:
    device = Device()
    async with serial(device) as line:
        ended = await run("read", line.path, "--baud", SPEED, "--json")
    assert ended.json["identity"]["serial_number"] == device.serial_number


async def test_rtu_over_tcp() -> None:
    device = Device()
    async with network(device, framing=Framing.RTU) as line:
        ended = await run("read", f"{line.host}:{line.port}", "--rtu-over-tcp", "--json")
    assert ended.json["identity"]["serial_number"] == device.serial_number


async def test_a_gateway_without_a_meter() -> None:
    """The text says what to check, in one line."""
    async with gateway(Device(), exception=11) as adapter:
        ended = await run("read", f"127.0.0.1:{adapter.port}")
    assert (ended.code, ended.out) == (4, "")
    assert ended.err.startswith("dts307: The adapter answers, but no meter answers behind it.")
    assert ended.err.count("\n") == 1


async def test_a_port_in_use() -> None:
    async with serial(Device()) as line:
        with Serial(line.path, exclusive=True):
            ended = await run("read", line.path)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("dts307: Another program uses the serial port")


async def test_the_sign_of_power_can_be_inverted() -> None:
    device = Device()
    device.write("W", 1234)
    device.write("W_SF", 0)
    async with network(device) as line:
        data = (await run("read", f"{line.host}:{line.port}", "--invert", "--json")).json
    assert data["reading"]["power"]["total"] == -1234
