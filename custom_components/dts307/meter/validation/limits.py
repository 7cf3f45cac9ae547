"""How far an energy counter can move: what current and voltage allow in the elapsed time."""

from dataclasses import dataclass, replace
import math
from typing import Final, NamedTuple

from ..phases import TOTAL
from ..sample import Sample
from ..sunspec import Reading


class EnergyKind(NamedTuple):
    """The counters of one kind of energy, and the fields of a Reading that limit them."""

    counters: tuple[str, ...]
    """fields of a Reading that hold the counters, each a PerPhase"""
    resolution: str
    """field of a Reading: what one count stands for, None for float counters"""
    power: str
    """field of a Reading: the power that the counters add up, a PerPhase"""
    slow: bool
    """whether only a whole Reading carries them, which is read at a slower cadence"""


_ENERGY_KINDS: Final = (
    EnergyKind(
        counters=("energy_imported", "energy_exported"),
        resolution="energy_resolution",
        power="power",
        slow=False,
    ),
    EnergyKind(
        counters=("apparent_energy_imported", "apparent_energy_exported"),
        resolution="apparent_energy_resolution",
        power="apparent_power",
        slow=True,
    ),
    EnergyKind(
        counters=tuple(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)),
        resolution="reactive_energy_resolution",
        power="reactive_power",
        slow=True,
    ),
)

ENERGY_KINDS: Final = {name: kind for kind in _ENERGY_KINDS for name in kind.counters}
"""The kind of energy by the field of a Reading that holds its counters."""

DEFAULT_SERVICE_CURRENT: Final = 5000.0
"""A; assumed while the CT rating is not entered, and more than any rating."""

_HIGHEST_VOLTAGE: Final = 277.0
"""V line to neutral; the highest service that the meter is made for (guide 1.3.2)."""

_POSSIBLE_POWER_MARGIN: Final = 2.0
"""CTs measure beyond their rating, and the time of a poll is not the time inside the meter."""

_LIKELY_POWER_FACTOR: Final = 4.0
"""How many times the power at a read may have flowed on average since the read before."""

_UNSEEN_POWER_SHARE: Final = 0.05
"""Share of the possible power that may have come and gone between two reads."""

_UNKNOWN_OUTAGE: Final = 86400.0
"""s to assume when the clock was set back, so that the true time is unknown."""

_COUNTS: Final = 2**32
_FLOAT_PRECISION: Final = 2.0**-22
"""Two steps of a 32-bit float, relative to its value: the most that rounding takes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast a counter can move, and in which steps."""

    possible_power: float
    """W (VA, var) that current and voltage allow"""
    likely_power: float
    """W (VA, var) that the power at this read makes likely; at most the possible power"""
    resolution: float
    """Wh (VAh, varh); what one count, or a float's rounding, may add or take away"""
    modulus: float | None
    """Wh (VAh, varh) at which the register rolls over; None for a float, which does not"""

    def reach(self, seconds: float) -> float:
        """Return how many Wh (VAh, varh) the counter can move in this time."""
        return self.possible_power * seconds / 3600 + self.resolution

    def highest_after(self, sample: Sample, now: float, longest: float = math.inf) -> float:
        """Return the highest value at ``now`` after a sample; at most ``longest`` s count."""
        return sample.value + self.reach(min(elapsed(sample.at, now), longest))

    @property
    def for_single_read(self) -> Limits:
        """The limits for a read that no second read has confirmed."""
        return replace(self, possible_power=self.likely_power)


def counter_limits(reading: Reading, key: str, raw: float, service_current: float | None) -> Limits:
    """Return the limits of one counter: service current times voltage times phases.

    ``key`` names the counter and its part, such as ``energy_imported.total``. ``raw`` is its
    register value in Wh (VAh, varh), ``service_current`` the CT rating times the number of CT sets
    in A (guide 3.4), or None if it is not entered. Without a reported power, all that is possible
    is likely. A reported power is possible even if the entered CT rating is too low for it.

    Raises:
        KeyError: ``key`` names no energy counter.
    """
    name, _, part = key.partition(".")
    kind = ENERGY_KINDS[name]
    voltages = reading.voltage_line_to_neutral, reading.voltage_line_to_line
    measured = (abs(value) for quantity in voltages if (value := quantity.total) is not None)
    volts = max((_HIGHEST_VOLTAGE, *measured))
    phases = reading.phases if part == TOTAL else 1
    resolution: float | None = getattr(reading, kind.resolution)
    reported: float | None = getattr(getattr(reading, kind.power), part)
    rated = (service_current or DEFAULT_SERVICE_CURRENT) * volts * phases
    possible = _POSSIBLE_POWER_MARGIN * max(rated, abs(reported or 0.0))
    likely = possible
    if reported is not None:
        likely = _LIKELY_POWER_FACTOR * abs(reported) + _UNSEEN_POWER_SHARE * possible
    return Limits(
        possible_power=possible,
        likely_power=min(possible, likely),
        resolution=abs(raw) * _FLOAT_PRECISION if resolution is None else resolution,
        modulus=None if resolution is None else resolution * _COUNTS,
    )


def elapsed(then: float, now: float) -> float:
    """Return the seconds between two instants; a day if the clock was set back between them."""
    return now - then if now >= then else _UNKNOWN_OUTAGE
