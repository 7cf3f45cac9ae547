"""What triggers and conditions have in common: the entities they look at, and the surplus."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, CONF_TARGET, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.selector import (
    NumericThresholdMode,
    NumericThresholdSelector,
    NumericThresholdSelectorConfig,
)
from homeassistant.util.unit_conversion import PowerConverter
import voluptuous as vol

from ..const import DOMAIN
from ..meter.alarms import EnergyDirection

CONF_DIRECTION: Final = "direction"
CONF_LEVEL: Final = "level"
CONF_THRESHOLD: Final = "threshold"

BINARY_SENSORS: Final = {BINARY_SENSOR_DOMAIN: DomainSpec()}
SENSORS: Final = {SENSOR_DOMAIN: DomainSpec()}


class PowerDirection(StrEnum):
    """Where power flows; a meter that does not answer, or that states no power, leaves it open."""

    IMPORTING = EnergyDirection.IMPORTING
    EXPORTING = EnergyDirection.EXPORTING
    UNKNOWN = STATE_UNKNOWN


def one_or_more_of(choices: type[StrEnum]) -> vol.All:
    """Return the schema of a field in which one or more of these are chosen."""
    return vol.All(cv.ensure_list, vol.Length(min=1), [vol.Coerce(choices)])


def power_threshold(mode: NumericThresholdMode) -> NumericThresholdSelector:
    """Return the field for a threshold in any unit of power, or that of another entity."""
    return NumericThresholdSelector(
        NumericThresholdSelectorConfig(
            mode=mode, unit_of_measurement=[str(unit) for unit in PowerConverter.VALID_UNITS]
        )
    )


def surplus(power: float | None) -> float | None:
    """Return the surplus that a power at the meter leaves: import is positive there."""
    return None if power is None else -power


def entities_showing(hass: HomeAssistant, key: str, entity_ids: Iterable[str]) -> set[str]:
    """Return those of the entities that are a meter's and show what ``key`` names."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id)) is not None and _shows(entry, key)
    }


def refuse_other_entities(hass: HomeAssistant, key: str, config: dict[str, Any]) -> None:
    """See that each entity named in a target is one that shows what ``key`` names.

    Devices, areas, floors and labels hold other entities too, which are passed over. But to pass
    over an entity that was picked by name would leave an automation waiting for ever. One that is
    not registered may come yet.

    Raises vol.Invalid if an entity shows something else.
    """
    registry = er.async_get(hass)
    for entity_id in config[CONF_TARGET].get(ATTR_ENTITY_ID) or ():
        entry = registry.async_get(entity_id)
        if entry is not None and not _shows(entry, key):
            raise vol.Invalid(
                f"{entity_id} does not show the {key} of a DTS 307: choose its device"
            )


def _shows(entry: er.RegistryEntry, key: str) -> bool:
    return entry.platform == DOMAIN and entry.translation_key == key
