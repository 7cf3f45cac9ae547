"""An Energy dashboard that has something in it already."""

from copy import deepcopy
from typing import Any, cast

from homeassistant.components.energy import data
from homeassistant.components.energy.data import (
    ENERGY_SOURCE_SCHEMA,
    EnergyManager,
    EnergyPreferencesUpdate,
    async_get_manager,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

OLD_GRID = {
    "type": "grid",
    "stat_energy_from": "sensor.old_import",
    "stat_energy_to": None,
    "stat_cost": None,
    "entity_energy_price": None,
    "number_energy_price": 0.31,
    "stat_compensation": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "power_config": {"stat_rate": "sensor.old_power"},
    "stat_rate": "sensor.old_power",
    "cost_adjustment_day": 0.0,
}
OLD_SOLAR = {
    "type": "solar",
    "stat_energy_from": "sensor.old_roof",
    "config_entry_solar_forecast": ["a forecast"],
    "name": "Old roof",
}
OLD_BATTERY = {
    "type": "battery",
    "stat_energy_from": "sensor.old_discharge",
    "stat_energy_to": "sensor.old_charge",
    "name": "Old battery",
}
OLD_DEVICE = {"stat_consumption": "utility:fridge", "included_in_stat": "sensor.kitchen"}
OLD_PREFERENCES: dict[str, list[dict[str, Any]]] = {
    "energy_sources": [
        OLD_GRID,
        OLD_SOLAR,
        OLD_BATTERY,
        {"type": "gas", "stat_energy_from": "sensor.gas", "key_of_the_future": {"much": [1, 2]}},
    ],
    "device_consumption": [OLD_DEVICE, {"stat_consumption": "sensor.oven", "colour": "red"}],
    "device_consumption_water": [{"stat_consumption": "sensor.shower"}],
}
"""with what no Home Assistant of today knows"""


def have_home_source(monkeypatch: pytest.MonkeyPatch, *, available: bool = True) -> None:
    """Let the dashboard be one that can have a meter of the whole home, or one that cannot."""
    if available:
        monkeypatch.setattr(data, "HomeSourceType", dict, raising=False)
    else:
        monkeypatch.delattr(data, "HomeSourceType", raising=False)


async def open_dashboard(hass: HomeAssistant, *, old: bool = False) -> EnergyManager:
    """Return the manager of the dashboard, which is empty or has ``OLD_PREFERENCES``."""
    assert await async_setup_component(hass, "sensor", {})
    assert await async_setup_component(hass, "energy", {})
    manager = await async_get_manager(hass)
    if old:
        await save(manager, **deepcopy(OLD_PREFERENCES))
    return manager


async def save(manager: EnergyManager, **parts: list[dict[str, Any]]) -> None:
    """Change parts of the dashboard, as its own forms do."""
    await manager.async_update(cast("EnergyPreferencesUpdate", parts))


def shown(manager: EnergyManager) -> dict[str, Any]:
    """Return a copy of what the dashboard is made of."""
    return deepcopy(cast("dict[str, Any]", manager.data))


def sources(manager: EnergyManager) -> list[dict[str, Any]]:
    """Return the dashboard's sources, which its own forms have to accept when they save them."""
    if manager.data is None:
        return []
    found: list[dict[str, Any]] = shown(manager)["energy_sources"]
    assert ENERGY_SOURCE_SCHEMA(deepcopy(found)) == found
    return found


def devices(manager: EnergyManager) -> list[dict[str, Any]]:
    """Return the dashboard's devices."""
    found: list[dict[str, Any]] = shown(manager)["device_consumption"]
    return found
