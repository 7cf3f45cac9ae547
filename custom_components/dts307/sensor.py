"""What the meter measures, and how its link is doing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .coordinator import Dts307ConfigEntry
from .entity import (
    Dts307Entity,
    Dts307EntityDescription,
    add_health_entities,
    add_measured_entities,
)
from .meter import Reading
from .meter.health import READ_FAILURES, LinkHealth

PARALLEL_UPDATES = 0

KILO_VOLT_AMPERE_HOUR: Final = "kVAh"


@dataclass(frozen=True, kw_only=True)
class Dts307SensorDescription[T](Dts307EntityDescription[T], SensorEntityDescription):
    """Describes a sensor of a meter."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity by its name in a Reading, and what its sensors have in common.

    A counter's sensors show thousands of the Reading's unit, such as kWh.
    """

    name: str
    device_class: SensorDeviceClass | None = None
    unit: str | None = None
    precision: int = 0
    counter: bool = False
    category: EntityCategory | None = None
    enabled: bool = True
    phases: tuple[str, str, str] = ("A", "B", "C")
    phases_enabled: bool = False


QUANTITIES: Final = (
    Quantity(
        name="power",
        device_class=SensorDeviceClass.POWER,
        unit=UnitOfPower.WATT,
        phases_enabled=True,
    ),
    Quantity(
        name="voltage_line_to_neutral",
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=1,
        phases_enabled=True,
    ),
    Quantity(
        name="voltage_line_to_line",
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        precision=1,
        phases=("A-B", "B-C", "C-A"),
        phases_enabled=True,
    ),
    Quantity(
        name="current",
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        precision=2,
        phases_enabled=True,
    ),
    *(
        Quantity(
            name=name,
            device_class=SensorDeviceClass.ENERGY,
            unit=UnitOfEnergy.KILO_WATT_HOUR,
            precision=2,
            counter=True,
        )
        for name in ("energy_imported", "energy_exported")
    ),
    Quantity(name="power_factor", device_class=SensorDeviceClass.POWER_FACTOR, precision=3),
    Quantity(
        name="apparent_power",
        device_class=SensorDeviceClass.APPARENT_POWER,
        unit=UnitOfApparentPower.VOLT_AMPERE,
        category=EntityCategory.DIAGNOSTIC,
    ),
    Quantity(
        name="reactive_power",
        device_class=SensorDeviceClass.REACTIVE_POWER,
        unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
        category=EntityCategory.DIAGNOSTIC,
    ),
    *(
        Quantity(
            name=name,
            unit=KILO_VOLT_AMPERE_HOUR,
            precision=2,
            counter=True,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
        )
        for name in ("apparent_energy_imported", "apparent_energy_exported")
    ),
    *(
        Quantity(
            name=f"reactive_energy_q{quadrant}",
            device_class=SensorDeviceClass.REACTIVE_ENERGY,
            unit=UnitOfReactiveEnergy.KILO_VOLT_AMPERE_REACTIVE_HOUR,
            precision=2,
            counter=True,
            category=EntityCategory.DIAGNOSTIC,
            enabled=False,
        )
        for quadrant in (1, 2, 3, 4)
    ),
)

SINGLES: Final = (
    Dts307SensorDescription[Reading](
        key="energy_net",
        translation_key="energy_net",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value_fn=lambda reading: _in_kilo(reading.energy_net),
    ),
    Dts307SensorDescription[Reading](
        key="frequency",
        translation_key="frequency",
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.HERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda reading: reading.frequency,
    ),
)

LINK_OK: Final = "ok"

HEALTH: Final = (
    Dts307SensorDescription[LinkHealth](
        key="link_state",
        translation_key="link_state",
        device_class=SensorDeviceClass.ENUM,
        options=[LINK_OK, *(failure.reason for failure in READ_FAILURES)],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda health: health.failure or LINK_OK,
    ),
    Dts307SensorDescription[LinkHealth](
        key="last_reading",
        translation_key="last_reading",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda health: health.last_reading,
    ),
    Dts307SensorDescription[LinkHealth](
        key="answer_time",
        translation_key="answer_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda health: _scaled(health.answer_time, 1000),
    ),
    Dts307SensorDescription[LinkHealth](
        key="success_rate",
        translation_key="success_rate",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda health: _scaled(health.success_rate, 100),
    ),
)


def _in_kilo(value: float | None) -> float | None:
    """Turn Wh into kWh (varh, VAh alike); no meter counts finer than the rounding here."""
    return None if value is None else round(value / 1000, 9)


def _scaled(value: float | None, factor: int) -> float | None:
    """Turn s into ms, or a share into a percentage, without the dust of binary fractions."""
    return None if value is None else round(value * factor, 3)


def _value_fn(quantity: Quantity, part: str) -> Callable[[Reading], float | None]:
    """Return what takes one part of a quantity, its total or a phase, out of a Reading."""
    value_of = attrgetter(f"{quantity.name}.{part}")
    return (lambda reading: _in_kilo(value_of(reading))) if quantity.counter else value_of


def _total_sensor(quantity: Quantity) -> Dts307SensorDescription[Reading]:
    """Describe the sensor of a quantity's total or average."""
    return Dts307SensorDescription[Reading](
        key=quantity.name,
        translation_key=quantity.name,
        device_class=quantity.device_class,
        native_unit_of_measurement=quantity.unit,
        state_class=(
            SensorStateClass.TOTAL_INCREASING if quantity.counter else SensorStateClass.MEASUREMENT
        ),
        suggested_display_precision=quantity.precision,
        entity_category=quantity.category,
        entity_registry_enabled_default=quantity.enabled,
        value_fn=_value_fn(quantity, "total"),
    )


def _phase_sensors(quantity: Quantity) -> Iterator[Dts307SensorDescription[Reading]]:
    """Describe the sensors of a quantity's phases, after the one of its total."""
    for part, phase in zip("abc", quantity.phases, strict=True):
        yield replace(
            _total_sensor(quantity),
            key=f"{quantity.name}_{phase.replace('-', '').lower()}",
            translation_key=f"{quantity.name}_phase",
            translation_placeholders={"phase": phase},
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=quantity.phases_enabled,
            value_fn=_value_fn(quantity, part),
        )


TOTALS: Final = (*map(_total_sensor, QUANTITIES), *SINGLES)
PHASES: Final = tuple(sensor for quantity in QUANTITIES for sensor in _phase_sensors(quantity))


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor for everything the meter measures, and those of its link.

    A single phase is its total's double.
    """
    single_phase = entry.runtime_data.meter.phases == 1
    sensors = TOTALS if single_phase else TOTALS + PHASES
    add_measured_entities(entry, async_add_entities, sensors, Dts307Sensor[Reading])
    add_health_entities(entry, async_add_entities, HEALTH, Dts307Sensor[LinkHealth])


class Dts307Sensor[T](Dts307Entity[T], SensorEntity):
    """A sensor of a meter."""

    entity_description: Dts307SensorDescription[T]

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value_fn(self.coordinator.data)
