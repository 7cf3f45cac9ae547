"""Readings of a counter in a row that agree with one another."""

from dataclasses import dataclass, replace
import math
from typing import Final

from .limits import Limits

PROMPT_SECONDS: Final = 90.0
"""The longest interval between two polls, and half of it again."""
_UNKNOWN_OUTAGE: Final = 86400.0
"""What is allowed for when the clock was set back, so that nobody knows how long it was."""

CONFIRMING_READS: Final = 2
_LASTING_READS: Final = 6
_LASTING_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a counter was at a time: Wh and s."""

    value: float
    at: float

    def reach(self, now: float, limits: Limits, longest: float = math.inf) -> float:
        """Return how far the counter can have come by now; ``longest`` seconds are allowed for."""
        return self.value + limits.reach(min(_elapsed(self.at, now), longest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Register values that agree with one another, but not yet with what is trusted.

    One of them may be a little too high; so ``before`` is the one to go back to.
    """

    first: Point
    before: Point
    last: Point
    reads: int

    @classmethod
    def begun(cls, raw: float, now: float) -> Row:
        """Return a row of one."""
        point = Point(value=raw, at=now)
        return cls(first=point, before=point, last=point, reads=1)

    @property
    def confirmed(self) -> bool:
        """Whether a second reading has agreed with the first."""
        return self.reads >= CONFIRMING_READS

    @property
    def lasts(self) -> bool:
        """Whether it has been there for so long that it is no glitch."""
        seconds = self.last.at - self.first.at
        return self.reads >= _LASTING_READS and seconds >= _LASTING_SECONDS

    def is_followed_by(self, raw: float, now: float, limits: Limits) -> bool:
        """Tell whether a reading continues the row."""
        prompt = _elapsed(self.last.at, now) <= PROMPT_SECONDS
        return prompt and self._reaches(Point(value=raw, at=now), limits)

    def goes_on_in(self, later: Row, limits: Limits, trusted_way: float) -> bool:
        """Tell whether a row that began after a gap or a disturbance is but the rest of this one.

        Within hours, much is possible: so it must not be the rest of what is trusted, which stands
        ``trusted_way`` Wh below where it began, and thus nearer.
        """
        way = later.first.value - self.last.value
        is_nearer = trusted_way < -limits.resolution or way < trusted_way
        return is_nearer and self._reaches(later.first, limits)

    def _reaches(self, point: Point, limits: Limits) -> bool:
        lowest = min(self.last.value, self.before.value) - limits.resolution
        return lowest <= point.value <= self.last.reach(point.at, limits)

    def joined(self, later: Row) -> Row:
        """Return the row with another that is the rest of it."""
        reads = self.reads + later.reads
        return replace(self, before=later.before, last=later.last, reads=reads)

    def followed_by(self, raw: float, now: float) -> Row:
        """Return the row with one more reading."""
        last = Point(value=raw, at=now)
        before = self.last if raw >= self.last.value else self.before
        return replace(self, before=before, last=last, reads=self.reads + 1)


def _elapsed(then: float, now: float) -> float:
    return now - then if now >= then else _UNKNOWN_OUTAGE
