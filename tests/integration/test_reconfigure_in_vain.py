"""A meter is not found on the link that it is said to have now, and stays as it was."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_refused,
    entry_for,
    let_pass,
    load,
    state_of,
    submit,
    suggested,
    unknowing,
)
from tests.integration.searching import assert_moved, reconfigure
from tests.lines import SPEED, network, network_data, serial, serial_data

OTHER_SPEED = SPEED // 2


async def test_a_meter_that_is_not_found(hass: HomeAssistant) -> None:
    """The entry goes on as before, whatever is tried next."""
    device = Device(MeterConfig(unit=7))
    async with serial(device) as line, network() as nobody:
        data = serial_data(line, unit_id=7)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        result = await submit(hass, result, answers(serial_data(line)))
        assert_refused(result, "serial", "nothing_found_serial")
        assert suggested(result, "known")["unit_id"] == 100
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data == data
        asked = len(device.requests)
        await let_pass(hass)
        assert len(device.requests) == asked + 1
        assert state_of(hass, device, "frequency") == "59.98"
        hass.config_entries.flow.async_abort(result["flow_id"])

        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(nobody)))
        assert_refused(result, "network", "nothing_found_network")
        assert entry.state is ConfigEntryState.LOADED
        hass.config_entries.flow.async_abort(result["flow_id"])

        result = await reconfigure(hass, entry, "serial")
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


@pytest.mark.parametrize("serial_number", ["S30700999", ""])
async def test_another_meter_answers(hass: HomeAssistant, serial_number: str) -> None:
    """It is not taken for the one that was set up, nor is one without a serial number."""
    device = Device()
    other = Device()
    other.write("SN", serial_number)
    async with network(device) as line, network(other) as elsewhere:
        data = network_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(elsewhere)))
        reason = "another_meter" if serial_number else "no_serial_number"
        assert_refused(result, "network", reason)
        name = "Measurlogic DTS 307"
        who = f"{name} {serial_number}" if serial_number else name
        told = result["description_placeholders"]
        assert told == {"devices": f"{who} (#100, Modbus TCP)"}
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
        result = await reconfigure(hass, entry, "serial")
        device.write("SN", "S30700999")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "serial", "another_meter")
        assert entry.data == data
        assert entry.state is ConfigEntryState.SETUP_RETRY


async def test_an_entry_that_waits_and_is_not_found(hass: HomeAssistant) -> None:
    """It waits on, and loads once its meter answers again."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        device.silent = True
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        result = await reconfigure(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "serial", "nothing_found_serial")
        assert entry.state is ConfigEntryState.SETUP_RETRY
        hass.config_entries.flow.async_abort(result["flow_id"])

        device.silent = False
        await let_pass(hass, 60)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_an_entry_that_is_disabled(hass: HomeAssistant) -> None:
    """It holds no link, so that it need not step aside, and stays disabled."""
    device = Device()
    device.silent = True
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        entry.add_to_hass(hass)
        result = await reconfigure(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "serial", "nothing_found_serial")
        assert entry.state is ConfigEntryState.NOT_LOADED
        hass.config_entries.flow.async_abort(result["flow_id"])
