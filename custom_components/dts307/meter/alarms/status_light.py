"""What the STATUS light on the faceplate says, as the installation guide defines it (5.1)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
import math
from typing import Final

from ..phases import PHASES
from ..sunspec import Reading

_LOW: Final = 0.05
_HIGH: Final = 0.8
_FULL: Final = 1.0

_SHARE_DECIMALS: Final = 6
"""A float32 carries seven digits, and a scaled integer picks up dust far behind them: 80 % of the
service current stays 80 %, whichever way the meter puts it."""


class EnergyDirection(StrEnum):
    """The first flash, the heartbeat."""

    IMPORTING = "importing"
    """green: energy is consumed, or none flows"""
    EXPORTING = "exporting"
    """orange: energy is generated"""


class CurrentLevel(StrEnum):
    """The second flash: the total current relative to the total service current."""

    LOW = "low"
    """no flash: below 5 %"""
    NORMAL = "normal"
    """green: from 5 % to below 80 %"""
    HIGH = "high"
    """orange: from 80 % to 100 %"""
    OVER = "over"
    """red: above 100 %"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLight:
    """What the light says of one reading; None is what the reading or the owner does not tell."""

    direction: EnergyDirection | None = None
    share: float | None = None
    """total current relative to the total service current, 1 for 100 %"""
    level: CurrentLevel | None = None
    phases: int
    """how many phases the total current is that of"""


def status_light(
    reading: Reading, service_current: float | None, absent: AbstractSet[str] = frozenset()
) -> StatusLight:
    """Return what the light says, given the service current of a phase in A (guide 3.4).

    The total service current is that of all measured phases together. No register carries it.
    """
    share = shares_of(reading, service_current, absent).get("total")
    _, _, count = _phases(reading, absent)
    return StatusLight(
        direction=energy_direction(reading),
        share=share,
        level=None if share is None else current_level(share),
        phases=count,
    )


def energy_direction(reading: Reading) -> EnergyDirection | None:
    """Return where energy flows; without any flow the heartbeat is green, as nothing is generated.

    The guide knows no third colour, and the heartbeat also tells that the meter is on.
    """
    power = reading.power.total
    if power is None:
        return None
    return EnergyDirection.EXPORTING if power < 0 else EnergyDirection.IMPORTING


def current_level(share: float) -> CurrentLevel:
    """Return the level for a share of the total service current (1 is 100 %).

    In the guide's words, 80 % both ends the green and begins the orange. It is orange here: the
    drawing beside them stands for the three colours with 50 %, 80 % and more than 100 %. Red
    begins above 100 %, so just 100 % is orange.
    """
    if share < _LOW:
        return CurrentLevel.LOW
    if share < _HIGH:
        return CurrentLevel.NORMAL
    return CurrentLevel.HIGH if share <= _FULL else CurrentLevel.OVER


def shares_of(
    reading: Reading, service_current: float | None, absent: AbstractSet[str] = frozenset()
) -> dict[str, float]:
    """Return the currents relative to the service current: "total", "a", "b" and "c" as known.

    The total is, in the guide's words, that "for all the measured phases". A phase counts as one if
    the meter states its current, and has not always found it without voltage (``absent``): of the
    two legs of a house, a meter for three phases measures two. If it states the current of none of
    them, all that its model has count. Some meters give a current the sign of the power, which is
    no matter.
    """
    if service_current is None:
        return {}
    stated, measured, count = _phases(reading, absent)
    shares = {phase: _rounded(current / service_current) for phase, current in stated.items()}
    total = math.fsum(stated[phase] for phase in measured) if measured else reading.current.total
    if total is not None:
        shares["total"] = _rounded(abs(total) / (service_current * count))
    return shares


def _phases(
    reading: Reading, absent: AbstractSet[str]
) -> tuple[dict[str, float], AbstractSet[str], int]:
    """Return the currents of phases as stated, those that count as measured, and how many do."""
    currents = reading.current
    stated = {
        phase: abs(current) for phase in PHASES if (current := getattr(currents, phase)) is not None
    }
    measured = stated.keys() - absent or stated.keys()
    return stated, measured, len(measured) or reading.phases


def _rounded(share: float) -> float:
    return round(share, _SHARE_DECIMALS)
