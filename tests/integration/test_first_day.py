"""From the first day, a meter has all its entities, known or not; and one prefix for their IDs."""

from homeassistant.components.sensor import SensorStateClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.sensor import SENSORS
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import entry_for, load, state_of
from tests.lines import network, network_data

LATE = {
    "imported_last_period": "no",
    "exported_last_period": "no",
    "net_last_period": "yes",
    "register_imported_billing_day": "no",
    "register_exported_billing_day": "no",
    "register_imported_midnight": "no",
    "register_exported_midnight": "no",
    "demand": "no",
    "demand_peak": "no",
}
"""What becomes known after a quarter of an hour, a day or a month; and whether it is enabled."""


def entity_of(hass: HomeAssistant, device: Device, key: str) -> str | None:
    """Return the ID of a sensor of a meter."""
    unique_id = f"{device.serial_number}_{key}"
    return er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id)


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("key", LATE)
async def test_what_becomes_known_later(hass: HomeAssistant, key: str) -> None:
    """It is unknown until then, and a dashboard can show it."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, key) == "unknown"


async def test_what_becomes_known_later_can_be_enabled(hass: HomeAssistant) -> None:
    device = Device()
    registry = er.async_get(hass)
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        for key, enabled in LATE.items():
            entity_id = entity_of(hass, device, key)
            assert entity_id is not None
            assert (hass.states.get(entity_id) is None) is (enabled == "no")
            registry.async_update_entity(entity_id, disabled_by=None)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert {state_of(hass, device, key) for key in LATE} == {"unknown"}


@pytest.mark.parametrize("disabled_by", [None, er.RegistryEntryDisabler.USER])
async def test_what_was_enabled_or_disabled_stays_so(
    hass: HomeAssistant, disabled_by: er.RegistryEntryDisabler | None
) -> None:
    """The meter was set up long ago."""
    device = Device()
    registry = er.async_get(hass)
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        entry.add_to_hass(hass)
        for key in LATE:
            registry.async_get_or_create(
                "sensor",
                DOMAIN,
                f"{device.serial_number}_{key}",
                config_entry=entry,
                disabled_by=disabled_by,
            )
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        for key in LATE:
            entity_id = entity_of(hass, device, key)
            assert entity_id is not None
            assert registry.entities[entity_id].disabled_by is disabled_by


async def test_what_a_meter_does_not_count(hass: HomeAssistant) -> None:
    """What follows from a counter needs that counter, which only the floats can leave out."""
    exported = frozenset({"TotWhExp", "TotWhExpPhA", "TotWhExpPhB", "TotWhExpPhC"})
    device = Device(MeterConfig(model=213, missing=exported))
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert {key for key in LATE if entity_of(hass, device, key)} == {
            key for key in LATE if "exported" not in key and "net" not in key
        }


def test_statistics_sum_nothing_that_becomes_known_later() -> None:
    """They would take the first value for growth, unless the sensor says since when it counts."""
    late = [each for each in SENSORS if each.measured_fn is not None]
    assert {each.key for each in late} >= LATE.keys()
    summed = [each for each in late if each.state_class not in (None, SensorStateClass.MEASUREMENT)]
    assert all(each.state_class is SensorStateClass.TOTAL and each.last_reset_fn for each in summed)


async def test_a_meter_is_added_again_under_another_name(hass: HomeAssistant) -> None:
    """Home Assistant gives all entities their IDs back, and with them their history.

    It offers IDs with the new name for all of them, on the device page.
    """
    device = Device()
    registry = er.async_get(hass)
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        before = {each.unique_id: each.entity_id for each in registry.entities.values()}
        await hass.config_entries.async_remove(entry.entry_id)
        assert not registry.entities
        again = entry_for(device, network_data(line))
        again.add_to_hass(hass)
        hass.config_entries.async_update_entry(again, title="Main panel")
        assert await hass.config_entries.async_setup(again.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        after = {each.unique_id: each.entity_id for each in registry.entities.values()}
        assert after == before
        offered = {registry.async_regenerate_entity_id(each) for each in registry.entities.values()}
        assert {each.split(".")[1].startswith("main_panel_") for each in offered} == {True}
