"""Sensors of measured quantities, in total and per phase."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfReactiveEnergy,
    UnitOfReactivePower,
)

from ..meter.phases import PAIR_LABELS, PHASE_LABELS, TOTAL
from ..meter.validation import ACTIVE_ENERGIES
from ..snapshot import Snapshot
from ..wording import in_kilo
from .base import ENERGY_RECORDING, POWER_RECORDING, MeterSensorDescription
from .recording import RecordingRule

_KILO_VOLT_AMPERE_HOUR: Final = "kVAh"
_VOLTAGE_RECORDING: Final = RecordingRule(threshold=0.5)
"""V"""


@dataclass(frozen=True, kw_only=True)
class _MeasuredSensors:
    """A quantity of a Reading, and what the sensors of its total and its phases share.

    Sensors of a counter show thousands of the Reading's unit, such as kWh.
    """

    name: str
    recording: RecordingRule
    device_class: SensorDeviceClass | None = None
    unit: str | None = None
    precision: int = 0
    counter: bool = False
    category: EntityCategory | None = None
    enabled: bool = False
    between_phases: bool = False


_MEASURED_SENSORS: Final = (
    _MeasuredSensors(
        name="power",
        device_class=SensorDeviceClass.POWER,
        unit=UnitOfPower.WATT,
        recording=POWER_RECORDING,
        enabled=True,
    ),
    _MeasuredSensors(
        name="voltage_line_to_neutral",
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        recording=_VOLTAGE_RECORDING,
        precision=1,
    ),
    _MeasuredSensors(
        name="voltage_line_to_line",
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        recording=_VOLTAGE_RECORDING,
        precision=1,
        between_phases=True,
    ),
    _MeasuredSensors(
        name="current",
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        recording=RecordingRule(threshold=0.1, share=0.01),  # A
        precision=2,
    ),
    *(
        _MeasuredSensors(
            name=name,
            device_class=SensorDeviceClass.ENERGY,
            unit=UnitOfEnergy.KILO_WATT_HOUR,
            precision=2,
            recording=ENERGY_RECORDING,
            counter=True,
            enabled=True,
        )
        for name in ACTIVE_ENERGIES
    ),
    _MeasuredSensors(
        name="power_factor",
        device_class=SensorDeviceClass.POWER_FACTOR,
        recording=RecordingRule(threshold=0.02),
        precision=3,
    ),
    _MeasuredSensors(
        name="apparent_power",
        device_class=SensorDeviceClass.APPARENT_POWER,
        unit=UnitOfApparentPower.VOLT_AMPERE,
        recording=POWER_RECORDING,
        category=EntityCategory.DIAGNOSTIC,
    ),
    _MeasuredSensors(
        name="reactive_power",
        device_class=SensorDeviceClass.REACTIVE_POWER,
        unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
        recording=POWER_RECORDING,
        category=EntityCategory.DIAGNOSTIC,
    ),
    *(
        _MeasuredSensors(
            name=name,
            unit=_KILO_VOLT_AMPERE_HOUR,
            precision=2,
            recording=ENERGY_RECORDING,
            counter=True,
            category=EntityCategory.DIAGNOSTIC,
        )
        for name in ("apparent_energy_imported", "apparent_energy_exported")
    ),
    *(
        _MeasuredSensors(
            name=f"reactive_energy_q{quadrant}",
            device_class=SensorDeviceClass.REACTIVE_ENERGY,
            unit=UnitOfReactiveEnergy.KILO_VOLT_AMPERE_REACTIVE_HOUR,
            precision=2,
            recording=ENERGY_RECORDING,
            counter=True,
            category=EntityCategory.DIAGNOSTIC,
        )
        for quadrant in (1, 2, 3, 4)
    ),
)

_SINGLE_SENSORS: Final = (
    MeterSensorDescription[Snapshot](
        key="energy_net",
        translation_key="energy_net",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        value_fn=lambda now: in_kilo(now.reading.energy_net),
        recording=ENERGY_RECORDING,
    ),
    MeterSensorDescription[Snapshot](
        key="frequency",
        translation_key="frequency",
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.HERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        entity_registry_enabled_default=False,
        value_fn=lambda now: now.reading.frequency,
        recording=RecordingRule(threshold=0.02),  # Hz
    ),
)


def _value_fn(sensors: _MeasuredSensors, part: str) -> Callable[[Snapshot], float | None]:
    """Return a getter for one part of a quantity: its total or a phase."""
    value_of = attrgetter(f"reading.{sensors.name}.{part}")

    def value(now: Snapshot) -> float | None:
        # On single-phase meters the phase equals the total.
        if part != TOTAL and now.reading.phases == 1:
            return None
        measured: float | None = value_of(now)
        return in_kilo(measured) if sensors.counter else measured

    return value


def _ct_faults(now: Snapshot) -> dict[str, list[str]]:
    """Return the phases whose CTs look reversed or swapped."""
    faults = now.ct_faults
    return {
        name: [PHASE_LABELS[phase] for phase in sorted(phases)]
        for name, phases in (("reversed_cts", faults.reversed), ("swapped_cts", faults.swapped))
    }


def _total_sensor(sensors: _MeasuredSensors) -> MeterSensorDescription[Snapshot]:
    """Describe the sensor of a quantity's total, or of its average."""
    return MeterSensorDescription[Snapshot](
        key=sensors.name,
        translation_key=sensors.name,
        device_class=sensors.device_class,
        native_unit_of_measurement=sensors.unit,
        state_class=(
            SensorStateClass.TOTAL_INCREASING if sensors.counter else SensorStateClass.MEASUREMENT
        ),
        suggested_display_precision=sensors.precision,
        entity_category=sensors.category,
        entity_registry_enabled_default=sensors.enabled,
        recording=sensors.recording,
        value_fn=_value_fn(sensors, TOTAL),
        attributes_fn=_ct_faults if sensors.name == "power" else None,
    )


def _phase_sensors(sensors: _MeasuredSensors) -> Iterator[MeterSensorDescription[Snapshot]]:
    """Describe the sensors of a quantity's phases."""
    labels = PAIR_LABELS if sensors.between_phases else PHASE_LABELS
    for part, phase in labels.items():
        yield replace(
            _total_sensor(sensors),
            key=f"{sensors.name}_{phase.replace('-', '').lower()}",
            translation_key=f"{sensors.name}_phase",
            translation_placeholders={"phase": phase},
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=_value_fn(sensors, part),
            attributes_fn=None,
        )


TOTAL_SENSORS: Final = (*map(_total_sensor, _MEASURED_SENSORS), *_SINGLE_SENSORS)
PHASE_SENSORS: Final = tuple(
    sensor for sensors in _MEASURED_SENSORS for sensor in _phase_sensors(sensors)
)
