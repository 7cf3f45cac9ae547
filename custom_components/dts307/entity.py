"""What all entities of a meter have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity, DataUpdateCoordinator

from .coordinator import Dts307ConfigEntry, Dts307Coordinator, HealthCoordinator
from .descriptions import MeterEntityDescription
from .meter.modbus import ConnectionHealth
from .snapshot import Snapshot


class Dts307Entity[T](CoordinatorEntity[DataUpdateCoordinator[T]]):
    """An entity that shows one part of the latest Snapshot, or of the link's health."""

    _attr_has_entity_name = True
    # What goes with a value is told for the moment; the value's history needs none of it. They are
    # named, as the recorder takes "all" to mean Home Assistant's own as well: without last_reset,
    # it would book the end of each billing period as energy that has flowed back.
    _unrecorded_attributes = frozenset(
        {
            "billed",
            "block_end",
            "block_start",
            "counted_since",
            "estimated",
            "highest",
            "if_period_ended_now",
            "last_period_peak",
            "last_period_peak_start",
            "lost_phases",
            "lowest",
            "nominal_voltage",
            "overloaded_in_total",
            "overloaded_phases",
            "period_end",
            "period_start",
            "read_at",
            "running",
            "serial_number",
            "service_current",
            "too_high",
            "too_low",
            "total_service_current",
            "uncertainty",
        }
    )
    entity_description: MeterEntityDescription[T]

    def __init__(
        self,
        meter: Dts307Coordinator,
        source: DataUpdateCoordinator[T],
        description: MeterEntityDescription[T],
    ) -> None:
        """Attach to the device of ``meter``, and follow what ``source`` tells."""
        super().__init__(source)
        self.entity_description = description
        self._attr_unique_id = f"{meter.meter.identity.serial_number}_{description.key}"
        self._attr_device_info = meter.device_info

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn and attributes_fn(self.coordinator.data)


def add_measured_entities[D: MeterEntityDescription[Snapshot]](
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[[Dts307Coordinator, Dts307Coordinator, D], Dts307Entity[Snapshot]],
) -> None:
    """Add an entity for each value the meter measures, as soon as it first measures it.

    What a SunSpec meter does not implement it never will, so that no entity is made for it. But
    some meters leave out a value for a while, such as the power factor while no current flows.
    """
    coordinator = entry.runtime_data
    waiting = list(descriptions)

    @callback
    def add_seen() -> None:
        seen = [row for row in waiting if row.value_fn(coordinator.data) is not None]
        for row in seen:
            waiting.remove(row)
        if seen:
            async_add_entities(entity_class(coordinator, coordinator, row) for row in seen)

    add_seen()
    entry.async_on_unload(coordinator.async_add_listener(add_seen))


def add_health_entities[D: MeterEntityDescription[ConnectionHealth]](
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[
        [Dts307Coordinator, HealthCoordinator, D], Dts307Entity[ConnectionHealth]
    ],
) -> None:
    """Add the entities that tell how the link to the meter is doing."""
    coordinator = entry.runtime_data
    async_add_entities(entity_class(coordinator, coordinator.health, row) for row in descriptions)
