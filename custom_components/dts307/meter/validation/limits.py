"""How far an energy counter can move: what current and voltage allow in the time there was."""

from dataclasses import dataclass, replace
import math
from typing import Final, NamedTuple

from ..sample import Sample
from ..sunspec import Reading


class Energy(NamedTuple):
    """A kind of energy: its counters, what one of their counts is, and the power behind it."""

    counters: tuple[str, ...]
    resolution: str
    power: str
    rare: bool
    """whether only a whole reading brings it"""


_ENERGIES: Final = (
    Energy(("energy_imported", "energy_exported"), "energy_resolution", "power", rare=False),
    Energy(
        ("apparent_energy_imported", "apparent_energy_exported"),
        "apparent_energy_resolution",
        "apparent_power",
        rare=True,
    ),
    Energy(
        tuple(f"reactive_energy_q{quadrant}" for quadrant in (1, 2, 3, 4)),
        "reactive_energy_resolution",
        "reactive_power",
        rare=True,
    ),
)

ENERGIES: Final = {name: energy for energy in _ENERGIES for name in energy.counters}
"""The kinds of energy by the names that their counters have in a Reading."""

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

_UNKNOWN_OUTAGE: Final = 86400.0
"""Seconds to allow for when the clock was set back and the true time is unknown."""

_COUNTS: Final = 2**32
_FLOAT_PRECISION: Final = 2.0**-22
"""Two steps of a 32-bit float, relative to its value: what rounding may take from a counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What physics allows a counter."""

    power: float
    """W (VA, var) that are possible"""
    likely: float
    """W (VA, var) that the power at the reading makes likely; no more than what is possible"""
    resolution: float
    """Wh (VAh, varh); what one count, or a rounding, may add or take away"""
    modulus: float | None
    """Wh (VAh, varh) at which the register starts over; None if it does not"""

    def reach(self, seconds: float) -> float:
        """Return how many Wh (VAh, varh) a counter may move in this time."""
        return self.power * seconds / 3600 + self.resolution

    def highest_after(self, sample: Sample, now: float, longest: float = math.inf) -> float:
        """Return how far a counter can have come since a sample; at most ``longest`` s count."""
        return sample.value + self.reach(min(elapsed(sample.at, now), longest))

    @property
    def for_a_single_reading(self) -> Limits:
        """What may be believed without another reading that agrees."""
        return replace(self, power=self.likely)


def counter_limits(reading: Reading, key: str, raw: float, service_current: float | None) -> Limits:
    """Return what physics allows a counter: service current times voltage times phases.

    ``key`` names the counter and its part, such as ``energy_imported.total``. A power that the
    meter does not tell makes all of that likely, and one that it does tell is possible, even if the
    owner has understated the current transformers.
    """
    name, _, part = key.partition(".")
    energy = ENERGIES[name]
    voltages = reading.voltage_line_to_neutral, reading.voltage_line_to_line
    measured = (abs(value) for quantity in voltages if (value := quantity.total) is not None)
    volts = max((_HIGHEST_VOLTAGE, *measured))
    phases = reading.phases if part == "total" else 1
    step: float | None = getattr(reading, energy.resolution)
    seen: float | None = getattr(getattr(reading, energy.power), part)
    rated = (service_current or DEFAULT_SERVICE_CURRENT) * volts * phases
    possible = _MARGIN * max(rated, abs(seen or 0.0))
    likely = possible if seen is None else _EVIDENCE * abs(seen) + _UNSEEN * possible
    return Limits(
        power=possible,
        likely=min(possible, likely),
        resolution=abs(raw) * _FLOAT_PRECISION if step is None else step,
        modulus=None if step is None else step * _COUNTS,
    )


def elapsed(then: float, now: float) -> float:
    """Return the seconds between two instants; a day if the clock was set back between them."""
    return now - then if now >= then else _UNKNOWN_OUTAGE
