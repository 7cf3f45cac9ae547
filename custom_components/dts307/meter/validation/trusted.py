"""What is trusted of a counter, and which reads can follow it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
import math
from typing import Any, Final

from ..sample import Sample
from .limits import Limits, elapsed
from .read import Measured, Read, can_follow, likely_energy

_ROLLOVER_SHARE: Final = 1 / 16
"""Share of its range that a register may have left before a rollover."""

_MEASURED_MARGIN: Final = 1.25
"""How much more than the measured energy a single read may have moved."""

_LONGEST_REFRESH: Final = 7200.0
"""s; a counter that has not moved for longer does not wait for its meter to refresh it."""

_FORMER_SECONDS: Final = 86400.0
"""How long a meter may take to start, and to return to what it showed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a register was, in Wh (VAh, varh), and the offset that made it the counter."""

    confirmed: Sample
    """the counter: the register plus the offset"""
    offset: float

    def rise_to(self, read: Read) -> float:
        """Return how far a read is above this; negative if below."""
        return read.value + self.offset - self.confirmed.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What is trusted of a counter, in Wh (VAh, varh): register values plus the offset."""

    confirmed: Sample
    """the highest read that the next one has confirmed, and when the register was last there"""
    latest: Sample
    """the latest read that was believed"""
    offset: float = 0.0
    """added to the register, which rolled over, was set back, or is another meter's"""
    floor: float = 0.0
    """what is published already, and the register may still have to catch up with"""
    measured: Measured = field(default_factory=Measured)
    """what the power accounts for since the register got to ``confirmed``"""
    unconfirmed: Measured = field(default_factory=Measured)
    """what it accounts for since the register was last there; a count may be pending from before"""
    former: Origin | None = None
    """where the register was before the owner's latest answer"""

    @classmethod
    def starting_with(cls, read: Read, offset: float, floor: float) -> Trusted:
        """Return what is trusted after a confirmed read that nothing precedes."""
        sample = Sample(value=read.value + offset, at=read.at)
        return cls(confirmed=sample, latest=sample, offset=offset, floor=floor)

    @property
    def published(self) -> float:
        """What the counter shows, in Wh (VAh, varh)."""
        return max(self.latest.value, self.floor)

    @property
    def register(self) -> float:
        """What the meter's own register shows, in Wh (VAh, varh)."""
        # Adding the offset and taking it away again leaves a remainder that no register has.
        return round(self.latest.value - self.offset, 6)

    @property
    def origin(self) -> Origin:
        """Where the register is."""
        return Origin(confirmed=self.confirmed, offset=self.offset)

    def explains(self, read: Read, limits: Limits) -> bool:
        """Return whether the measured power alone accounts for a read."""
        highest = _MEASURED_MARGIN * self.unconfirmed.energy + limits.resolution
        return -limits.resolution <= self.origin.rise_to(read) <= highest

    def origin_of(self, read: Read, limits: Limits) -> Origin | None:
        """Return from where the register can have moved to a confirmed read; None if it cannot.

        A return to where the register was before the owner's latest answer comes first. The answer
        stands once the register has risen since.
        """
        if self.former is not None and _can_return(self.former, read, limits):
            return self.former
        rise = self.origin.rise_to(read)
        seconds = min(self.measured.seconds, _LONGEST_REFRESH)
        likely = likely_energy(max(self.measured.power, read.power), seconds)
        passed = elapsed(self.confirmed.at, read.at) + limits.refresh_period
        possible = likely + limits.reach(passed)
        if -limits.resolution <= rise <= possible:
            return self.origin
        modulus = limits.modulus or math.inf
        if 0 <= rise + modulus <= min(possible, modulus * _ROLLOVER_SHARE):
            return replace(self.origin, offset=self.offset + modulus)
        return None

    def after(self, passed: Measured) -> Trusted:
        """Return this some time later."""
        return replace(self, measured=self.measured + passed, unconfirmed=self.unconfirmed + passed)

    def with_latest(self, read: Read) -> Trusted:
        """Return what is trusted after a read that is believed at once."""
        latest = Sample(value=read.value + self.offset, at=read.at)
        return replace(self, latest=latest, floor=self.published)

    def with_confirmed(self, read: Read, origin: Origin, passed: Measured) -> Trusted:
        """Return what is trusted after a read that the next one has confirmed.

        ``origin`` is from where the register has moved there, ``passed`` the time to the next read.
        """
        latest = Sample(value=read.value + origin.offset, at=read.at)
        rose = latest.value > origin.confirmed.value
        return Trusted(
            confirmed=latest if rose else replace(origin.confirmed, at=read.at),
            latest=latest,
            offset=origin.offset,
            floor=self.published,
            measured=passed if rose else self.measured,
            unconfirmed=passed,
            former=None if rose or origin == self.former else self.former,
        )

    def moved_to(self, register: Sample, offset: float) -> Trusted:
        """Return what is trusted after the owner has said that the register is right there."""
        sample = Sample(value=register.value + offset, at=register.at)
        return Trusted(
            confirmed=sample,
            latest=sample,
            offset=offset,
            floor=self.published,
            former=self.origin,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return this as JSON holds it; "last" and "before" are how earlier versions named them."""
        state = asdict(self)
        return {
            "last": state["latest"],
            "before": state["confirmed"],
            "offset": self.offset,
            "floor": self.floor,
            "former": state["former"],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Trusted:
        """Return what ``as_dict`` described.

        Raises:
            KeyError, TypeError: it is not that.
        """
        former = stored["former"]
        return cls(
            confirmed=Sample(**stored["before"]),
            latest=Sample(**stored["last"]),
            offset=stored["offset"],
            floor=stored["floor"],
            former=former
            and Origin(confirmed=Sample(**former["confirmed"]), offset=former["offset"]),
        )


def _can_return(former: Origin, read: Read, limits: Limits) -> bool:
    then = former.confirmed.at
    recent = elapsed(then, read.at) <= _FORMER_SECONDS
    return recent and can_follow(former.rise_to(read), then, read.at, limits)
