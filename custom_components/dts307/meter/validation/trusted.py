"""What is trusted of a counter, and which reads can follow it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
import math
from typing import Any, Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .limits import Limits, elapsed
from .read import Measured, Read, can_follow, likely_energy

_ROLLOVER_SHARE: Final = 1 / 16
"""Share of its range that a register may have left before a rollover."""
_UNMEASURED_ROLLOVER_SHARE: Final = 1 / 65_536
"""Share of its range that it may have moved beyond what the power accounts for."""
_METER_LIFE: Final = 20 * 365 * 86400.0
"""s within which a register that gets to its end has counted its whole range"""

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
    held: float = 0.0
    """s for which a cache may have held ``confirmed`` when it was last read"""
    floor: float = 0.0
    """what is published already, and the register may still have to catch up with"""
    measured: Measured = field(default_factory=Measured)
    """what the power accounts for since the register got to ``confirmed``"""
    unconfirmed: Measured = field(default_factory=Measured)
    """what it accounts for since the register was last there; a count may be pending from before"""
    former: Origin | None = None
    """where the register was before the owner's latest answer"""

    @classmethod
    def starting_with(cls, read: Read, offset: float, floor: float, held: float = 0.0) -> Trusted:
        """Return what is trusted after a confirmed read that nothing precedes.

        ``held`` is in s, as in ``Read``.
        """
        sample = Sample(value=read.value + offset, at=read.at)
        return cls(confirmed=sample, latest=sample, offset=offset, held=held, floor=floor)

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
        highest = _MEASURED_MARGIN * self.unconfirmed.energy + limits.one_count
        rise = read.value + self.offset - self.confirmed.value
        return -limits.one_count <= rise <= highest

    def origin_of(self, read: Read, confirming: Read, limits: Limits) -> Origin | None:
        """Return from where the register can have moved to a confirmed read; None if it cannot.

        It may also return to where it was before the owner's latest answer. The answer stands once
        the register has risen since.
        """
        origin, passed = self.origin, self.seconds_until(read.at)
        rise = origin.rise_to(read)
        power = max(self.measured.highest, read.power, confirming.power)
        if self.former is not None and _can_return(self.former, read, limits):
            # It may also pass its old value on its way.
            on_its_way = likely_energy(power, min(passed, CONSECUTIVE_WITHIN)) + limits.resolution
            # Within hours it could have moved far from either, so that the nearer one counts.
            is_nearer = abs(self.former.rise_to(read)) < abs(rise)
            if is_nearer and not -limits.one_count <= rise <= on_its_way:
                return self.former
        seconds = min(self.measured.seconds, _LONGEST_REFRESH)
        likely = likely_energy(max(self.measured.power, read.power), seconds)
        possible = likely + limits.reach(passed)
        if -limits.one_count <= rise <= possible:
            return origin
        if limits.modulus is None:
            return None
        if 0 <= rise + limits.modulus <= min(possible, self._rollover_reach(power, passed, limits)):
            return replace(origin, offset=self.offset + limits.modulus)
        return None

    def _rollover_reach(self, power: float, seconds: float, limits: Limits) -> float:
        """Return how many Wh (VAh, varh) a register has moved at most if it rolled over.

        A register that was reset looks the same, so that it is possible does not suffice. ``power``
        is what was measured before and after, in W.
        """
        modulus = limits.modulus or 0.0
        usual = modulus * 3600 / _METER_LIFE
        # A load may have come and gone between two polls, or two refreshes of a cache.
        unmeasured = min(
            limits.reach(CONSECUTIVE_WITHIN + self.held), modulus * _UNMEASURED_ROLLOVER_SHARE
        )
        likely = likely_energy(max(power, usual), seconds)
        return min(likely + unmeasured, modulus * _ROLLOVER_SHARE)

    def can_roll_over_to(self, register: Sample, limits: Limits) -> bool:
        """Return whether current and voltage allow that the register got there through its end."""
        if limits.modulus is None:
            return False
        rise = register.value + self.offset - self.confirmed.value + limits.modulus
        possible = limits.reach(self.seconds_until(register.at))
        return 0 <= rise <= min(possible, limits.modulus * _ROLLOVER_SHARE)

    def seconds_until(self, now: float) -> float:
        """Return how many s may have passed since the meter measured what is confirmed."""
        return elapsed(self.confirmed.at, now) + self.held

    def after(self, passed: Measured) -> Trusted:
        """Return this some time later."""
        return replace(self, measured=self.measured + passed, unconfirmed=self.unconfirmed + passed)

    def with_latest(self, read: Read) -> Trusted:
        """Return what is trusted after a read that is believed at once."""
        return Trusted(
            confirmed=self.confirmed,
            latest=Sample(value=read.value + self.offset, at=read.at),
            offset=self.offset,
            held=self.held,
            floor=self.published,
            measured=self.measured,
            unconfirmed=self.unconfirmed,
            former=self.former,
        )

    def with_confirmed(
        self, read: Read, origin: Origin, confirming: Read, passed: Measured
    ) -> Trusted:
        """Return what is trusted after a read that the next one has confirmed.

        ``origin`` is from where the register has moved there, ``passed`` what the power accounts
        for between the two reads.
        """
        latest = Sample(value=read.value + origin.offset, at=read.at)
        rose = latest.value > origin.confirmed.value
        # While nothing moves, later reads may show that the first was held for longer.
        since = read.held_since(confirming, self.confirmed.at - self.held if rose else -math.inf)
        return Trusted(
            confirmed=latest if rose else Sample(value=origin.confirmed.value, at=read.at),
            latest=latest,
            offset=origin.offset,
            held=read.at - since,
            floor=self.published,
            measured=passed if rose else self.measured + passed,
            unconfirmed=passed,
            former=None if rose or origin == self.former else self.former,
        )

    def moved_to(self, register: Sample, offset: float, held: float) -> Trusted:
        """Return what is trusted after the owner has said that the register is right there.

        ``held`` is in s, as in ``Read``.
        """
        sample = Sample(value=register.value + offset, at=register.at)
        return Trusted(
            confirmed=sample,
            latest=sample,
            offset=offset,
            held=held,
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
            "held": self.held,
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
            held=stored["held"],
            floor=stored["floor"],
            former=former
            and Origin(confirmed=Sample(**former["confirmed"]), offset=former["offset"]),
        )


def _can_return(former: Origin, read: Read, limits: Limits) -> bool:
    seconds = elapsed(former.confirmed.at, read.at)
    return seconds <= _FORMER_SECONDS and can_follow(former.rise_to(read), seconds, limits)
