"""Moving a meter to another link; until it is found there, everything stays as it was."""

from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_refused,
    choose,
    entry_for,
    let_pass,
    load,
    state_of,
    submit,
    suggested,
    without_section,
)
from tests.lines import SPEED, network, network_data, serial, serial_data

OTHER_SPEED = SPEED // 2


async def begin(hass: HomeAssistant, entry: MockConfigEntry, transport: str) -> ConfigFlowResult:
    """Begin to reconfigure, up to the form that asks for the new link."""
    result = await entry.start_reconfigure_flow(hass)
    return await choose(hass, result, f"reconfigure_{transport}")


def assert_moved(result: ConfigFlowResult, entry: MockConfigEntry, data: dict[str, Any]) -> None:
    """See that the entry is in use on its new link, and on no other."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == data
    assert entry.state is ConfigEntryState.LOADED


async def test_another_unit_id(hass: HomeAssistant) -> None:
    """The form begins with what is set up."""
    device = Device(MeterConfig(serial="S1"))
    moved = Device(MeterConfig(serial="S1", unit=9))
    async with network(device, moved) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        result = await begin(hass, entry, "network")
        assert suggested(result) == without_section(network_data(line))
        result = await submit(hass, result, answers(network_data(line, unit_id=9)))
        assert_moved(result, entry, network_data(line, unit_id=9))
        assert moved.requests
        assert [info.units for info in async_get_connection_info(hass)] == [{entry.entry_id: [9]}]


async def test_another_adapter(hass: HomeAssistant) -> None:
    """The entities and the options stay; the old link is closed."""
    device = Device()
    async with network(device) as line, network(device, framing=Framing.RTU) as other:
        entry = entry_for(device, network_data(line), ct_rating=200.0, ct_sets=2)
        await load(hass, entry)
        before = set(hass.states.async_entity_ids())
        result = await begin(hass, entry, "network")
        result = await submit(hass, result, answers(network_data(other)))
        assert_moved(result, entry, network_data(other))
        assert set(hass.states.async_entity_ids()) == before
        assert entry.options == {"ct_rating": 200.0, "ct_sets": 2}
        (info,) = async_get_connection_info(hass)
        assert str(other.port) in str(info.endpoint)


async def test_from_serial_to_network_and_back(hass: HomeAssistant) -> None:
    """Nothing of the old link is left in the entry."""
    device = Device()
    async with serial(device) as port, network(device) as line:
        entry = entry_for(device, serial_data(port))
        await load(hass, entry)
        result = await begin(hass, entry, "network")
        assert suggested(result) == {}
        result = await submit(hass, result, answers(network_data(line)))
        assert_moved(result, entry, network_data(line))

        result = await begin(hass, entry, "serial")
        assert suggested(result) == {}
        result = await submit(hass, result, answers(serial_data(port)))
        assert_moved(result, entry, serial_data(port))
        assert len(async_get_connection_info(hass)) == 1


async def test_the_same_port_at_another_speed(hass: HomeAssistant) -> None:
    """The entry holds the port, and steps aside so that the new speed can be tried."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        result = await begin(hass, entry, "serial")
        assert suggested(result)["baudrate"] == str(SPEED)
        data = serial_data(line, speed=OTHER_SPEED)
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


@pytest.mark.usefixtures("slow_driver")
async def test_the_same_port_with_a_slow_driver(hass: HomeAssistant) -> None:
    """It is closed and opened time and again in a row, and found taken at first each time."""
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await begin(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "answers_at")
        assert entry.state is ConfigEntryState.LOADED
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)
        await hass.config_entries.async_unload(entry.entry_id)


async def test_the_same_port_at_a_wrong_speed(hass: HomeAssistant) -> None:
    """Nobody answers at that speed; the form proposes the old one, and the entry goes on at it."""
    device = Device()
    async with serial(device) as line:
        data = serial_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await begin(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "answers_at")
        assert suggested(result)["baudrate"] == str(SPEED)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data == data
        asked = len(device.requests)
        await let_pass(hass)
        assert len(device.requests) == asked + 1
        assert state_of(hass, device, "frequency") == "59.98"

        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


async def test_the_port_is_shared(hass: HomeAssistant) -> None:
    """Another meter on the bus keeps the port at its speed; this one cannot have its own."""
    devices = Device(), Device(MeterConfig(unit=101))
    async with serial(*devices) as line:
        entries = [entry_for(device, serial_data(line, unit_id=device.unit)) for device in devices]
        for entry in entries:
            await load(hass, entry)
        result = await begin(hass, entries[0], "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "link_in_use")
        assert [entry.state for entry in entries] == [ConfigEntryState.LOADED] * 2


@pytest.mark.parametrize("serial_number", ["S30700999", ""])
async def test_another_meter_answers(hass: HomeAssistant, serial_number: str) -> None:
    """It is not taken for the one that was set up, nor is one without a serial number."""
    device = Device()
    other = Device(MeterConfig(unit=9))
    other.write("SN", serial_number)
    async with network(device, other) as line:
        data = network_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await begin(hass, entry, "network")
        result = await submit(hass, result, answers(network_data(line, unit_id=9)))
        reason = "another_meter" if serial_number else "no_serial_number"
        assert_refused(result, "reconfigure_network", reason)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data == data
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


async def test_another_meter_at_another_speed(hass: HomeAssistant) -> None:
    """The entry that stepped aside comes back also when something does answer."""
    device = Device()
    async with serial(device, speed=None) as line:
        data = serial_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await begin(hass, entry, "serial")
        device.write("SN", "S30700999")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "another_meter")
        assert entry.data == data
        assert entry.state is ConfigEntryState.SETUP_RETRY


@pytest.mark.parametrize("speed", [SPEED, OTHER_SPEED])
async def test_an_entry_that_waits_for_its_next_attempt(hass: HomeAssistant, speed: int) -> None:
    """The meter was set to another unit id, and perhaps to another speed: the usual reason."""
    device = Device(MeterConfig(unit=9))
    async with serial(device, speed=speed) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        result = await begin(hass, entry, "serial")
        data = serial_data(line, unit_id=9, speed=speed)
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


async def test_an_entry_that_waits_and_is_not_found(hass: HomeAssistant) -> None:
    """It waits on, and loads once its meter answers again."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        device.silent = True
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        result = await begin(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "meter_silent_serial")
        assert entry.state is ConfigEntryState.SETUP_RETRY
        hass.config_entries.flow.async_abort(result["flow_id"])

        device.silent = False
        await let_pass(hass, 60)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_an_entry_that_is_disabled(hass: HomeAssistant) -> None:
    """It holds no link, so that it need not step aside, and stays disabled."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        entry.add_to_hass(hass)
        result = await begin(hass, entry, "serial")
        wrong = answers(serial_data(line, unit_id=1, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "meter_silent_serial")
        assert entry.state is ConfigEntryState.NOT_LOADED
        hass.config_entries.flow.async_abort(result["flow_id"])
