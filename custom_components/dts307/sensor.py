"""Sensors of the meter's values, and of the health of its connection."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, override

from homeassistant.components.sensor import ATTR_LAST_RESET, SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .automation import SURPLUS_SENSOR, async_crosses_threshold
from .calculated import CostCoordinator, Costs, HouseCoordinator
from .const import DOMAIN
from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .descriptions import (
    CONNECTION_SENSORS,
    COST_SENSORS,
    CT_RATING_SENSOR,
    HOUSE_SENSORS,
    NET_METERING,
    PHASE_SENSORS,
    PRODUCTION,
    PRODUCTION_SENSOR,
    SHARING_SENSORS,
    STATUS,
    TOTAL_SENSORS,
    MeterSensorDescription,
    RecordingGate,
    named_for,
)
from .entity import Dts307Entity, Shown, add_connection_entities, add_measured_entities
from .meter.house_balance import House
from .meter.modbus import ConnectionHealth
from .meter.sharing import ClientCounts
from .options import Recording, Role
from .sharing import SharingCoordinator, SharingOptions
from .snapshot import Snapshot

PARALLEL_UPDATES = 0

SENSORS: Final = TOTAL_SENSORS + STATUS + NET_METERING + PHASE_SENSORS


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a meter and of its connection."""
    role = entry.runtime_data.options.role
    sensors = tuple(named_for(role, SENSORS))
    if role is Role.SOLAR:
        sensors += (PRODUCTION_SENSOR,)
    else:
        _async_remove(hass, entry, PRODUCTION)
    if role is Role.GRID:
        _async_add_house(hass, entry, async_add_entities)
    else:
        _async_remove(hass, entry, *(each.key for each in HOUSE_SENSORS))
    _async_add_cost(hass, entry, async_add_entities)
    _async_add_sharing(hass, entry, async_add_entities)
    add_measured_entities(hass, entry, async_add_entities, sensors, _measured_sensor)
    async_add_entities([CtRatingSensor(entry.runtime_data)])
    add_connection_entities(
        entry, async_add_entities, CONNECTION_SENSORS, Dts307Sensor[ConnectionHealth]
    )


@callback
def _async_remove(hass: HomeAssistant, entry: Dts307ConfigEntry, *keys: str) -> None:
    """Remove sensors of a meter whose options are others now."""
    registry = er.async_get(hass)
    for key in keys:
        unique_id = f"{entry.unique_id}_{key}"
        if entity_id := registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id):
            registry.async_remove(entity_id)


@callback
def _async_add_cost(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of what energy costs, for which a price is chosen."""
    sources = entry.runtime_data.store.cost.sources
    _async_remove(
        hass, entry, *(each.key for name, each in COST_SENSORS.items() if name not in sources)
    )
    if sources:
        costs = CostCoordinator(hass, entry)
        async_add_entities(
            CostSensor(entry.runtime_data, costs, COST_SENSORS[name]) for name in sources
        )
        costs.async_start()


@callback
def _async_add_sharing(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of how a meter is used that is shared."""
    if SharingOptions.parse(entry.options) is None:
        _async_remove(hass, entry, *(each.key for each in SHARING_SENSORS))
        return
    counts = SharingCoordinator(hass, entry)
    async_add_entities(
        Dts307Sensor[ClientCounts](entry.runtime_data, counts, each) for each in SHARING_SENSORS
    )


@callback
def _async_add_house(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the house once there are meters to sum up."""
    missing = list(HOUSE_SENSORS)

    @callback
    def begun() -> None:
        async_add_entities([HouseSensor(entry.runtime_data, house, each) for each in missing])
        missing.clear()

    house = HouseCoordinator(hass, entry, begun)
    house.async_start()


class Dts307Sensor[T](Dts307Entity[T], SensorEntity):
    """A sensor of a meter."""

    entity_description: MeterSensorDescription[T]

    def __init__(
        self,
        meter: Dts307Coordinator,
        source: DataUpdateCoordinator[T],
        description: MeterSensorDescription[T],
    ) -> None:
        """Attach to the device of ``meter``, and write its readings as its options say."""
        super().__init__(meter, source, description)
        rule, options = description.recording, meter.options
        self._follows_every_reading = options.recording is Recording.EVERY_READING
        self._gate: RecordingGate | None = None
        if rule is not None and not self._follows_every_reading:
            is_waited_for = description.key == SURPLUS_SENSOR
            crosses = partial(async_crosses_threshold, meter.hass) if is_waited_for else None
            self._gate = RecordingGate(rule, options.poll_interval, crosses)

    @override
    def _latest_attributes(self) -> Mapping[str, Any]:
        return {**(self.extra_state_attributes or {}), ATTR_LAST_RESET: self.last_reset}

    @override
    def _is_to_be_written(self, shown: Shown) -> bool:
        if self._follows_every_reading:
            # Helpers that integrate a value also follow one that stays.
            return True
        if self._gate is None:
            return super()._is_to_be_written(shown)
        if not shown.available:
            self._gate.forget()
            return True
        return self._gate.passes(shown.value, shown.attributes or {}, dt_util.utcnow().timestamp())

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator.data)

    @property
    @override
    def last_reset(self) -> datetime | None:
        last_reset_fn = self.entity_description.last_reset_fn
        return last_reset_fn and last_reset_fn(self.coordinator.data)


class Dts307PeriodSensor(Dts307Sensor[Snapshot], RestoreEntity):
    """A sensor that starts again at zero with each billing period.

    The recorder adds up what the sensor shows while ``last_reset`` stays, and starts at zero with
    another one. So before that the sensor shows once what was counted up to the new start, still
    with the old one. Then the sums miss nothing, however long Home Assistant was off, and a change
    of the billing day adds nothing.
    """

    _shown_reset: datetime | None = None
    _before_reset: float | None = None
    """kWh; set while the end of the period that was shown is written"""

    @override
    async def async_added_to_hass(self) -> None:
        if (extra := await self.async_get_last_extra_data()) is not None:
            self._shown_reset = dt_util.parse_datetime(str(extra.as_dict()[ATTR_LAST_RESET]))
        await super().async_added_to_hass()

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        shown = self._shown_reset
        return RestoredExtraData({ATTR_LAST_RESET: None if shown is None else shown.isoformat()})

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return super().native_value if self._before_reset is None else self._before_reset

    @property
    @override
    def last_reset(self) -> datetime | None:
        return super().last_reset if self._before_reset is None else self._shown_reset

    @callback
    @override
    def _async_write_ha_state(self) -> None:
        reset = super().last_reset if self.available else None
        counted_fn, shown = self.entity_description.counted_fn, self._shown_reset
        if reset is not None:
            if counted_fn is not None and shown is not None and shown != reset:
                self._before_reset = counted_fn(self.coordinator.data, shown, reset)
                super()._async_write_ha_state()
                self._before_reset = None
            self._shown_reset = reset
        super()._async_write_ha_state()


class HouseSensor(Dts307Sensor[House | None]):
    """A sensor of what the house consumes, available while all its meters answer."""

    @property
    @override
    def available(self) -> bool:
        return self.coordinator.data is not None


class CostSensor(Dts307Sensor[Costs]):
    """A sensor of what energy has cost, in Home Assistant's currency."""

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        return self.hass.config.currency


class CtRatingSensor(SensorEntity):
    """The CT rating of a meter, unknown while that option is empty."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, meter: Dts307Coordinator) -> None:
        """Attach to the device of ``meter``, which is set up again when its options change."""
        self.entity_description = CT_RATING_SENSOR
        self._attr_unique_id = f"{meter.config_entry.unique_id}_{CT_RATING_SENSOR.key}"
        self._attr_device_info = meter.device_info
        self._attr_native_value = meter.options.ct_rating


def _measured_sensor(
    meter: Dts307Coordinator,
    source: Dts307Coordinator,
    description: MeterSensorDescription[Snapshot],
) -> Dts307Sensor[Snapshot]:
    """Return the entity of a description."""
    starts_again = description.last_reset_fn is not None
    sensor = Dts307PeriodSensor if starts_again else Dts307Sensor[Snapshot]
    return sensor(meter, source, description)
