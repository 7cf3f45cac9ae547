"""The meter's own event flags, and whether it answers."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Dts307ConfigEntry
from .entity import (
    Dts307Entity,
    Dts307EntityDescription,
    add_health_entities,
    add_measured_entities,
)
from .meter import MeterEvent, Reading
from .meter.health import LinkHealth

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class Dts307BinarySensorDescription[T](Dts307EntityDescription[T], BinarySensorEntityDescription):
    """Describes a binary sensor of a meter."""


def _event(key: str, flag: MeterEvent) -> Dts307BinarySensorDescription[Reading]:
    def is_set(reading: Reading) -> bool | None:
        return None if reading.events is None else flag in reading.events

    return Dts307BinarySensorDescription[Reading](
        key=key,
        translation_key=key,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=is_set,
    )


EVENTS: Final = tuple(_event(flag.name.lower(), flag) for flag in MeterEvent if flag.name)

HEALTH: Final = (
    Dts307BinarySensorDescription[LinkHealth](
        key="answering",
        translation_key="answering",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda health: health.answering,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event flags, if the meter has them, and whether it answers."""
    add_measured_entities(entry, async_add_entities, EVENTS, Dts307BinarySensor[Reading])
    add_health_entities(entry, async_add_entities, HEALTH, Dts307BinarySensor[LinkHealth])


class Dts307BinarySensor[T](Dts307Entity[T], BinarySensorEntity):
    """A binary sensor of a meter."""

    entity_description: Dts307BinarySensorDescription[T]

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.entity_description.value_fn(self.coordinator.data)
        return None if value is None else bool(value)
