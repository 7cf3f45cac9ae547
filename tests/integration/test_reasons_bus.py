"""Faults of the bus, recognized by what is received on it."""

import logging

from homeassistant.components.modbus import async_get_unit
from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.connection import MeterAddress, buses
from custom_components.dts307.meter.modbus import ProbeResult
from simulator import MeterConfig
from simulator.server import Framing, PtyConfig, PtyLine, TcpConfig, TcpLine
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.reasons import (
    Impostors,
    begin_to_poll,
    logged,
    see_reason,
    see_recovery,
)
from tests.integration.timing import change_timing
from tests.lines import SPEED, network_data, serial, serial_data
from tests.uart import uart

OTHERS = bytes.fromhex("55ff00010000005a55ff0164000000e1" * 2)
"""Two frames of no protocol: they resemble BACnet MS/TP, but with wrong checksums."""

TOKEN = bytes.fromhex("55ff00100500008c")
"""A frame of BACnet MS/TP: the example of ASHRAE 135, annex G.1."""

pytestmark = pytest.mark.usefixtures("skip_waiting", "hasty")


@pytest.mark.parametrize("kind", ["serial", *Framing])
async def test_another_unit_answers(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, kind: str | Framing
) -> None:
    """The adapter translates unit IDs, or a device has the wrong one."""
    device = Device()
    bench = Impostors(device)
    line = (
        TcpLine(bench, TcpConfig(framing=kind))
        if isinstance(kind, Framing)
        else PtyLine(bench, PtyConfig())
    )
    await line.open()
    try:
        data = network_data(line) if isinstance(line, TcpLine) else serial_data(line)
        await begin_to_poll(hass, device, data)
        bench.answer_as = 33
        await see_reason(hass, caplog, device, "another_unit")
        bench.answer_as = None
        await see_recovery(hass, caplog, device)
    finally:
        await line.close()


async def test_the_baud_rate_changes(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Frames of other devices show that the baud rate of the bus has changed."""
    device = Device()
    async with uart(monkeypatch, device, baud=SPEED) as line:
        await begin_to_poll(hass, device, serial_data(line))
        line.baud, line.neighbour = 38400, OTHERS
        await see_reason(hass, caplog, device, "wrong_speed", "wrong_speed_serial")
        line.baud, line.neighbour = SPEED, b""
        await see_recovery(hass, caplog, device)


async def test_the_meter_is_set_to_bacnet(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the baud rate of the entry, its frames can be received."""
    device = Device()
    async with uart(monkeypatch, device, baud=SPEED) as line:
        await begin_to_poll(hass, device, serial_data(line))
        device.silent, line.neighbour = True, TOKEN
        for _ in range(3):
            await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "speaks_bacnet"
        (warning,) = logged(caplog, logging.WARNING)
        assert f"The meter speaks BACnet at {SPEED} baud" in warning
        device.silent, line.neighbour = False, b""
        await see_recovery(hass, caplog, device)


async def test_the_parity_changes(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without other traffic, a wrong parity looks like a silent meter."""
    device = Device()
    async with uart(monkeypatch, device, baud=SPEED) as line:
        await begin_to_poll(hass, device, serial_data(line))
        line.parity = "E"
        await see_reason(hass, caplog, device, "meter_silent", "meter_silent_serial")
        line.parity = "N"
        await see_recovery(hass, caplog, device)


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> list[ProbeResult | OSError]:
    """Return the results of the next probes of the bus; each probe removes one."""
    results: list[ProbeResult | OSError] = []

    async def listen(*_args: object) -> ProbeResult:
        now = results.pop(0)
        if isinstance(now, OSError):
            raise now
        return now

    monkeypatch.setattr(buses, "probe_unit", listen)
    return results


async def test_no_probe_while_other_meters_answer(
    hass: HomeAssistant, probes: list[ProbeResult | OSError]
) -> None:
    """The link is not closed because of one silent meter."""
    probes += [ProbeResult.NOISE, ProbeResult.NOISE]
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (100, 101)]
    async with serial(*devices) as line:
        for device in devices:
            await load(hass, entry_for(device, serial_data(line, unit_id=device.unit)))
        devices[0].silent = True
        for _ in range(3):
            await let_pass(hass, 30)
            assert state_of(hass, devices[1], "link_state") == "ok"
        assert state_of(hass, devices[0], "link_state") == "meter_silent"
        assert len(probes) == 2
        devices[1].silent = True
        for _ in range(3):
            await let_pass(hass, 30)
        assert [state_of(hass, device, "link_state") for device in devices] == ["wrong_speed"] * 2
        assert probes == []


async def test_no_probe_while_another_integration_holds_the_link(
    hass: HomeAssistant, probes: list[ProbeResult | OSError]
) -> None:
    """The devices of the other integration may be working."""
    probes.append(ProbeResult.NOISE)
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        await begin_to_poll(hass, device, data)
        other = MockConfigEntry(domain="other")
        other.add_to_hass(hass)
        async_get_unit(hass, other, MeterAddress.parse(data).bus.params, 7)
        device.silent = True
        for _ in range(3):
            await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "meter_silent"
        assert probes == [ProbeResult.NOISE]


async def test_no_probe_while_another_integration_reads_a_former_meter(
    hass: HomeAssistant, probes: list[ProbeResult | OSError]
) -> None:
    """That it was silent when it was ours says nothing about now."""
    probes.append(ProbeResult.NOISE)
    device, former = Device(), Device(MeterConfig(unit=7, serial="S307007"))
    async with serial(device, former) as line:
        data = serial_data(line)
        await begin_to_poll(hass, device, data)
        entry = entry_for(former, serial_data(line, unit_id=7))
        former.silent = True
        await load(hass, entry)
        assert state_of(hass, former, "link_state") == "meter_silent"
        await hass.config_entries.async_remove(entry.entry_id)
        other = MockConfigEntry(domain="other")
        other.add_to_hass(hass)
        async_get_unit(hass, other, MeterAddress.parse(data).bus.params, 7)
        device.silent = True
        for _ in range(3):
            await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "meter_silent"
        assert probes == [ProbeResult.NOISE]


async def test_the_reason_changes_with_the_probe(
    hass: HomeAssistant, probes: list[ProbeResult | OSError]
) -> None:
    """In a long outage the bus is probed again; a busy port does not change the reason."""
    change_timing(hass, link={"probe_again": 0.0})
    probes += [
        OSError("in use"),
        ProbeResult.NOISE,
        ProbeResult.ANOTHER_UNIT,
        ProbeResult.RESPONSE,
        ProbeResult.SILENCE,
    ]
    device = Device()
    async with serial(device) as line:
        await begin_to_poll(hass, device, serial_data(line))
        device.silent = True
        for state in ("meter_silent", "wrong_speed", "another_unit", "meter_silent"):
            await let_pass(hass, 30)
            assert state_of(hass, device, "link_state") == state
        assert probes == [ProbeResult.SILENCE]
        device.silent, device.refusal = False, ExcCodes.ILLEGAL_ADDRESS
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "read_refused"
        device.refusal = None
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "ok"


async def test_the_reason_survives_a_reload(
    hass: HomeAssistant, probes: list[ProbeResult | OSError]
) -> None:
    """The bus is not probed again."""
    probes.append(ProbeResult.NOISE)
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        await begin_to_poll(hass, device, data)
        (entry,) = hass.config_entries.async_entries("dts307")
        device.silent = True
        for _ in range(2):
            await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "wrong_speed"
        assert probes == []
        await hass.config_entries.async_reload(entry.entry_id)
        assert state_of(hass, device, "link_state") == "wrong_speed"
