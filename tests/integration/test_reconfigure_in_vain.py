"""A meter is not found at its new address, and its entry stays as it was."""

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_refused,
    entry_for,
    follow,
    let_pass,
    load,
    start,
    state_of,
    submit,
    suggested,
    unknowing,
)
from tests.integration.scanning import (
    assert_moved,
    assert_no_meter,
    load_without_meter,
    reconfigure,
)
from tests.lines import SPEED, network, network_data, serial, serial_data

OTHER_SPEED = SPEED // 2

pytestmark = pytest.mark.usefixtures("skip_waiting", "all_entities_enabled")


async def test_a_meter_that_is_not_found(hass: HomeAssistant) -> None:
    """The entry works as before, and the next attempt may succeed."""
    device = Device(MeterConfig(unit=7))
    async with serial(device) as line, network() as empty:
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
        result = await submit(hass, result, unknowing(network_data(empty)))
        assert_refused(result, "network", "nothing_found_network")
        assert entry.state is ConfigEntryState.LOADED
        hass.config_entries.flow.async_abort(result["flow_id"])

        result = await reconfigure(hass, entry, "serial")
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


@pytest.mark.parametrize("serial_number", ["S30700999", ""])
async def test_another_meter_answers(hass: HomeAssistant, serial_number: str) -> None:
    """It is not mistaken for the one that was set up, even without a serial number."""
    device = Device()
    other = Device()
    other.write("SN", serial_number)
    async with network(device) as line, network(other) as elsewhere:
        data = network_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(elsewhere)))
        assert_refused(result, "network", "other_meters")
        name = "Measurlogic DTS 307"
        who = f"{name} {serial_number}" if serial_number else name
        placeholders = result["description_placeholders"]
        assert placeholders == {"devices": f"{who} (#100, Modbus TCP)"}
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data == data
        result = await submit(hass, result, answers(data))
        assert_moved(result, entry, data)


async def test_another_meter_at_another_speed(hass: HomeAssistant) -> None:
    """The suspended entry is resumed, and reports the other meter."""
    own, device = Device(), Device()
    async with serial(device, speed=None) as line:
        data = serial_data(line)
        entry = entry_for(own, data)
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        device.write("SN", "S30700999")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "serial", "other_meters")
        assert entry.data == data
        assert entry.state is ConfigEntryState.LOADED
        assert_no_meter(hass, own, "another_meter")


async def test_a_meter_that_stays_silent(hass: HomeAssistant) -> None:
    """Its entry polls on, and recovers once its meter answers again."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        device.silent = True
        await load_without_meter(hass, entry, device, "meter_silent")
        result = await reconfigure(hass, entry, "serial")
        wrong = answers(serial_data(line, speed=OTHER_SPEED))
        result = await submit(hass, result, wrong)
        assert_refused(result, "serial", "nothing_found_serial")
        assert entry.state is ConfigEntryState.LOADED
        assert_no_meter(hass, device, "meter_silent")
        hass.config_entries.flow.async_abort(result["flow_id"])

        device.silent = False
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"
        assert state_of(hass, device, "frequency") == "59.98"


async def test_an_entry_that_is_disabled(hass: HomeAssistant) -> None:
    """It holds no connection, so it is not suspended, and stays disabled."""
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


@pytest.mark.parametrize("answering", [True, False])
async def test_an_entry_that_is_removed_meanwhile(hass: HomeAssistant, *, answering: bool) -> None:
    """The flow ends with that reason, and nothing is left."""
    device = Device(MeterConfig(unit=101))
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line, unit_id=101))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        result = await start(hass, result, unknowing(serial_data(line)))
        device.silent = not answering
        await hass.config_entries.async_remove(entry.entry_id)
        assert_gone(hass, await follow(hass, result))


async def test_an_entry_that_is_removed_before_the_scan(hass: HomeAssistant) -> None:
    """Any form of the flow ends the same way."""
    device = Device()
    async with network(device) as line:
        for step in ("reconfigure", "network"):
            entry = entry_for(device, network_data(line))
            await load(hass, entry)
            if step == "network":
                result = await reconfigure(hass, entry, "network")
                entered = unknowing(network_data(line))
            else:
                result = await entry.start_reconfigure_flow(hass)
                entered = {"next_step_id": "network"}
            await hass.config_entries.async_remove(entry.entry_id)
            assert_gone(hass, await submit(hass, result, entered))


def assert_gone(hass: HomeAssistant, result: ConfigFlowResult) -> None:
    """Expect that a flow has ended because its entry was removed."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "entry_gone"
    assert hass.config_entries.async_entries(DOMAIN) == []
    assert hass.config_entries.flow.async_progress() == []
