"""Register reads that agree with one another, but cannot follow what is trusted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .limits import Limits, elapsed
from .read import Read, can_follow, likely_energy
from .trusted import Origin

_CONFIRMED_READS: Final = 2
_LASTING_READS: Final = 6
_LASTING_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Confirmed reads that cannot follow what is trusted: the register may really be there."""

    first: Sample
    last: Sample
    until: float
    """s; when the last was confirmed"""
    held: float = 0.0
    """s for which a cache may have held the last when it was read"""
    reads: int
    """how many reads there are, including the one that confirms the last"""

    @classmethod
    def starting_with(cls, read: Read, confirming: Read, known: float) -> Contender:
        """Return a contender of one read and the one that confirms it.

        ``known`` is since when in s the register may have been elsewhere.
        """
        return cls(
            first=read.sample,
            last=read.sample,
            until=confirming.at,
            held=read.at - read.held_since(confirming, known),
            reads=_CONFIRMED_READS,
        )

    @property
    def lasts(self) -> bool:
        """Whether it has been read for so long that it is no glitch."""
        return self.reads >= _LASTING_READS and self.until - self.first.at >= _LASTING_SECONDS

    def can_reach(self, read: Read, limits: Limits) -> bool:
        """Return whether the register can have moved from here to a read."""
        seconds = elapsed(self.last.at, read.at) + self.held
        return can_follow(read.value - self.last.value, seconds, limits)

    def is_nearer(self, read: Read, origin: Origin | None) -> bool:
        """Return whether a read is nearer to this than to where else it may have come from."""
        return origin is None or abs(read.value - self.last.value) < abs(origin.rise_to(read))

    def explains(self, read: Read, confirming: Read, limits: Limits) -> bool:
        """Return whether the power at a read and the one that confirms it explains how it rose."""
        seconds = elapsed(self.last.at, read.at)
        energy = likely_energy(max(read.power, confirming.power), seconds + self.held)
        rise = read.value - self.last.value
        consecutive = seconds <= CONSECUTIVE_WITHIN
        return consecutive and -limits.one_count <= rise <= energy + limits.resolution

    def continued_with(self, read: Read, confirming: Read, limits: Limits) -> Contender:
        """Return this contender with one more read, and the one that confirms it.

        If it has jumped from its first read to the very next, the first was wrong. With an outage,
        a restart, a cache or a wrong read in between, the power in between is unknown.
        """
        consecutive = elapsed(self.last.at, read.at) <= CONSECUTIVE_WITHIN
        next_read = consecutive and self.until == read.at and not self.held
        is_second = next_read and self.reads == _CONFIRMED_READS
        jumped = is_second and not self.explains(read, confirming, limits)
        return Contender(
            first=read.sample if jumped else self.first,
            last=read.sample,
            until=confirming.at,
            held=read.at - read.held_since(confirming, self.last.at - self.held),
            reads=self.reads + 1,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the contender as JSON holds it, and as earlier versions read it."""
        state = asdict(self)
        return {
            "first": state["first"],
            "before": {**state["last"], "at": self.until},
            "last": state["last"],
            "held": self.held,
            "reads": self.reads,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Contender | None:
        """Return the contender that ``as_dict`` described.

        Earlier versions also stored reads that none had confirmed; those are left out.

        Raises:
            KeyError, TypeError: it is not such a contender.
        """
        if stored["reads"] < _CONFIRMED_READS:
            return None
        first, last = Sample(**stored["first"]), Sample(**stored["last"])
        until = max(last.at, stored["before"]["at"])
        held, reads = stored["held"], stored["reads"]
        return cls(first=first, last=last, until=until, held=held, reads=reads)
