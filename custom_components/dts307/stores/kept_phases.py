"""Which phases of a meter interval data is kept of."""

from itertools import product
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..meter.intervals import EXPORTED, IMPORTED
from ..meter.phases import PHASES

_SUM: Final = "phases"


@callback
def async_kept_phases(hass: HomeAssistant, entry: ConfigEntry) -> frozenset[str]:
    """Return the phases of which a sensor of imported or exported energy is enabled.

    A sensor of the sum of phases needs all of them. By default, these sensors are disabled.
    """
    registry = er.async_get(hass)

    def is_enabled(name: str, part: str) -> bool:
        unique_id = f"{entry.unique_id}_energy_{name}_{part}"
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        return entity_id is not None and not registry.entities[entity_id].disabled

    return frozenset(
        phase
        for phase in PHASES
        if any(is_enabled(*sensor) for sensor in product((IMPORTED, EXPORTED), (phase, _SUM)))
    )
