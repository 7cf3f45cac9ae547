"""A reading with import positive, whatever the meter's sign of power means."""

from collections.abc import Mapping
from dataclasses import replace
import math

from ..phases import PARTS
from ..sunspec import PerPhase, Reading
from .power_sign import PowerSign


def with_import_positive(
    reading: Reading, sign: PowerSign, last_counted: Mapping[str, int] | None = None
) -> Reading:
    """Return a reading with import positive, given what the meter's sign means.

    Power and reactive power change their sign together: a meter that sees the current from the
    other side sees all of its apparent power turned by 180 degrees. The power factor is power over
    apparent power. So it gets the sign of the power, even if the meter sent it without a sign.
    Voltages, currents and apparent power have no direction, and counters are named by theirs.

    A power without a sign gets it from the counter that moved last (``last_counted`` of a
    PowerSignState); its reactive power stays as it is.
    """
    power, reactive_power = reading.power, reading.reactive_power
    if sign is PowerSign.EXPORT_POSITIVE:
        power, reactive_power = _inverted(power), _inverted(reactive_power)
    elif sign is PowerSign.UNSIGNED:
        power = _signed(power, last_counted or {})
    else:
        return reading
    factors = {part: getattr(reading.power_factor, part) for part in PARTS}
    if sign is PowerSign.UNSIGNED:
        factors = {
            part: factor for part, factor in factors.items() if getattr(power, part) is not None
        }
    return replace(
        reading,
        power=power,
        reactive_power=reactive_power,
        power_factor=PerPhase(
            **{part: _signed_like(getattr(power, part), factor) for part, factor in factors.items()}
        ),
    )


def _signed(power: PerPhase, polarities: Mapping[str, int]) -> PerPhase:
    return PerPhase(
        **{
            part: polarities[part] * abs(value) or 0.0
            for part in PARTS
            if (value := getattr(power, part)) is not None and part in polarities
        }
    )


def _inverted(quantity: PerPhase) -> PerPhase:
    return PerPhase(
        **{
            # Zero has no sign to change.
            part: -value or 0.0
            for part in PARTS
            if (value := getattr(quantity, part)) is not None
        }
    )


def _signed_like(power: float | None, factor: float | None) -> float | None:
    """Return a power factor with the sign of its power; without a power it is inverted."""
    if factor is None:
        return None
    return (-factor if power is None else math.copysign(factor, power)) or 0.0
