"""Find the times in which a meter was not read, and what flowed meanwhile.

Two readings that are further apart than polls can be have a gap between them, whether the meter,
its line, the integration or the machine was off. The energy of a gap is the difference of the
totals at its two readings.
"""

from dataclasses import dataclass, replace
from typing import Self

from .clock import RunClock
from .sample import CONSECUTIVE_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals at one reading, in Wh; None is one that was not believed then."""

    imported: float | None = None
    exported: float | None = None

    def since(self, before: Totals) -> Totals:
        """Return what was counted since an earlier reading."""
        return Totals(
            imported=_difference(before.imported, self.imported),
            exported=_difference(before.exported, self.exported),
        )

    def completes(self, before: Totals) -> bool:
        """Return whether all totals are known that were known before."""
        imported = before.imported is None or self.imported is not None
        return imported and (before.exported is None or self.exported is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotals:
    """The totals at the last reading of an earlier run."""

    totals: Totals
    at: float
    """s since 1970"""
    late: float = 0.0
    """s for which the meter may have been read after that: a kill costs what was not stored"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingGap:
    """A time in which a meter was not read, in s since 1970, and what flowed meanwhile."""

    begin: float
    end: float
    energy: Totals
    with_start: bool
    """whether the integration was started meanwhile"""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenGap:
    """A gap that is over, while its energy or its length is not known yet."""

    before: Totals
    after: Totals
    stored: StoredTotals | None
    """the last reading of an earlier run, if the gap began with it"""
    begun: float
    """s of elapsed time; the last reading of this run"""
    answered: float
    """s of elapsed time; the first reading after the gap"""
    read: float
    """s of elapsed time; the reading of ``after``"""

    def is_complete(self, elapsed: float) -> bool:
        """Return whether nothing more can be learned of its energy; ``elapsed`` is in s."""
        late = elapsed - self.answered > CONSECUTIVE_WITHIN
        return late or self.after.completes(self.before)

    def found(self, clock: RunClock) -> ReadingGap:
        """Return the gap by the wall time that it is now."""
        ahead = clock.wall - clock.elapsed
        return ReadingGap(
            begin=self.begun + ahead if self.stored is None else self.stored.at,
            end=self.read + ahead,
            energy=self.after.since(self.before),
            with_start=self.stored is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFinder:
    """The state of the search for gaps, which follows the readings of one run."""

    shortest: float
    """s; two polls that follow each other are never further apart"""
    stored: StoredTotals | None
    latest: Totals | None = None
    """at the latest reading; None before the first of this run"""
    read: float = 0.0
    """s of elapsed time; the latest reading"""
    gap: _OpenGap | None = None

    @classmethod
    def starting(cls, interval: float, stored: StoredTotals | None) -> Self:
        """Return the state at the start of a run; a poll is due every ``interval`` s.

        One poll may fail.
        """
        return cls(shortest=max(CONSECUTIVE_WITHIN, 2.5 * interval), stored=stored)

    def after(self, totals: Totals, clock: RunClock) -> tuple[GapFinder, ReadingGap | None]:
        """Return the state after a reading, and a gap whose energy became known with it.

        A gap over a start is too short, or negative, if the machine began with the time of its
        last shutdown. It is measured again until the clock has settled.
        """
        gap = self._gap_before(totals, clock.elapsed)
        following = replace(self, latest=totals, read=clock.elapsed, gap=None)
        if gap is None:
            return following, None
        if not gap.is_complete(clock.elapsed):
            return replace(following, gap=gap), None
        found = gap.found(clock)
        late = 0.0 if gap.stored is None else gap.stored.late
        if found.seconds > self.shortest + late:
            return following, found
        waits = gap.stored is not None and not clock.is_settled
        return replace(following, gap=gap if waits else None), None

    def _gap_before(self, totals: Totals, elapsed: float) -> _OpenGap | None:
        """Return the gap that ends with a reading, or that is open still."""
        if self.latest is None:
            if self.stored is None:
                return None
            before, begun = self.stored.totals, elapsed
        elif elapsed - self.read > self.shortest:
            before, begun = self.latest, self.read
        elif self.gap is None or self.gap.is_complete(elapsed):
            return self.gap
        else:
            return replace(self.gap, after=totals, read=elapsed)
        return _OpenGap(
            before=before,
            after=totals,
            stored=self.stored if self.latest is None else None,
            begun=begun,
            answered=elapsed,
            read=elapsed,
        )


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
