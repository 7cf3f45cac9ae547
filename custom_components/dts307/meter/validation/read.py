"""One read of a counter's register, and what two reads in a row say about each other."""

from dataclasses import dataclass
from typing import Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .limits import Limits, elapsed

_LIKELY_TIMES_MEASURED: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the measured power accounts for while a counter is polled."""

    seconds: float = 0.0
    """how long it was polled without a missing poll"""
    energy: float = 0.0
    """Wh (VAh, varh)"""
    highest: float = 0.0
    """W (VA, var); the highest power between two polls"""

    @property
    def power(self) -> float:
        """W (VA, var) on average; 0 before any time has passed."""
        return self.energy * 3600 / self.seconds if self.seconds else 0.0

    def __add__(self, other: Measured) -> Measured:
        """Return both together."""
        return Measured(
            seconds=self.seconds + other.seconds,
            energy=self.energy + other.energy,
            highest=max(self.highest, other.highest),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One read of a counter's register, in Wh (VAh, varh)."""

    value: float
    at: float
    """s"""
    power: float = 0.0
    """W (VA, var) that the meter measured at that time in the direction of this counter"""
    held: float = 0.0
    """s for which a cache may have held this by then; 0 if the reading is new"""

    @property
    def sample(self) -> Sample:
        """The register and when it was read."""
        return Sample(value=self.value, at=self.at)

    def is_consecutive_to(self, earlier: Read) -> bool:
        """Return whether no poll can have been missed between the two."""
        return elapsed(earlier.at, self.at) <= CONSECUTIVE_WITHIN

    def held_since(self, confirming: Read, known: float) -> float:
        """Return since when in s the register may have been here, which another read confirms.

        A reading that is repeated is as old as its first appearance, and no older than ``known``,
        when the register was known to be elsewhere or here, in s.
        """
        since = min(self.at - self.held, confirming.at - confirming.held)
        return max(since, known) if known <= self.at else since

    def agrees_with(self, earlier: Read, limits: Limits) -> bool:
        """Return whether the register can have moved from the earlier read to this one."""
        seconds = elapsed(earlier.at, self.at) + earlier.held
        return can_follow(self.value - earlier.value, seconds, limits)

    def measured_since(self, earlier: Read) -> Measured:
        """Return what the power at both reads accounts for; nothing if polls were missed.

        The lower power counts, so that a wrong reading cannot account for its own wrong count.
        """
        if not self.is_consecutive_to(earlier):
            return Measured()
        seconds = elapsed(earlier.at, self.at)
        power = min(self.power, earlier.power)
        return Measured(seconds=seconds, energy=power * seconds / 3600, highest=power)


def likely_energy(power: float, seconds: float) -> float:
    """Return the Wh (VAh, varh) that may have flowed where the reads measured ``power`` in W.

    Loads come and go between two reads, and some meters refresh their counters more rarely than
    their power.
    """
    return _LIKELY_TIMES_MEASURED * power * seconds / 3600


def can_follow(rise: float, seconds: float, limits: Limits) -> bool:
    """Return whether a register can have risen by so many Wh (VAh, varh) in a time."""
    return -limits.one_count <= rise <= limits.reach(seconds)
