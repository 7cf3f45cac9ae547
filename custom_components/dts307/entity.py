"""The base of all entities of a meter, and how they are added."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity, DataUpdateCoordinator

from .coordinator import ConnectionCoordinator, Dts307ConfigEntry, Dts307Coordinator
from .descriptions import MeterEntityDescription
from .meter.modbus import ConnectionHealth
from .snapshot import Snapshot


class Shown(NamedTuple):
    """What an entity shows of the latest poll; only ``available`` counts if it is False."""

    available: bool
    value: StateType | datetime = None
    attributes: Mapping[str, Any] | None = None


class Dts307Entity[T](CoordinatorEntity[DataUpdateCoordinator[T]]):
    """An entity that shows one part of the latest Snapshot, or of the connection's health."""

    _attr_has_entity_name = True
    # Attributes describe the present, so their history is not needed. MATCH_ALL would also exclude
    # Home Assistant's last_reset. Without that, statistics count the end of each billing period as
    # returned energy.
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
            "overload_limit_used",
            "overloaded_in_total",
            "overloaded_phases",
            "period_end",
            "period_start",
            "read_at",
            "reversed_cts",
            "running",
            "serial_number",
            "service_current",
            "swapped_cts",
            "too_high",
            "too_low",
            "total_service_current",
            "uncertainty",
        }
    )
    entity_description: MeterEntityDescription[T]
    _written: Shown | None = None

    def __init__(
        self,
        meter: Dts307Coordinator,
        source: DataUpdateCoordinator[T],
        description: MeterEntityDescription[T],
    ) -> None:
        """Attach to the device of ``meter``, and follow ``source``."""
        super().__init__(source)
        self.entity_description = description
        self._attr_unique_id = _unique_id(meter.config_entry, description)
        self._attr_device_info = meter.device_info

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        shown = self._latest() if self.available else Shown(available=False)
        if self._is_to_be_written(shown):
            self._written = shown
            super()._handle_coordinator_update()

    def _latest(self) -> Shown:
        """Return what is shown of the latest poll, while it is available."""
        value = self.entity_description.value_fn(self.coordinator.data)
        return Shown(available=True, value=value, attributes=self._latest_attributes())

    def _latest_attributes(self) -> Mapping[str, Any] | None:
        return self.extra_state_attributes

    def _is_to_be_written(self, shown: Shown) -> bool:
        """Return whether it has changed; most entities of a meter rarely do."""
        return shown != self._written

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn and attributes_fn(self.coordinator.data)


def add_measured_entities[D: MeterEntityDescription[Snapshot]](
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[[Dts307Coordinator, Dts307Coordinator, D], Dts307Entity[Snapshot]],
) -> None:
    """Add an entity for each value that the meter measures, or has measured before.

    A SunSpec point that the meter does not implement gets no entity. Some meters omit a value for
    a while, such as the power factor while no current flows: its entity is added with the first
    value, and registered entities are added at once. So are those of a meter that does not answer.
    A value that follows from a counter over time, such as that of the last period, gets its entity
    with the counter, so that dashboards can show it from the first day.
    """
    coordinator = entry.runtime_data
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    known = {entity.unique_id for entity in registered}
    missing = list(descriptions)

    @callback
    def add_measured() -> None:
        measured = [
            description
            for description in missing
            if _unique_id(entry, description) in known
            or (coordinator.data and description.is_measured(coordinator.data))
        ]
        for description in measured:
            missing.remove(description)
        if measured:
            async_add_entities(entity_class(coordinator, coordinator, each) for each in measured)

    add_measured()
    entry.async_on_unload(coordinator.async_add_listener(add_measured))


def add_connection_entities[D: MeterEntityDescription[ConnectionHealth]](
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[
        [Dts307Coordinator, ConnectionCoordinator, D], Dts307Entity[ConnectionHealth]
    ],
) -> None:
    """Add the entities that show the health of the connection."""
    coordinator = entry.runtime_data
    async_add_entities(
        entity_class(coordinator, coordinator.connection, each) for each in descriptions
    )


def _unique_id(entry: Dts307ConfigEntry, description: MeterEntityDescription[Any]) -> str:
    return f"{entry.unique_id}_{description.key}"
