"""Sensors of a shared meter: who reads it from the server."""

from typing import Final

from homeassistant.components.sensor import SensorStateClass
from homeassistant.const import EntityCategory

from ..meter.sharing import ClientCounts
from .base import MeterSensorDescription

SHARING_SENSORS: Final = (
    MeterSensorDescription[ClientCounts](
        key="sharing_clients",
        translation_key="sharing_clients",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda counts: counts.clients,
    ),
    MeterSensorDescription[ClientCounts](
        key="sharing_requests",
        translation_key="sharing_requests",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda counts: counts.requests_per_minute,
    ),
)
