"""What is wrong on the bus itself, told by what is heard on it."""

from homeassistant.components.modbus import async_get_unit
from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.connection import MeterAddress, buses
from custom_components.dts307.meter.modbus import ProbeResult
from simulator.meter import MeterConfig
from simulator.server import Framing, PtyConfig, PtyLine, TcpConfig, TcpLine
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.reasons import Impostors, begin_to_poll, see_reason, see_recovery
from tests.integration.timing import change_timing
from tests.lines import SPEED, network_data, serial, serial_data
from tests.uart import uart

OTHERS = bytes.fromhex("55ff00010000005a55ff0164000000e1" * 2)
"""Two frames of BACnet MS/TP, as a token goes round."""


@pytest.mark.parametrize("kind", ["serial", *Framing])
async def test_another_unit_answers(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, kind: str | Framing
) -> None:
    """An adapter translates unit ids, or a device has the wrong one."""
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


async def test_the_speed_is_another_one_now(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The meter was set to another speed, and others talk on the bus at that."""
    device = Device()
    async with uart(monkeypatch, device, baud=SPEED) as line:
        await begin_to_poll(hass, device, serial_data(line))
        line.baud, line.neighbour = 38400, OTHERS
        await see_reason(hass, caplog, device, "wrong_speed", "wrong_speed_serial")
        line.baud, line.neighbour = SPEED, b""
        await see_recovery(hass, caplog, device)


async def test_the_parity_is_another_one_now(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody else talks: the meter hears nothing that it would answer, and that looks like this."""
    device = Device()
    async with uart(monkeypatch, device, baud=SPEED) as line:
        await begin_to_poll(hass, device, serial_data(line))
        line.parity = "E"
        await see_reason(hass, caplog, device, "meter_silent", "meter_silent_serial")
        line.parity = "N"
        await see_recovery(hass, caplog, device)


@pytest.fixture
def listened(monkeypatch: pytest.MonkeyPatch) -> list[ProbeResult | OSError]:
    """Return what is heard on the bus in turn, the last for ever; what is left shows how often."""
    heard: list[ProbeResult | OSError] = []

    async def listen(*_args: object) -> ProbeResult:
        now = heard.pop(0)
        if isinstance(now, OSError):
            raise now
        return now

    monkeypatch.setattr(buses, "probe_unit", listen)
    return heard


async def test_nobody_listens_while_others_are_answered(
    hass: HomeAssistant, listened: list[ProbeResult | OSError]
) -> None:
    """The link is not closed for one meter that is away."""
    listened += [ProbeResult.NOISE, ProbeResult.NOISE]
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (100, 101)]
    async with serial(*devices) as line:
        for device in devices:
            await load(hass, entry_for(device, serial_data(line, unit_id=device.unit)))
        devices[0].silent = True
        for _ in range(3):
            await let_pass(hass, 30)
            assert state_of(hass, devices[1], "link_state") == "ok"
        assert state_of(hass, devices[0], "link_state") == "meter_silent"
        assert len(listened) == 2
        devices[1].silent = True
        for _ in range(3):
            await let_pass(hass, 30)
        assert [state_of(hass, device, "link_state") for device in devices] == ["wrong_speed"] * 2
        assert listened == []


async def test_nobody_listens_while_another_integration_holds_the_link(
    hass: HomeAssistant, listened: list[ProbeResult | OSError]
) -> None:
    """Whether its devices answer, nobody knows here."""
    listened.append(ProbeResult.NOISE)
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
        assert listened == [ProbeResult.NOISE]


async def test_nobody_listens_while_another_integration_reads_a_former_meter(
    hass: HomeAssistant, listened: list[ProbeResult | OSError]
) -> None:
    """That it was silent when it was ours says nothing about now."""
    listened.append(ProbeResult.NOISE)
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
        assert listened == [ProbeResult.NOISE]


async def test_what_is_heard_may_change(
    hass: HomeAssistant, listened: list[ProbeResult | OSError]
) -> None:
    """In a long outage the bus is probed again; a port that is not free then tells nothing."""
    change_timing(hass, link={"probe_again": 0.0})
    listened += [
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
        assert listened == [ProbeResult.SILENCE]
        device.silent, device.refusal = False, ExcCodes.ILLEGAL_ADDRESS
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "read_refused"
        device.refusal = None
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "ok"


async def test_what_is_heard_is_remembered_over_a_reload(
    hass: HomeAssistant, listened: list[ProbeResult | OSError]
) -> None:
    """The bus is not probed again for that."""
    listened.append(ProbeResult.NOISE)
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        await begin_to_poll(hass, device, data)
        (entry,) = hass.config_entries.async_entries("dts307")
        device.silent = True
        for _ in range(2):
            await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "wrong_speed"
        assert listened == []
        await hass.config_entries.async_reload(entry.entry_id)
        assert state_of(hass, device, "link_state") == "wrong_speed"
