"""What the doctor finds out about a line on which nothing answers, or not always."""

import asyncio
from typing import Any

import pytest
import serialx

from dts307.doctor.examination import examine
from dts307.doctor.report import Finding, Report
from dts307.meter.address import MeterAddress
from dts307.observer import Observer, alarm_options
from dts307.target import parse_target
from simulator.server import Framing
from tests.device import Device
from tests.lines import SPEED, network, serial
from tests.uart import uart

TOKEN = bytes.fromhex("55ff00100500008c")
"""A frame of BACnet MS/TP"""


pytestmark = pytest.mark.usefixtures("skip_waiting")


async def examined(target: MeterAddress, seconds: float = 0) -> Report:
    """Return what the doctor finds."""
    return await examine(target, Observer(alarm_options(None, hold=False)), seconds=seconds)


def only_finding(report: Report) -> Finding:
    """Return the only thing that was found, where no reading could be had."""
    assert report.readings == 0
    assert report.identity is None
    assert not report.in_order
    (found,) = report.found
    return found


async def test_the_framing_is_wrong() -> None:
    async with network(Device(), framing=Framing.RTU) as line:
        found = only_finding(await examined(parse_target(f"{line.host}:{line.port}")))
        assert found.key == "other_settings"
        assert found.text.endswith(
            f"Run dts307 doctor {line.host}:{line.port} --unit 100 --rtu-over-tcp"
        )
    async with network(Device()) as line:
        target = parse_target(f"{line.host}:{line.port}", rtu_over_tcp=True)
        found = only_finding(await examined(target))
        assert found.key == "other_settings"
        assert found.text.endswith(f"Run dts307 doctor {line.host}:{line.port} --unit 100")


@pytest.mark.parametrize(("speed", "parity"), [(19200, "N"), (9600, "E"), (57600, "E")])
async def test_the_speed_or_the_parity_is_wrong(
    monkeypatch: pytest.MonkeyPatch, speed: int, parity: str
) -> None:
    async with uart(monkeypatch, Device(), baud=speed, parity=parity) as line:
        found = only_finding(await examined(parse_target(line.path)))
    option = "" if parity == "N" else f" --parity {parity}"
    assert found.key == "other_settings"
    assert found.text == (
        f"The meter answers to {speed} 8{parity}1, not to 9600 8N1."
        f" Run dts307 doctor {line.path} --unit 100 --baud {speed}{option}"
    )


async def test_an_adapter_without_parity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its driver refuses settings that it does not have."""
    async with uart(monkeypatch, Device(), baud=19200) as line:
        connect = serialx.create_serial_connection

        async def only_without(*args: Any, **settings: Any) -> Any:
            if settings["parity"] is not serialx.Parity.NONE:
                raise serialx.UnsupportedSetting("parity")
            return await connect(*args, **settings)

        monkeypatch.setattr(serialx, "create_serial_connection", only_without)
        found = only_finding(await examined(parse_target(line.path)))
    assert found.text.endswith("--baud 19200")


@pytest.mark.parametrize("speed", [9600, 38400])
async def test_the_bus_speaks_bacnet(monkeypatch: pytest.MonkeyPatch, speed: int) -> None:
    device = Device()
    device.silent = True
    async with uart(monkeypatch, device, baud=speed) as line:
        line.neighbour = TOKEN
        found = only_finding(await examined(parse_target(line.path)))
    assert found.key == "speaks_bacnet"
    assert f"BACnet at {speed} baud" in found.text


async def test_nothing_answers_at_all() -> None:
    device = Device()
    device.silent = True
    async with serial(device, speed=None) as line:
        found = only_finding(await examined(parse_target(line.path, baud=SPEED)))
    assert found.key == "meter_silent"
    assert "wires of the bus" in found.text


async def test_another_unit_answers() -> None:
    """Some gateways put the wrong unit ID into their answers."""
    answer = bytes.fromhex("000000000007650304") + b"SunS"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.read(256):
            writer.write(request[:2] + answer[2:])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        found = only_finding(await examined(parse_target(f"127.0.0.1:{port}")))
        server.close_clients()
    assert found.key == "another_unit"


async def test_a_port_that_is_missing() -> None:
    found = only_finding(await examined(parse_target("/dev/no-such-port")))
    assert (found.key, found.title) == ("port_missing", "The connection cannot be opened")


async def test_a_shared_port_is_not_searched() -> None:
    """Only the server knows its settings."""
    found = only_finding(await examined(parse_target("socket://127.0.0.1:1")))
    assert found.key == "host_refuses"


async def test_a_shared_port_whose_meter_is_silent() -> None:
    device = Device()
    device.silent = True
    async with network(device, framing=Framing.RTU) as line:
        target = parse_target(f"socket://{line.host}:{line.port}")
        assert only_finding(await examined(target)).key == "meter_silent"


async def test_a_line_that_loses_answers() -> None:
    device = Device()
    async with network(device) as line:
        said: list[str] = []

        def lose(text: str) -> None:
            said.append(text)
            device.lost_replies = 3 if len(said) in {3, 5} else 0

        report = await examine(
            parse_target(f"{line.host}:{line.port}"),
            Observer(alarm_options(None, hold=False)),
            seconds=5,
            on_progress=lose,
        )
    assert said == [f"Reading {count} of 6" for count in range(1, 7)]
    assert (report.readings, report.failed) == (4, 2)
    assert [found.key for found in report.found] == ["unstable_line"]
    assert "2 of the attempts" in report.found[0].text
    assert "no meter answers" in report.found[0].text


async def test_the_meter_has_to_answer_only_sometimes() -> None:
    """Lost answers at the start do not end the examination."""
    device = Device()
    device.lost_replies = 2
    async with network(device) as line:
        report = await examined(parse_target(f"{line.host}:{line.port}"), seconds=3)
    assert (report.readings, report.failed) == (3, 1)
