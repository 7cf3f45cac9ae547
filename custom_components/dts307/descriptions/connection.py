"""Entities of the connection's health; they stay available while the meter is unavailable."""

from typing import Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime

from ..const import UNEXPECTED_ERROR
from ..meter.modbus import READ_FAILURES, ConnectionHealth
from .base import MeterBinarySensorDescription, MeterSensorDescription
from .recording import RecordingRule

LINK_STATE: Final = "link_state"
LINK_OK: Final = "ok"


def link_state(health: ConnectionHealth) -> str:
    """Return why the meter does not answer, or that it does."""
    return health.failure or LINK_OK


CONNECTION_SENSORS: Final = (
    MeterSensorDescription[ConnectionHealth](
        key=LINK_STATE,
        translation_key=LINK_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=[LINK_OK, *(failure.reason for failure in READ_FAILURES), UNEXPECTED_ERROR],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=link_state,
    ),
    MeterSensorDescription[ConnectionHealth](
        key="last_reading",
        translation_key="last_reading",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda health: health.last_reading,
    ),
    MeterSensorDescription[ConnectionHealth](
        key="answer_time",
        translation_key="answer_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        recording=RecordingRule(threshold=10, share=0.1),  # ms
        value_fn=lambda health: _scaled(health.answer_time, 1000),
    ),
    MeterSensorDescription[ConnectionHealth](
        key="success_rate",
        translation_key="success_rate",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        recording=RecordingRule(threshold=1),  # %
        value_fn=lambda health: _scaled(health.success_rate, 100),
    ),
)

CONNECTION_BINARY_SENSORS: Final = (
    MeterBinarySensorDescription[ConnectionHealth](
        key="answering",
        translation_key="answering",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda health: health.answering,
    ),
)


def _scaled(value: float | None, factor: int) -> float | None:
    """Convert s to ms, or a share to percent, rounding away binary fractions."""
    return None if value is None else round(value * factor, 3)
