"""Add a meter to the Energy dashboard, and leave its other sources unchanged."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, Literal, cast

from homeassistant.components.energy import data as energy_data
from homeassistant.components.energy.const import DOMAIN as ENERGY
from homeassistant.components.energy.data import (
    EnergyManager,
    EnergyPreferences,
    EnergyPreferencesUpdate,
    async_get_manager,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, singleton

from .const import CONF_ADD_TO_ENERGY, DOMAIN
from .descriptions import ENERGY_COMPENSATION, ENERGY_COST, PRODUCTION
from .issues import async_raise_issue, async_withdraw_issue
from .options import MeterOptions, Role

NOT_IN_DASHBOARD: Final = "not_in_energy_dashboard"

type DashboardSource = Mapping[str, Any]
type Part = Literal["energy_sources", "device_consumption"]

_NAMING_FIELDS: Final = ("stat_energy_from", "stat_energy_to", "stat_consumption", "stat_rate")


class EnergyDashboardError(Exception):
    """A meter cannot be added to the Energy dashboard; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        """Keep the translation key of the reason."""
        super().__init__(reason)
        self.reason = reason


@callback
def async_can_offer(hass: HomeAssistant) -> bool:
    """Return whether this Home Assistant has an Energy dashboard."""
    return ENERGY in hass.config.components


def has_home_source() -> bool:
    """Return whether the Energy dashboard of this version can have a meter of the whole home."""
    return hasattr(energy_data, "HomeSourceType")


def offered_roles(chosen: str | None = None) -> tuple[Role, ...]:
    """Return the roles to choose from; with the one that is ``chosen``, so that it can stay."""
    return tuple(
        role for role in Role if role is not Role.HOME or has_home_source() or role == chosen
    )


async def async_sources_there(hass: HomeAssistant, role: Role) -> list[str]:
    """Return the names of the dashboard's sources for this role."""
    manager = await async_get_manager(hass)
    return [_name(hass, source) for source in _sources(_preferences(manager), role)]


@callback
def async_meters_to_come(hass: HomeAssistant, role: Role) -> list[str]:
    """Return the names of the meters with this role that are still to be added."""
    return [
        entry.title
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if CONF_ADD_TO_ENERGY in entry.data and MeterOptions.parse(entry.options).role is role
    ]


async def async_sources_beside(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """Return the names of the sources that are there for the role of an entry's meter.

    Raises EnergyDashboardError if the meter cannot be added for its role.
    """
    preferences = _preferences(await async_get_manager(hass))
    role = _role(entry, preferences)
    return [_name(hass, source) for source in _sources(preferences, role)]


async def async_is_in_dashboard(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether the dashboard uses an entity of this entry."""
    manager = await async_get_manager(hass)
    return _is_used(hass, entry, _preferences(manager))


async def async_add_to_dashboard(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Add an entry's meter as a source for its role, unless the dashboard already uses it.

    Raises EnergyDashboardError, and leaves the dashboard unchanged then.
    """
    manager = await async_get_manager(hass)
    # No await until the update: two meters added at once could overwrite each other's source.
    preferences = _preferences(manager)
    if not _is_used(hass, entry, preferences):
        role = _role(entry, preferences)
        source = _new_source(hass, entry, role)
        if role is Role.LOAD or _sources(preferences, role):
            source["name"] = entry.title
        part = _part(role)
        update = {part: [*preferences[part], source]}
        await manager.async_update(cast("EnergyPreferencesUpdate", update))
    _async_added(hass, entry)


async def async_add_if_wanted(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Add the meter of an entry that was just set up, if the owner chose that.

    If it fails, a repair offers to try again.
    """
    if CONF_ADD_TO_ENERGY not in entry.data or not async_can_offer(hass):
        return
    try:
        await async_add_to_dashboard(hass, entry)
    except EnergyDashboardError:
        async_raise_issue(hass, entry, NOT_IN_DASHBOARD, question={NOT_IN_DASHBOARD: True})
        await _async_watch_dashboard(hass)


@singleton.singleton(f"{DOMAIN}_{ENERGY}")
async def _async_watch_dashboard(hass: HomeAssistant) -> bool:
    """Notice meters that are added by hand. Once is enough: the listener cannot be removed."""
    manager = await async_get_manager(hass)
    manager.async_listen_updates(partial(_async_dashboard_changed, hass))
    return True


async def _async_dashboard_changed(hass: HomeAssistant) -> None:
    for entry in hass.config_entries.async_entries(DOMAIN):
        if await async_is_in_dashboard(hass, entry):
            _async_added(hass, entry)


@callback
def _async_added(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Clear the request to add a meter: the dashboard uses it, added by us or by hand."""
    async_withdraw_issue(hass, entry, NOT_IN_DASHBOARD)
    data = {key: value for key, value in entry.data.items() if key != CONF_ADD_TO_ENERGY}
    hass.config_entries.async_update_entry(entry, data=data)


def _new_source(hass: HomeAssistant, entry: ConfigEntry, role: Role) -> dict[str, Any]:
    """Return the source that the dashboard's own form would create for the meter.

    Raises EnergyDashboardError if one of the sensors is missing or disabled.
    """
    statistic = partial(_statistic, hass, entry)
    if role is Role.GRID:
        return {
            "type": "grid",
            "stat_energy_from": statistic("energy_imported"),
            "stat_energy_to": statistic("energy_exported"),
            "stat_cost": _enabled(hass, entry, ENERGY_COST),
            "entity_energy_price": None,
            "number_energy_price": None,
            "stat_compensation": _enabled(hass, entry, ENERGY_COMPENSATION),
            "entity_energy_price_export": None,
            "number_energy_price_export": None,
            "power_config": {"stat_rate": statistic("power")},
            "cost_adjustment_day": 0.0,
        }
    if role is Role.SOLAR:
        return {
            "type": "solar",
            # The counter is unknown until the first poll; then this raises "sensor_missing".
            "stat_energy_from": statistic(
                MeterOptions.parse(entry.options).production_counter or ""
            ),
            "stat_rate": statistic(PRODUCTION),
            "config_entry_solar_forecast": None,
        }
    if role is Role.BATTERY:
        return {
            "type": "battery",
            # The dashboard counts from the house's side, the meter from the battery's.
            "stat_energy_from": statistic("energy_exported"),
            "stat_energy_to": statistic("energy_imported"),
            "power_config": {"stat_rate_inverted": statistic("power")},
        }
    if role is Role.HOME:
        return {
            "type": "home",
            "stat_energy_to": statistic("energy_imported"),
            "stat_rate": statistic("power"),
        }
    return {
        "stat_consumption": statistic("energy_imported"),
        "stat_rate": statistic("power"),
    }


def _statistic(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str:
    """Return the statistic ID of one of the meter's sensors, which is its entity ID."""
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}_{key}"
    entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    if entity_id is None:
        raise EnergyDashboardError("sensor_missing")
    if registry.entities[entity_id].disabled:
        raise EnergyDashboardError("sensor_disabled")
    return entity_id


def _enabled(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str | None:
    """Return the statistic ID of a sensor that a source can do without; None without it."""
    try:
        return _statistic(hass, entry, key)
    except EnergyDashboardError:
        return None


def _role(entry: ConfigEntry, preferences: EnergyPreferences) -> Role:
    """Return the role of a meter that can be added for it.

    Raises EnergyDashboardError.
    """
    role = MeterOptions.parse(entry.options).role
    if role is None:
        raise EnergyDashboardError("no_role")
    if role is Role.HOME and not has_home_source():
        raise EnergyDashboardError("home_not_supported")
    if role is Role.HOME and _sources(preferences, role):
        raise EnergyDashboardError("only_one_home")
    return role


def _preferences(manager: EnergyManager) -> EnergyPreferences:
    return manager.data or manager.default_preferences()


def _part(role: Role) -> Part:
    return "device_consumption" if role is Role.LOAD else "energy_sources"


def _sources(preferences: EnergyPreferences, role: Role) -> list[DashboardSource]:
    """Return the dashboard's sources for a role; all but a load are also the type of a source."""
    sources: list[DashboardSource] = [*preferences[_part(role)]]
    return [source for source in sources if role is Role.LOAD or source["type"] == role]


def _is_used(hass: HomeAssistant, entry: ConfigEntry, preferences: EnergyPreferences) -> bool:
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    own = {entity.entity_id for entity in entities}
    sources: list[DashboardSource] = [
        *preferences["energy_sources"],
        *preferences["device_consumption"],
    ]
    return any(own & _statistics(source) for source in sources)


def _statistics(source: DashboardSource) -> set[str]:
    """Return all statistics that a source uses."""
    fields = {**source, **source.get("power_config", {})}
    return {value for field, value in fields.items() if field.startswith("stat_") and value}


def _name(hass: HomeAssistant, source: DashboardSource) -> str:
    """Return the displayed name of a source."""
    if name := source.get("name"):
        return str(name)
    statistic = next(str(source[field]) for field in _NAMING_FIELDS if source.get(field))
    state = hass.states.get(statistic)
    return state.name if state else statistic
