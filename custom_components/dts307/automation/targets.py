"""The entities that triggers and conditions look at, and the schemas of their options."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID, CONF_TARGET, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, entity_registry as er
import voluptuous as vol

from ..const import DOMAIN

CONF_LEVEL: Final = "level"

NO_VALUE: Final = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})
"""What an entity shows while the meter does not answer, or does not state the value."""


def one_or_more_of(choices: Collection[str]) -> vol.All:
    """Return the schema of a field in which one or more of these are chosen."""
    return vol.All(cv.ensure_list, vol.Length(min=1), [vol.In(list(choices))])


def entities_showing(hass: HomeAssistant, key: str, entity_ids: Iterable[str]) -> set[str]:
    """Return the entities that belong to a meter and show what ``key`` names."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id)) is not None and _shows(entry, key)
    }


def refuse_other_entities(hass: HomeAssistant, key: str, config: dict[str, Any]) -> None:
    """Check that each entity named in a target shows what ``key`` names.

    Devices, areas, floors and labels also contain other entities, which are ignored. Ignoring an
    entity that was picked by name would leave an automation that never runs. An entity that is not
    registered yet is accepted.

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
