"""Where a clock went back, and how far intervals that contain such an instant may be wrong.

If the clock was ahead before it went back, the energy of the time that it was ahead by has flowed
twice for the track: hours of energy meet in the seconds around the seam. docs/internals/clocks.md
explains what follows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from typing import Final

from ..sample import Sample
from .estimate import Estimate, interpolated
from .track import Samples, Track, Tracks

_MOST_SEAMS: Final = 200
"""A clock that goes back every minute must not fill the disk."""

_LONGEST_UNREAD: Final = 86400.0
"""s; for so long the meter may not have been read when the clock went back. By this time, the clock
was ahead by more than the step back that was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """One step back of the clock."""

    at: float
    """s; the first read since then, by the clock that went back"""
    step: float
    """s; by so much, and the time since the read before, the clock was ahead"""
    since: float
    """s; the reads from here to the seam are taken for those of a clock that was ahead"""

    def as_list(self) -> Sequence[float]:
        """Return the seam as JSON holds it."""
        return astuple(self)


type Seams = tuple[Seam, ...]


def with_seams(seams: Seams, tracks: Tracks, samples: Samples) -> Seams:
    """Return the seams after a reading; ``tracks`` are those before it.

    Whether the clock was wrong before or is now, the tracks will show.
    """
    new = {
        _seam(tracks[name], sample)
        for name, sample in samples.items()
        if name in tracks and sample.at < tracks[name].newest.at
    }
    return (*seams, *sorted(new, key=lambda seam: seam.at))[-_MOST_SEAMS:] if new else seams


def _seam(track: Track, sample: Sample) -> Seam:
    """Return the seam before a read whose time is before that of the newest one.

    While a clock leaps ahead, no read gets the time that it leaps over. So where the track has no
    such gap, all its reads are from before the leap, and none is doubted.
    """
    step = track.newest.at - sample.at
    before = sorted({read.at for read in track.kept if read.at < sample.at})
    has_leapt = any(later - earlier >= step for earlier, later in pairwise(before))
    return Seam(at=sample.at, step=step, since=sample.at - step if has_leapt else sample.at)


def widened(seams: Seams, start: float, end: float) -> tuple[float, float]:
    """Return the span between two instants in s with the seams that it touches as a whole."""
    touched = [seam for seam in seams if seam.since <= end and start <= seam.at]
    starts, ends = (seam.since for seam in touched), (seam.at for seam in touched)
    return min([start, *starts]), max([end, *ends])


class SeamedTrack:
    """A track whose reads are left out where they are doubted."""

    def __init__(self, track: Track, seams: Seams) -> None:
        """Take the seams of which the track has the read; at the others, the clock was wrong."""
        read_at = {read.at for read in track.samples}
        self._read = track
        self._seams = [seam for seam in seams if seam.at in read_at]
        self.track = self._without_doubted()

    def _without_doubted(self) -> Track:
        if not self._seams:
            return self._read
        first, *others = self._read.samples
        samples = (first, *(read for read in others if not self._is_doubted(read)))
        return replace(self._read, samples=samples)

    def _is_doubted(self, read: Sample) -> bool:
        return any(seam.since <= read.at < seam.at for seam in self._seams)

    def doubted(self, counted: Estimate, start: float, end: float) -> Estimate:
        """Return what was counted between two instants, with what seams make of its bounds."""
        excess = sum(self._excess(seam, start) for seam in self._within(start, end))
        if excess <= 0:
            return counted
        return replace(counted, lowest=max(0.0, counted.lowest - excess), estimated=True)

    def _within(self, start: float, end: float) -> Iterator[Seam]:
        for seam in self._seams:
            before, after = self.track.across(seam.at)
            if start < after.at and before.at < end:
                yield seam

    def _excess(self, seam: Seam, start: float) -> float:
        """Return the most Wh that were counted by the true time ``start``, but not by the read one.

        That is what was counted while the time by which the clock was ahead passed.
        """
        passed = min(start + seam.step + _LONGEST_UNREAD, seam.at)
        later = interpolated(*self._read.around(passed), passed)
        return later.highest - interpolated(*self._read.around(start), start).lowest


def seams_from(stored: Iterable[tuple[float, float, float]]) -> Seams:
    """Return the seams that ``as_list`` described."""
    return tuple(Seam(at=at, step=step, since=since) for at, step, since in stored)
