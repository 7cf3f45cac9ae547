"""An entry whose port has no persistent path gets one, if its owner agrees."""

from datetime import timedelta
from pathlib import Path

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    assert_asked_only_in_use,
    entry_for,
    let_pass,
    load,
    state_of,
)
from tests.integration.port_names import BY_ID, BY_PATH, PortNames, unplug
from tests.integration.repair_flows import assert_ignored_for_good, choose, open_repair
from tests.integration.scanning import load_without_meter
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture
def name(hass: HomeAssistant, tmp_path: Path) -> PortNames:
    """Gives a device a name."""
    return PortNames(hass, tmp_path)


def offer(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the repair that offers the persistent path, if there is one."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"unstable_port_{entry.entry_id}")


async def test_the_repair_moves_the_entry(hass: HomeAssistant, name: PortNames) -> None:
    """Everything but the path of the port stays."""
    device = Device()
    async with serial(device) as line:
        by_id = name(BY_ID, line.path)
        data = serial_data(line)
        entry = entry_for(device, data)
        await load(hass, entry)
        offered = offer(hass, entry)
        assert offered is not None
        assert offered.translation_placeholders == {
            "name": "DTS 307",
            "device": line.path,
            "stable": by_id,
        }
        registry = er.async_get(hass)
        before = {row.entity_id: (row.id, row.unique_id) for row in registry.entities.values()}
        shown = await open_repair(hass, offer(hass, entry))
        assert entry.data == data

        result = await choose(hass, shown, "confirm")
        assert str(result["type"]) == "create_entry"
        assert entry.data == data | {"device": by_id}
        assert entry.state is ConfigEntryState.LOADED
        assert offer(hass, entry) is None
        after = {row.entity_id: (row.id, row.unique_id) for row in registry.entities.values()}
        assert after == before
        await let_pass(hass)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


@pytest.mark.parametrize("what", ["port gone", "names changed", "moved", "removed"])
async def test_the_repair_comes_too_late(hass: HomeAssistant, name: PortNames, what: str) -> None:
    """Nothing is changed then."""
    device = Device()
    async with serial(device) as line:
        by_id = name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        shown = await open_repair(hass, offer(hass, entry))
        match what:
            case "port gone":
                unplug(by_id)
            case "names changed":
                name("serial/by-id/usb-FTDI_FT232R_0000-if00-port0", line.path)
            case "moved":
                data = dict(entry.data) | {"device": name("meter", line.path)}
                hass.config_entries.async_update_entry(entry, data=data)
            case _:
                await hass.config_entries.async_remove(entry.entry_id)
                assert offer(hass, entry) is None
        before = dict(entry.data)
        assert (await choose(hass, shown, "confirm"))["reason"] == "port_changed"
        assert entry.data == before


@pytest.mark.parametrize("link", [BY_ID, BY_PATH, "meter"])
async def test_a_name_that_lasts(hass: HomeAssistant, name: PortNames, link: str) -> None:
    """There is no repair, although the port may be opened by another path."""
    device = Device()
    async with serial(device) as line:
        by_id = name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line) | {"device": name(link, line.path)})
        await load(hass, entry)
        assert offer(hass, entry) is None
        assert async_get_connection_info(hass)[0].endpoint == ("serial", by_id)


async def test_the_offer_is_withdrawn(hass: HomeAssistant, name: PortNames) -> None:
    """The owner has moved the meter to a network adapter instead."""
    device = Device()
    async with serial(device) as line, network(device) as adapter:
        name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        assert offer(hass, entry) is not None
        hass.config_entries.async_update_entry(entry, data=network_data(adapter))
        await hass.config_entries.async_reload(entry.entry_id)
        assert offer(hass, entry) is None


async def test_the_offer_can_be_ignored_for_good(hass: HomeAssistant, name: PortNames) -> None:
    """The owner may know that there never is another adapter."""
    device = Device()
    async with serial(device) as line:
        name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        await assert_ignored_for_good(hass, entry, offer)


async def test_nothing_is_asked_of_a_disabled_entry(hass: HomeAssistant, name: PortNames) -> None:
    """It is asked again when the entry is in use again."""
    device = Device()
    async with serial(device) as line:
        name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        await assert_asked_only_in_use(hass, entry, offer)


async def test_another_meter_is_no_reason_to_move(hass: HomeAssistant, name: PortNames) -> None:
    """The path may belong to another adapter by now."""
    async with serial(Device()) as line:
        name(BY_ID, line.path)
        expected = Device(MeterConfig(serial="S30700002"))
        entry = entry_for(expected, serial_data(line))
        await load_without_meter(hass, entry, expected, "another_meter")
        assert offer(hass, entry) is None


async def test_the_adapter_is_exchanged(hass: HomeAssistant, name: PortNames) -> None:
    """The new one has another path in by-id; the owner's own link leads to it at once."""
    device = Device()
    async with serial(device) as line:
        old = name(BY_ID, line.path)
        own = name("meter", line.path)
        entry = entry_for(device, serial_data(line) | {"device": own})
        await load(hass, entry)
        coordinator = entry.runtime_data
        await line.close()
        unplug(old, own)
        await let_pass(hass)
        assert coordinator.connection.data.failure == "port_missing"
        assert entry.runtime_data is coordinator

        await line.open()
        new = name("serial/by-id/usb-FTDI_FT232R_NEW-if00-port0", line.path)
        name("meter", line.path)
        await let_pass(hass, 60)
        assert entry.state is ConfigEntryState.LOADED
        assert async_get_connection_info(hass)[0].endpoint == ("serial", new)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_unloaded_while_the_port_leads_elsewhere(
    hass: HomeAssistant, name: PortNames
) -> None:
    """The entry is not set up again by the poll that was under way."""
    device = Device()
    async with serial(device) as line:
        old = name(BY_ID, line.path)
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        unplug(old)
        name("serial/by-id/usb-FTDI_FT232R_NEW-if00-port0", line.path)
        device.silent = True
        device.asked.clear()
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=6))
        await device.asked.wait()
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.NOT_LOADED
