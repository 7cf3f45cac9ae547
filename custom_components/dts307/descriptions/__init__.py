"""What each entity shows, in tables: a row an entity, and no logic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntityDescription
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.typing import StateType


@dataclass(frozen=True, kw_only=True)
class MeterEntityDescription[T](EntityDescription):
    """Which part of a Snapshot, or of the link's health, an entity shows.

    None is what the meter does not measure, or what is not known yet.
    """

    value_fn: Callable[[T], StateType | datetime]
    attributes_fn: Callable[[T], Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class MeterSensorDescription[T](MeterEntityDescription[T], SensorEntityDescription):
    """A sensor of a meter."""

    last_reset_fn: Callable[[T], datetime | None] | None = None


@dataclass(frozen=True, kw_only=True)
class MeterBinarySensorDescription[T](MeterEntityDescription[T], BinarySensorEntityDescription):
    """A binary sensor of a meter."""


def in_kilo(value: float | None) -> float | None:
    """Turn Wh into kWh (varh, VAh alike); no meter counts finer than the rounding here."""
    return None if value is None else round(value / 1000, 9)
