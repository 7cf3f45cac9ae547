"""Sensors: what the meter measures, and how its link is doing."""

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
from .descriptions import MeterSensorDescription
from .descriptions.connection import LINK_SENSORS
from .descriptions.measured import PHASE_SENSORS, TOTAL_SENSORS
from .descriptions.net_metering import NET_METERING
from .descriptions.production import PRODUCTION, production_row
from .descriptions.status_light import STATUS
from .entity import Dts307Entity, add_health_entities, add_measured_entities
from .meter.modbus import ConnectionHealth
from .production import async_production_counter
from .snapshot import Snapshot

PARALLEL_UPDATES = 0

OF_THE_METER: Final = TOTAL_SENSORS + STATUS + NET_METERING
OF_ITS_PHASES: Final = PHASE_SENSORS


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor for everything the meter measures, and those of its link.

    A single phase is its total's double.
    """
    single_phase = entry.runtime_data.meter.phases == 1
    sensors = OF_THE_METER if single_phase else OF_THE_METER + OF_ITS_PHASES
    if counter := async_production_counter(hass, entry):
        sensors += (production_row(counter),)
    else:
        _async_forget_production(hass, entry)
    add_measured_entities(entry, async_add_entities, sensors, Dts307Sensor[Snapshot])
    add_health_entities(entry, async_add_entities, LINK_SENSORS, Dts307Sensor[ConnectionHealth])


@callback
def _async_forget_production(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Leave nothing behind of the time when the meter was said to sit on a solar inverter."""
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
