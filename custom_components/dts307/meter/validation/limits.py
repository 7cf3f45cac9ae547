"""How far an energy counter can move: what current and voltage allow in the elapsed time."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from ..phases import TOTAL
from ..sunspec import COUNTER_RANGE, FLOAT_PRECISION, PerPhase, Reading


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


ACTIVE_ENERGIES: Final = ("energy_imported", "energy_exported")
"""The fields of a Reading with the counters of active energy, and the keys of their sensors."""

_ENERGY_KINDS: Final = (
    EnergyKind(
        counters=ACTIVE_ENERGIES,
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

_DIRECTIONS: Final = {"energy_imported": 1, "energy_exported": -1}
"""The sign of the power that these count; the others count whatever flows."""

DEFAULT_SERVICE_CURRENT: Final = 5000.0
"""A; assumed while the CT rating is not entered, and more than any rating."""

_HIGHEST_VOLTAGE: Final = 277.0
"""V line to neutral; the highest service that the meter is made for (guide 1.3.2)."""

_POSSIBLE_POWER_MARGIN: Final = 2.0
"""CTs measure beyond their rating, and the time of a poll is not the time inside the meter."""

_UNKNOWN_OUTAGE: Final = 86400.0
"""s to assume when the clock was set back, so that the true time is unknown."""

_ROUNDED_COUNT: Final = 1.001
"""A count as the difference of two floats, by which it may seem larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast a counter can move, and in which steps."""

    possible_power: float
    """W (VA, var) that current and voltage allow"""
    resolution: float
    """Wh (VAh, varh); what one count, or a float's rounding, may add or take away"""
    modulus: float | None
    """Wh (VAh, varh) at which the register rolls over; None for a float, which does not"""
    measured_power: float = 0.0
    """W (VA, var) that the meter measures in the direction of the counter"""

    @property
    def one_count(self) -> float:
        """Wh (VAh, varh); the most that two floats differ by whose registers differ by a count.

        By so much a register may fall: the meter may have changed its scale factor, and a read of
        one count more may have been confirmed.
        """
        return self.resolution * _ROUNDED_COUNT

    def reach(self, seconds: float) -> float:
        """Return how many Wh (VAh, varh) the counter can move in this time."""
        return self.possible_power * seconds / 3600 + self.resolution


def counter_limits(
    reading: Reading,
    key: str,
    raw: float,
    service_current: float | None,
) -> Limits:
    """Return the limits of one counter: service current times voltage times phases.

    ``key`` names the counter and its part, such as ``energy_imported.total``. ``raw`` is its
    register value in Wh (VAh, varh), ``service_current`` the CT rating times the number of CT sets
    in A (guide 3.4), or None if it is not entered. A reported power is possible even if the entered
    CT rating is too low for it.

    Raises:
        KeyError: ``key`` names no energy counter.
    """
    name, _, part = key.partition(".")
    resolution: float | None = getattr(reading, ENERGY_KINDS[name].resolution)
    power = measured_power(reading, key)
    rated = rated_power(reading, part, service_current or DEFAULT_SERVICE_CURRENT)
    return Limits(
        possible_power=_POSSIBLE_POWER_MARGIN * max(rated, power),
        resolution=count_size(reading, name, raw),
        modulus=None if resolution is None else resolution * COUNTER_RANGE,
        measured_power=power,
    )


def rated_power(reading: Reading, part: str, service_current: float) -> float:
    """Return the power in W that is rated: service current in A times voltage times phases.

    ``part`` is the total or a phase.
    """
    to_neutral, between = reading.voltage_line_to_neutral, reading.voltage_line_to_line
    volts = max(_HIGHEST_VOLTAGE, abs(to_neutral.total or 0.0), abs(between.total or 0.0))
    phases = reading.phases if part == TOTAL else 1
    return service_current * volts * phases


def count_size(reading: Reading, name: str, raw: float) -> float:
    """Return what one count of a counter stands for in Wh (VAh, varh), or a float's precision.

    ``name`` is the field of the reading, ``raw`` the register value.

    Raises:
        KeyError: ``name`` names no energy counters.
    """
    resolution: float | None = getattr(reading, ENERGY_KINDS[name].resolution)
    return abs(raw) * FLOAT_PRECISION if resolution is None else resolution


def measured_power(reading: Reading, key: str) -> float:
    """Return the power in W (VA, var) that a counter adds up; 0 if the meter does not measure it.

    ``key`` names the counter as in ``counter_limits``. A meter may count each phase in its own
    direction. So the phases that flow in the direction of a total are added up.

    Raises:
        KeyError: ``key`` names no energy counter.
    """
    name, _, part = key.partition(".")
    powers: PerPhase = getattr(reading, ENERGY_KINDS[name].power)
    direction = _DIRECTIONS.get(name)

    def counted(power: float | None) -> float:
        return abs(power or 0.0) if direction is None else max(0.0, direction * (power or 0.0))

    total = counted(getattr(powers, part))
    if part != TOTAL:
        return total
    return max(total, counted(powers.a) + counted(powers.b) + counted(powers.c))


def elapsed(then: float, now: float) -> float:
    """Return the seconds between two instants; a day if the clock was set back between them."""
    return now - then if now >= then else _UNKNOWN_OUTAGE
