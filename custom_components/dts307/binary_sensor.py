"""Binary sensors of alarms, of the meter's event flags, and of whether it answers."""

from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Dts307ConfigEntry
from .descriptions import (
    ALARM_BINARY_SENSORS,
    CONNECTION_BINARY_SENSORS,
    EVENTS,
    MeterBinarySensorDescription,
)
from .entity import Dts307Entity, add_connection_entities, add_measured_entities
from .meter.modbus import ConnectionHealth
from .snapshot import Snapshot

PARALLEL_UPDATES = 0

BINARY_SENSORS: Final = ALARM_BINARY_SENSORS + EVENTS


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of a meter and of its connection."""
    add_measured_entities(
        hass, entry, async_add_entities, BINARY_SENSORS, Dts307BinarySensor[Snapshot]
    )
    add_connection_entities(
        entry, async_add_entities, CONNECTION_BINARY_SENSORS, Dts307BinarySensor[ConnectionHealth]
    )


class Dts307BinarySensor[T](Dts307Entity[T], BinarySensorEntity):
    """A binary sensor of a meter."""

    entity_description: MeterBinarySensorDescription[T]

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.entity_description.value_fn(self.coordinator.data)
        return None if value is None else bool(value)
