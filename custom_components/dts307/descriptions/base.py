"""The entity descriptions that all tables use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.typing import StateType

from .recording import RecordingRule

POWER_RECORDING: Final = RecordingRule(threshold=10, share=0.01)
"""W, VA, var"""
ENERGY_RECORDING: Final = RecordingRule(threshold=0.5, has_mean=False)
"""kWh, kVAh, kvarh; up to 6 kW, all energies are written together before the end of five minutes"""


@dataclass(frozen=True, kw_only=True)
class MeterEntityDescription[T](EntityDescription):
    """Which part of a Snapshot, or of the connection's health, an entity shows.

    A value of None means that the meter does not measure it, or that it is not known yet.
    """

    value_fn: Callable[[T], StateType | datetime]
    attributes_fn: Callable[[T], Mapping[str, Any]] | None = None
    measured_fn: Callable[[T], bool] | None = None
    """whether the meter measures what a value follows from that is known only later"""

    def is_measured(self, now: T) -> bool:
        """Return whether the meter has this value, known or not."""
        if self.measured_fn is not None:
            return self.measured_fn(now)
        return self.value_fn(now) is not None


@dataclass(frozen=True, kw_only=True)
class MeterSensorDescription[T](MeterEntityDescription[T], SensorEntityDescription):
    """A sensor of a meter."""

    last_reset_fn: Callable[[T], datetime | None] | None = None
    counted_fn: Callable[[T, datetime, datetime], float] | None = None
    """what was counted between two instants, in the sensor's unit; for statistics over a reset"""
    recording: RecordingRule | None = None
    """None to write each change"""


@dataclass(frozen=True, kw_only=True)
class MeterBinarySensorDescription[T](MeterEntityDescription[T], BinarySensorEntityDescription):
    """A binary sensor of a meter."""
