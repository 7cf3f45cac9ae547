"""Whether the meter measures at all. Some meters respond but report no values."""

from enum import StrEnum
from typing import Final

from ..phases import PAIRS_OF_PHASE, PARTS, PHASES, TOTAL
from ..sunspec import Reading

_NO_VOLTAGE: Final = 10.0
"""V; less is no voltage. The lowest service has 120 V, and an open terminal picks up a few."""

_CURRENT: Final = 0.5
"""A; less is what a CT without load picks up."""

_INSTANTANEOUS: Final = (
    "current",
    "voltage_line_to_neutral",
    "voltage_line_to_line",
    "power",
    "apparent_power",
    "reactive_power",
    "power_factor",
)


class NoMeasurement(StrEnum):
    """Why a meter that responds measures nothing."""

    NO_VALUES = "no_values"
    """It implements none of the instantaneous values."""
    CURRENT_WITHOUT_VOLTAGE = "current_without_voltage"
    """Current flows where it sees no voltage, so no power and no energy is counted there."""


def measures_nothing(reading: Reading) -> NoMeasurement | None:
    """Return why a reading holds no measurement, or None if it does.

    One reading may be taken just as the power fails, so only a result that lasts means anything.
    Counters do not matter here: they keep what they once counted, and SunSpec lets them show 0 for
    "not accumulated". A current of 0 does not matter either, as nothing may be switched on.
    """
    if reading.frequency is None and all(
        getattr(getattr(reading, name), part) is None for name in _INSTANTANEOUS for part in PARTS
    ):
        return NoMeasurement.NO_VALUES
    # Some meters report a total only.
    if _flows_without_voltage(reading, TOTAL) or phases_without_voltage(reading):
        return NoMeasurement.CURRENT_WITHOUT_VOLTAGE
    return None


def phases_without_voltage(reading: Reading) -> frozenset[str]:
    """Return the phases ("a", "b", "c") on which current flows but no voltage is seen."""
    return frozenset(phase for phase in PHASES if _flows_without_voltage(reading, phase))


def _flows_without_voltage(reading: Reading, part: str) -> bool:
    """Return whether current flows while all voltages that belong to it are known to be none."""
    current: float | None = getattr(reading.current, part)
    if current is None or abs(current) < _CURRENT:
        return False
    voltages: list[float | None] = [getattr(reading.voltage_line_to_neutral, part)]
    if voltages == [None]:
        pairs = PAIRS_OF_PHASE.get(part, (TOTAL,))
        voltages = [getattr(reading.voltage_line_to_line, pair) for pair in pairs]
    return all(volts is not None and abs(volts) < _NO_VOLTAGE for volts in voltages)
