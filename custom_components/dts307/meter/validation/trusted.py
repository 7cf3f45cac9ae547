"""What a counter filter trusts, and which reads it accepts next."""

from dataclasses import dataclass, replace
import math
from typing import Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .candidate import CONFIRMING_READS, Candidate
from .limits import Limits

_ROLLOVER_SHARE: Final = 1 / 16
"""Share of its range that a register may have left before a rollover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What is believed of a counter, in Wh (VAh, varh): register values plus the offset.

    A misread can be too small to notice. So the last two values are kept: from one of them, at
    least, every correct read can be reached.
    """

    last: Sample
    before: Sample
    offset: float = 0.0
    """added to the register, which rolled over, was set back, or is another meter's"""
    floor: float = 0.0
    """what is published already, and the register may still have to catch up with"""

    @classmethod
    def from_candidate(cls, candidate: Candidate, base: float | None) -> Trusted:
        """Return what is believed after a first confirmed candidate.

        The counter continues from ``base`` if there is one, and adds what the register has counted
        since it was first read.
        """
        offset = 0.0 if base is None else base - candidate.first.value
        return cls(
            last=replace(candidate.last, value=candidate.last.value + offset),
            before=replace(candidate.before, value=candidate.before.value + offset),
            offset=offset,
            floor=base or 0.0,
        )

    @property
    def published(self) -> float:
        """What the counter shows, in Wh (VAh, varh)."""
        return max(self.last.value, self.floor)

    @property
    def register(self) -> float:
        """What the meter's own register shows, in Wh (VAh, varh)."""
        # Adding the offset and taking it away again leaves a remainder that no register has.
        return round(self.last.value - self.offset, 6)

    def rise_to(self, raw: float) -> float:
        """Return how far a register value is above the last trusted one; negative if below."""
        return raw + self.offset - self.last.value

    def accepts_at_once(self, raw: float, now: float, limits: Limits) -> bool:
        """Return whether a single read may be believed without a second one."""
        highest = self._highest(now, limits.for_single_read, CONSECUTIVE_WITHIN)
        return self.last.value <= raw + self.offset <= highest

    def added_offset(self, candidate: Candidate, limits: Limits) -> float | None:
        """Return what a candidate adds to the offset once it is believed; None if it is not."""
        added = self._added_offset_at(candidate.first, limits) if candidate.confirmed else None
        if added is None and candidate.reads == CONFIRMING_READS:
            # The first read may have been wrong, and the second one correct.
            added = self._added_offset_at(candidate.last, limits)
        return added

    def _added_offset_at(self, sample: Sample, limits: Limits) -> float | None:
        """Return 0 if a confirmed value fits as it is, the modulus if it fits as a rollover."""
        value = sample.value + self.offset
        lowest = min(self.last.value, self.before.value) - limits.resolution
        highest = self._highest(sample.at, limits)
        # A register that steps back count by count must not be followed without end.
        if max(lowest, self.published - limits.reach(CONSECUTIVE_WITHIN)) <= value <= highest:
            return 0.0
        modulus = limits.modulus or math.inf
        rise = value + modulus - self.last.value
        if value + modulus <= highest and 0 <= rise <= modulus * _ROLLOVER_SHARE:
            return modulus
        return None

    def _highest(self, now: float, limits: Limits, longest: float = math.inf) -> float:
        return max(
            limits.highest_after(sample, now, longest) for sample in (self.last, self.before)
        )

    def with_read(self, raw: float, now: float, before: Sample) -> Trusted:
        """Return what is believed after a single read."""
        last = Sample(value=raw + self.offset, at=now)
        return replace(self, last=last, before=before, floor=self.published)

    def with_candidate(self, candidate: Candidate, added_offset: float) -> Trusted:
        """Return what is believed after a candidate, with so much added to the offset."""
        offset = self.offset + added_offset
        return Trusted(
            last=replace(candidate.last, value=candidate.last.value + offset),
            before=replace(candidate.before, value=candidate.before.value + offset),
            offset=offset,
            floor=self.published,
        )
