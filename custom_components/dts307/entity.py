"""What all entities of a meter have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .meter import Reading


@dataclass(frozen=True, kw_only=True)
class Dts307EntityDescription(EntityDescription):
    """Which part of a Reading an entity shows; None is what the meter does not measure."""

    value_fn: Callable[[Reading], StateType]


class Dts307Entity(CoordinatorEntity[Dts307Coordinator]):
    """An entity that shows one part of the latest Reading."""

    _attr_has_entity_name = True
    entity_description: Dts307EntityDescription

    def __init__(
        self, coordinator: Dts307Coordinator, description: Dts307EntityDescription
    ) -> None:
        """Attach to the meter that ``coordinator`` polls."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.meter.identity.serial_number}_{description.key}"
        self._attr_device_info = coordinator.device_info


def add_measured_entities[D: Dts307EntityDescription](
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[[Dts307Coordinator, D], Dts307Entity],
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
            async_add_entities(entity_class(coordinator, row) for row in seen)

    add_seen()
    entry.async_on_unload(coordinator.async_add_listener(add_seen))
