"""A meter's energies have the words of where it is installed, as in the Energy dashboard."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

WORDS = {
    "grid": ("imported", "exported"),
    "solar": ("imported", "exported"),
    "battery": ("charged", "discharged"),
    "home": ("consumed", "exported"),
    "load": ("consumed", "exported"),
}


def names(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str | None]:
    """Return the names of the entities, by the keys in their unique IDs."""
    registry = er.async_get(hass)
    found = er.async_entries_for_config_entry(registry, entry.entry_id)
    return {each.unique_id.split("_", 1)[1]: each.original_name for each in found}


@pytest.mark.parametrize("role", WORDS)
async def test_energies_have_the_words_of_the_role(hass: HomeAssistant, role: str) -> None:
    """Also those of a phase, and of a period."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role=role)
        await load(hass, entry)
        told = names(hass, entry)
    for word, own in zip(("imported", "exported"), WORDS[role], strict=True):
        assert told[f"energy_{word}"] == f"Energy {own}"
        assert told[f"energy_{word}_b"] == f"Energy {own} phase B"
        assert told[f"{word}_this_period"] == f"{own.capitalize()} this period"
        assert told[f"{word}_last_period"] == f"{own.capitalize()} last period"


async def test_another_role_changes_names_only(hass: HomeAssistant) -> None:
    """The entities stay, with their IDs and so with their history."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        registry = er.async_get(hass)
        before = registry.async_get("sensor.dts_307_energy_imported")
        hass.config_entries.async_update_entry(entry, options={**entry.options, "role": "battery"})
        await hass.config_entries.async_reload(entry.entry_id)
        assert names(hass, entry)["energy_imported"] == "Energy charged"
        after = registry.async_get("sensor.dts_307_energy_imported")
        assert before is not None
        assert after is not None
        assert (after.id, after.name) == (before.id, None)
