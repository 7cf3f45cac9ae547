"""A yes to the Energy dashboard holds until the meter is in it, however long that takes."""

from copy import deepcopy

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.energy_dashboard import async_is_in_dashboard
from simulator.server import TcpLine
from tests.device import Device
from tests.integration.dashboard import open_dashboard, save, sources
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.repair_flows import assert_ignored_for_good, choose, open_repair
from tests.integration.scanning import load_without_meter
from tests.lines import network, network_data

POWER = "sensor.dts_307_power"


pytestmark = pytest.mark.usefixtures("recorder_mock", "hasty")


def wished_for(device: Device, line: TcpLine) -> MockConfigEntry:
    """Return the entry of a meter at the grid that its owner wants in the dashboard."""
    return entry_for(device, {**network_data(line), "add_to_energy": True}, role="grid")


def repair(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the repair that asks to try again, if it does."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"not_in_energy_dashboard_{entry.entry_id}")


def disable(hass: HomeAssistant, *, disabled: bool = True) -> None:
    """Disable the sensor of the power, or enable it."""
    by = er.RegistryEntryDisabler.USER if disabled else None
    er.async_get(hass).async_update_entity(POWER, disabled_by=by)


async def held_up(hass: HomeAssistant, device: Device, line: TcpLine) -> MockConfigEntry:
    """Return the entry of a meter that cannot be added for now, so that a repair is there."""
    assert await async_setup_component(hass, "repairs", {})
    entry = wished_for(device, line)
    er.async_get(hass).async_get_or_create(
        "sensor",
        DOMAIN,
        f"{device.serial_number}_power",
        suggested_object_id=POWER.removeprefix("sensor."),
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    await load(hass, entry)
    assert repair(hass, entry) is not None
    return entry


async def test_it_is_fulfilled_at_once(hass: HomeAssistant) -> None:
    """And forgotten then: what its owner takes out of the dashboard stays out."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = wished_for(device, line)
        await load(hass, entry)
        assert [source["stat_rate"] for source in sources(manager)] == [POWER]
        assert entry.data == network_data(line)
        await save(manager, energy_sources=[])
        await hass.config_entries.async_reload(entry.entry_id)
        assert sources(manager) == []
        assert repair(hass, entry) is None


async def test_a_meter_that_is_silent_at_first(hass: HomeAssistant) -> None:
    """Its sensors exist only once it has answered; the wish waits for them."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        device.silent = True
        entry = wished_for(device, line)
        await load_without_meter(hass, entry, device, "meter_silent")
        for _ in range(2):
            assert sources(manager) == []
            assert repair(hass, entry) is None
            assert entry.data == wished_for(device, line).data
            await let_pass(hass, 60)
        device.silent = False
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"
        assert len(sources(manager)) == 1
        assert entry.data == network_data(line)


async def test_repaired(hass: HomeAssistant) -> None:
    """The repair says what is in the way, and does it once that is gone."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = await held_up(hass, device, line)
        issue = repair(hass, entry)
        assert issue is not None
        assert issue.translation_placeholders == {"name": "DTS 307"}
        refused = await choose(hass, await open_repair(hass, issue), "confirm")
        assert refused["reason"] == "sensor_disabled"
        assert repair(hass, entry) is not None
        assert sources(manager) == []
        disable(hass, disabled=False)
        fixed = await choose(hass, await open_repair(hass, issue), "confirm")
        assert fixed["type"] == "create_entry"
        assert repair(hass, entry) is None
        assert len(sources(manager)) == 1
        assert entry.data == network_data(line)


async def test_the_next_set_up_tries_again(hass: HomeAssistant) -> None:
    """Home Assistant reloads the entry by itself when its sensor is enabled."""
    await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = await held_up(hass, device, line)
        disable(hass, disabled=False)
        await let_pass(hass, 31)
        assert await async_is_in_dashboard(hass, entry)
        assert repair(hass, entry) is None


async def test_added_by_hand(hass: HomeAssistant) -> None:
    """The repair goes as soon as that is saved, and not with what has nothing to do with it."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = await held_up(hass, device, line)
        other = {"stat_consumption": "sensor.oven"}
        await save(manager, device_consumption=[other])
        assert repair(hass, entry) is not None
        own = {"stat_consumption": "sensor.dts_307_energy_imported"}
        await save(manager, device_consumption=[own])
        assert repair(hass, entry) is None
        by_hand = deepcopy(manager.data)
        disable(hass, disabled=False)
        await let_pass(hass, 31)
        assert manager.data == by_hand


async def test_ignored_for_good(hass: HomeAssistant) -> None:
    """The owner has no use for it in the dashboard."""
    await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = await held_up(hass, device, line)
        await assert_ignored_for_good(hass, entry, repair)


async def test_removed_meanwhile(hass: HomeAssistant) -> None:
    """Its repair goes with it; one that is open by then has nothing to add."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = await held_up(hass, device, line)
        opened = await open_repair(hass, repair(hass, entry))
        await hass.config_entries.async_remove(entry.entry_id)
        assert repair(hass, entry) is None
        result = await choose(hass, opened, "confirm")
        assert result["reason"] == "sensor_missing"
        assert sources(manager) == []


async def test_without_an_energy_dashboard(hass: HomeAssistant) -> None:
    """The wish waits for one, without a repair."""
    device = Device()
    async with network(device) as line:
        entry = wished_for(device, line)
        await load(hass, entry)
        assert repair(hass, entry) is None
        assert entry.data == wished_for(device, line).data
        manager = await open_dashboard(hass)
        await hass.config_entries.async_reload(entry.entry_id)
        assert len(sources(manager)) == 1
