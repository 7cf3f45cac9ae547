"""Sensors of the meter's values, and of the health of its connection."""

from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import DOMAIN
from .coordinator import Dts307ConfigEntry
from .descriptions import (
    CONNECTION_SENSORS,
    NET_METERING,
    PHASE_SENSORS,
    PRODUCTION,
    PRODUCTION_SENSOR,
    STATUS,
    TOTAL_SENSORS,
    MeterSensorDescription,
)
from .entity import Dts307Entity, add_connection_entities, add_measured_entities
from .meter.modbus import ConnectionHealth
from .options import Role
from .snapshot import Snapshot

PARALLEL_UPDATES = 0

SENSORS: Final = TOTAL_SENSORS + STATUS + NET_METERING + PHASE_SENSORS


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a meter and of its connection."""
    sensors = SENSORS
    if entry.runtime_data.options.role is Role.SOLAR:
        sensors += (PRODUCTION_SENSOR,)
    else:
        _async_remove_production(hass, entry)
    add_measured_entities(hass, entry, async_add_entities, sensors, Dts307Sensor[Snapshot])
    add_connection_entities(
        entry, async_add_entities, CONNECTION_SENSORS, Dts307Sensor[ConnectionHealth]
    )


@callback
def _async_remove_production(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Remove the production sensor of a meter that is no longer a solar meter."""
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}_{PRODUCTION}"
    if entity_id := registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id):
        registry.async_remove(entity_id)


class Dts307Sensor[T](Dts307Entity[T], SensorEntity):
    """A sensor of a meter."""

    entity_description: MeterSensorDescription[T]

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def last_reset(self) -> datetime | None:
        last_reset_fn = self.entity_description.last_reset_fn
        return last_reset_fn and last_reset_fn(self.coordinator.data)
