"""Readings of a counter in a row that agree with one another."""

from dataclasses import dataclass, replace
from typing import Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .limits import Limits, elapsed

CONFIRMING_READS: Final = 2
_LASTING_READS: Final = 6
_LASTING_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Register values that agree with one another, but not yet with what is trusted.

    One of them may be a little too high; so ``before`` is the one to go back to.
    """

    first: Sample
    before: Sample
    last: Sample
    reads: int

    @classmethod
    def begun(cls, raw: float, now: float) -> Candidate:
        """Return a row of one."""
        point = Sample(value=raw, at=now)
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
        prompt = elapsed(self.last.at, now) <= CONSECUTIVE_WITHIN
        return prompt and self._reaches(Sample(value=raw, at=now), limits)

    def goes_on_in(self, later: Candidate, limits: Limits, trusted_way: float) -> bool:
        """Tell whether a row that began after a gap or a disturbance is but the rest of this one.

        Within hours, much is possible: so it must not be the rest of what is trusted, which stands
        ``trusted_way`` Wh below where it began, and thus nearer.
        """
        way = later.first.value - self.last.value
        is_nearer = trusted_way < -limits.resolution or way < trusted_way
        return is_nearer and self._reaches(later.first, limits)

    def _reaches(self, point: Sample, limits: Limits) -> bool:
        lowest = min(self.last.value, self.before.value) - limits.resolution
        return lowest <= point.value <= limits.highest_after(self.last, point.at)

    def joined(self, later: Candidate) -> Candidate:
        """Return the row with another that is the rest of it."""
        reads = self.reads + later.reads
        return replace(self, before=later.before, last=later.last, reads=reads)

    def followed_by(self, raw: float, now: float) -> Candidate:
        """Return the row with one more reading."""
        last = Sample(value=raw, at=now)
        before = self.last if raw >= self.last.value else self.before
        return replace(self, before=before, last=last, reads=self.reads + 1)
