"""The values that the cards show of each reading, whether or not their entities are enabled."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ..snapshot import Snapshot
from .base import MeterSensorDescription
from .measured import PHASE_SENSORS, TOTAL_SENSORS
from .production import PRODUCTION_SENSOR
from .status_light import STATUS

_IN_TOTAL_AND_PER_PHASE: Final = (
    "current",
    "power",
    "power_factor",
    "reactive_power",
    "voltage_line_to_line",
    "voltage_line_to_neutral",
)
_STATUS_LIGHT: Final = ("current_level", "current_share", "energy_direction")


def _descriptions() -> Iterator[MeterSensorDescription[Snapshot]]:
    quantities = {name for each in _IN_TOTAL_AND_PER_PHASE for name in (each, f"{each}_phase")}
    yield from (
        each for each in TOTAL_SENSORS + PHASE_SENSORS if each.translation_key in quantities
    )
    yield from (each for each in STATUS if each.key in _STATUS_LIGHT)
    yield PRODUCTION_SENSOR


LIVE_VALUES: Final[Mapping[str, Callable[[Snapshot], Any]]] = {
    **{each.key: each.value_fn for each in _descriptions()},
    # The sensors of the counters show thousands of these.
    "energy_imported": lambda now: now.reading.energy_imported.total,
    "energy_exported": lambda now: now.reading.energy_exported.total,
}
"""Getters by the key of the entity that shows the same; in V, A, W, var, Wh and percent."""

LIVE_ATTRIBUTES: Final[Mapping[str, Callable[[Snapshot], Mapping[str, Any]]]] = {
    each.key: each.attributes_fn for each in _descriptions() if each.attributes_fn is not None
}
"""Getters of the attributes of these entities, by key."""
