"""How far an energy counter can move: what current and voltage allow in the time there was."""

from dataclasses import dataclass, replace
from typing import Final

from .reading import Reading

DEFAULT_SERVICE_CURRENT: Final = 5000.0
"""A, when the owner has not told the current transformers' rating: more than any of them has."""

_HIGHEST_VOLTAGE: Final = 277.0
"""V line to neutral of the services that the meter is made for (guide 1.3.2)."""

_MARGIN: Final = 2.0
"""Current transformers measure beyond their rating, and a poll's time is not the meter's."""

_EVIDENCE: Final = 4.0
"""How many times the power at a reading may have flowed on average since the one before."""

_UNSEEN: Final = 0.05
"""The share of what is possible that may have come and gone between two readings."""

_COUNTS: Final = 2**32
_FLOAT_PRECISION: Final = 2.0**-22
"""Two steps of a 32-bit float, relative to its value: what rounding may take from a counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What physics allows a counter."""

    power: float
    """W that are possible"""
    likely: float
    """W that the power at the reading makes likely; no more than what is possible"""
    resolution: float
    """Wh; what one count, or a rounding, may add or take away"""
    modulus: float | None
    """Wh at which the register starts over; None if it does not"""

    def reach(self, seconds: float) -> float:
        """Return how many Wh a counter may move in this time."""
        return self.power * seconds / 3600 + self.resolution

    @property
    def for_a_single_reading(self) -> Limits:
        """What may be believed without another reading that agrees."""
        return replace(self, power=self.likely)


def counter_limits(
    reading: Reading, raw: float, part: str, service_current: float | None
) -> Limits:
    """Return what physics allows a counter: service current times voltage times phases.

    A power that the meter does not tell makes all of that likely.
    """
    voltages = reading.voltage_line_to_neutral, reading.voltage_line_to_line
    measured = (abs(value) for quantity in voltages if (value := quantity.total) is not None)
    volts = max((_HIGHEST_VOLTAGE, *measured))
    phases = reading.phases if part == "total" else 1
    step = reading.energy_resolution
    possible = _MARGIN * (service_current or DEFAULT_SERVICE_CURRENT) * volts * phases
    seen: float | None = getattr(reading.power, part)
    likely = possible if seen is None else _EVIDENCE * abs(seen) + _UNSEEN * possible
    return Limits(
        power=possible,
        likely=min(possible, likely),
        resolution=abs(raw) * _FLOAT_PRECISION if step is None else step,
        modulus=None if step is None else step * _COUNTS,
    )
