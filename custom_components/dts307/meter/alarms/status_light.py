"""What the STATUS light on the faceplate shows, as the installation guide defines it (5.1)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
import math
from typing import Final

from ..phases import PHASES, TOTAL
from ..sunspec import Reading

_NORMAL_FROM: Final = 0.05
_HIGH_FROM: Final = 0.8
_FULL: Final = 1.0

_SHARE_DECIMALS: Final = 6
"""A float32 carries seven digits, and a scaled integer has rounding errors far behind them. 80 % of
the service current stays 80 %, in whichever form the meter sends it."""


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
    """What the light shows for one reading; None is what neither meter nor owner has stated."""

    direction: EnergyDirection | None = None
    share: float | None = None
    """total current relative to the total service current, 1 for 100 %"""
    level: CurrentLevel | None = None
    phases: int
    """how many phases the total current is the sum of"""


def status_light(
    reading: Reading, service_current: float | None, absent: AbstractSet[str] = frozenset()
) -> StatusLight:
    """Return what the light shows, given the service current of one phase in A (guide 3.4).

    The total service current is that of all measured phases together. No register holds it.
    """
    share = current_shares(reading, service_current, absent).get(TOTAL)
    _, _, count = _phase_currents(reading, absent)
    return StatusLight(
        direction=energy_direction(reading),
        share=share,
        level=None if share is None else current_level(share),
        phases=count,
    )


def energy_direction(reading: Reading) -> EnergyDirection | None:
    """Return where energy flows; None if the total power is unknown.

    If none flows the heartbeat is green, as nothing is generated: the guide has no third colour,
    and the heartbeat also shows that the meter is on.
    """
    power = reading.power.total
    if power is None:
        return None
    return EnergyDirection.EXPORTING if power < 0 else EnergyDirection.IMPORTING


def current_level(share: float) -> CurrentLevel:
    """Return the level for a share of the total service current (1 is 100 %).

    In the guide's words, 80 % both ends the green and begins the orange. Here it is orange: the
    drawing beside those words stands for the three colours with 50 %, 80 % and more than 100 %.
    Red begins above 100 %, so exactly 100 % is orange.
    """
    if share < _NORMAL_FROM:
        return CurrentLevel.LOW
    if share < _HIGH_FROM:
        return CurrentLevel.NORMAL
    return CurrentLevel.HIGH if share <= _FULL else CurrentLevel.OVER


def current_shares(
    reading: Reading, service_current: float | None, absent: AbstractSet[str] = frozenset()
) -> dict[str, float]:
    """Return the currents relative to the service current: "total", "a", "b" and "c" as known.

    ``service_current`` is that of one phase in A (guide 3.4). The total is, in the guide's words,
    that "for all the measured phases". A phase counts as measured if the meter reports its current
    and the phase has ever had voltage (it is not ``absent``): a three-phase meter measures two of
    the two legs of a house. If the meter reports the current of no phase, all phases of its model
    count. Some meters give a current the sign of the power, which is ignored.
    """
    if service_current is None:
        return {}
    reported, measured, count = _phase_currents(reading, absent)
    shares = {phase: _rounded(current / service_current) for phase, current in reported.items()}
    total = math.fsum(reported[phase] for phase in measured) if measured else reading.current.total
    if total is not None:
        shares[TOTAL] = _rounded(abs(total) / (service_current * count))
    return shares


def _phase_currents(
    reading: Reading, absent: AbstractSet[str]
) -> tuple[dict[str, float], AbstractSet[str], int]:
    """Return the reported phase currents in A, the measured phases, and how many these are."""
    currents = reading.current
    reported = {
        phase: abs(current) for phase in PHASES if (current := getattr(currents, phase)) is not None
    }
    measured = reported.keys() - absent or reported.keys()
    return reported, measured, len(measured) or reading.phases


def _rounded(share: float) -> float:
    return round(share, _SHARE_DECIMALS)
