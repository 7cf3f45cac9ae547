"""What a reading measures, in one table: labels, units, and what Home Assistant calls it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from .meter import PerPhase, Reading
from .meter.phases import PAIR_LABELS, PHASE_LABELS, PHASES, TOTAL

_MEASUREMENT: Final = "measurement"
_COUNTER: Final = "total_increasing"


class Quantity(NamedTuple):
    """A field of a reading; its class is that of Home Assistant's sensors."""

    field: str
    label: str
    unit: str
    device_class: str | None
    state_class: str = _MEASUREMENT


QUANTITIES: Final = (
    Quantity("power", "Power", "W", "power"),
    Quantity("current", "Current", "A", "current"),
    Quantity("voltage_line_to_neutral", "Voltage", "V", "voltage"),
    Quantity("voltage_line_to_line", "Line-to-line voltage", "V", "voltage"),
    Quantity("power_factor", "Power factor", "", "power_factor"),
    Quantity("apparent_power", "Apparent power", "VA", "apparent_power"),
    Quantity("reactive_power", "Reactive power", "var", "reactive_power"),
    Quantity("energy_imported", "Energy imported", "Wh", "energy", _COUNTER),
    Quantity("energy_exported", "Energy exported", "Wh", "energy", _COUNTER),
    Quantity("apparent_energy_imported", "Apparent energy imported", "VAh", None, _COUNTER),
    Quantity("apparent_energy_exported", "Apparent energy exported", "VAh", None, _COUNTER),
    Quantity("reactive_energy_q1", "Reactive energy Q1", "varh", "reactive_energy", _COUNTER),
    Quantity("reactive_energy_q2", "Reactive energy Q2", "varh", "reactive_energy", _COUNTER),
    Quantity("reactive_energy_q3", "Reactive energy Q3", "varh", "reactive_energy", _COUNTER),
    Quantity("reactive_energy_q4", "Reactive energy Q4", "varh", "reactive_energy", _COUNTER),
)
"""All quantities with a total and phases, in the order of the tables."""

FREQUENCY: Final = Quantity("frequency", "Frequency", "Hz", "frequency")

_BETWEEN_LINES: Final = "voltage_line_to_line"


class Value(NamedTuple):
    """One value of a reading: its name in files, and its label."""

    key: str
    label: str
    quantity: Quantity
    value: float | None


def phases_of(reading: Reading) -> tuple[str, ...]:
    """Return the phases that have values of their own; none if there is only one phase."""
    return PHASES[: reading.phases] if reading.phases > 1 else ()


def values_of(reading: Reading) -> Iterator[Value]:
    """Yield all values that a meter of this model may have, whether it states them or not."""
    for quantity in QUANTITIES:
        parts: PerPhase = getattr(reading, quantity.field)
        yield Value(f"{quantity.field}_{TOTAL}", quantity.label, quantity, parts.total)
        for phase in phases_of(reading):
            label = f"{quantity.label} phase {PHASE_LABELS[phase]}"
            if quantity.field == _BETWEEN_LINES:
                label = f"Voltage {PAIR_LABELS[phase]}"
            key = f"{quantity.field}_{phase}"
            yield Value(key, label, quantity, getattr(parts, phase))
    yield Value(FREQUENCY.field, FREQUENCY.label, FREQUENCY, reading.frequency)
