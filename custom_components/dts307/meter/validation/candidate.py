"""Register reads in quarantine: they agree with one another, but not yet with what is trusted."""

from dataclasses import dataclass, replace
from typing import Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .limits import Limits, elapsed

CONFIRMING_READS: Final = 2
_LASTING_READS: Final = 6
_LASTING_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Register reads that agree with one another, but not yet with what is trusted.

    Values are register values in Wh (VAh, varh). A single misread may be a little too high. So
    ``before`` is the read that the register may return to.
    """

    first: Sample
    before: Sample
    last: Sample
    reads: int

    @classmethod
    def starting_with(cls, raw: float, now: float) -> Candidate:
        """Return a candidate of one read: ``raw`` in Wh at ``now`` in s."""
        sample = Sample(value=raw, at=now)
        return cls(first=sample, before=sample, last=sample, reads=1)

    @property
    def confirmed(self) -> bool:
        """Whether a second read has agreed with the first."""
        return self.reads >= CONFIRMING_READS

    @property
    def lasts(self) -> bool:
        """Whether it has been read for so long that it is no glitch."""
        seconds = self.last.at - self.first.at
        return self.reads >= _LASTING_READS and seconds >= _LASTING_SECONDS

    def is_continued_by(self, raw: float, now: float, limits: Limits) -> bool:
        """Return whether the next poll's read agrees with this candidate."""
        consecutive = elapsed(self.last.at, now) <= CONSECUTIVE_WITHIN
        return consecutive and self._reaches(Sample(value=raw, at=now), limits)

    def is_resumed_by(self, later: Candidate, limits: Limits, rise_from_trusted: float) -> bool:
        """Return whether a later candidate, after a gap or a misread, continues this one.

        Within hours a counter can move far. So the later one must not rather continue what is
        trusted, which it starts ``rise_from_trusted`` Wh above.
        """
        rise = later.first.value - self.last.value
        is_nearer = rise_from_trusted < -limits.resolution or rise < rise_from_trusted
        return is_nearer and self._reaches(later.first, limits)

    def _reaches(self, sample: Sample, limits: Limits) -> bool:
        lowest = min(self.last.value, self.before.value) - limits.resolution
        return lowest <= sample.value <= limits.highest_after(self.last, sample.at)

    def resumed_with(self, later: Candidate) -> Candidate:
        """Return this candidate with a later one that continues it."""
        reads = self.reads + later.reads
        return replace(self, before=later.before, last=later.last, reads=reads)

    def continued_with(self, raw: float, now: float) -> Candidate:
        """Return this candidate with one more read."""
        last = Sample(value=raw, at=now)
        # After a step down the last read was too high; what came before it still counts.
        before = self.last if raw >= self.last.value else self.before
        return replace(self, before=before, last=last, reads=self.reads + 1)
