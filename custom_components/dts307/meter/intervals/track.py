"""A counter over time: what it was at any instant, and how certain that is.

The reads next to each midnight are kept, and in between the counter is taken to move evenly. Across
an outage the result is an estimate whose bounds are the two reads. When the clock goes back, it
is unknown which clock value was wrong. So the reads since then are a second, provisional track
until that shows. docs/internals/clocks.md explains why.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from ..phases import PARTS, PHASES, TOTAL
from ..sample import CONSECUTIVE_WITHIN, Sample
from .estimate import Estimate, interpolated

IMPORTED: Final = "imported"
EXPORTED: Final = "exported"
REGISTER: Final = "register_"
SEEN: Final = "seen"
"""The track of the meter's responses. It counts nothing, and goes on while no total is believed."""

PART_TRACKS: Final = {
    part: {name: name if part == TOTAL else f"{name}_{part}" for name in (IMPORTED, EXPORTED)}
    for part in PARTS
}
"""The tracks of the two counters of the total and of each phase."""

PHASE_TRACKS: Final = tuple(track for phase in PHASES for track in PART_TRACKS[phase].values())
"""Tracks that are kept around the borders of intervals only: phases have no bill."""

_CLOCK_SETTLED_AFTER: Final = 86400.0
"""s; a clock that stays behind for this long was wrong before, and is right now."""

type Samples = Mapping[str, Sample]
"""The totals at one time, counters and registers, by the name of their track."""

type Tracks = Mapping[str, Track]

type Pairs = Sequence[Sequence[float]]
"""Samples as JSON holds them: time in s and value in Wh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The first read of a counter, those around each midnight since, and the latest.

    All of them are in the order of their time.
    """

    samples: tuple[Sample, ...]
    latest: Sample
    provisional: Track | None = None
    """the reads since the clock went back behind the latest, if it did"""

    @classmethod
    def starting_with(cls, sample: Sample) -> Track:
        """Return a track of one read."""
        return cls(samples=(sample,), latest=sample)

    @property
    def since(self) -> float:
        """When the counter was first read, in s."""
        return self.samples[0].at

    @property
    def newest(self) -> Sample:
        """The read that came last, by whichever clock."""
        return self.latest if self.provisional is None else self.provisional.latest

    @property
    def kept(self) -> tuple[Sample, ...]:
        """The reads that are kept for good, including the provisional ones."""
        return (
            self.samples if self.provisional is None else (*self.samples, *self.provisional.samples)
        )

    def after(self, sample: Sample, boundary: float) -> Track:
        """Return the track after a read; around the ``boundary`` in s, reads are kept.

        It is the last midnight, or the first read of another meter if that was later.

        While the clock is behind the latest read, this track stops: it is not known yet which of
        the two clock values is right.
        """
        if sample.at < self.latest.at:
            return self._with_clock_behind(sample, boundary)
        if self.provisional is not None and self._was_ahead(self.provisional, sample.at):
            return self.replaced_from(self.provisional).after(sample, boundary)
        samples = self.samples
        if self.latest.at < boundary <= sample.at:
            samples = (*self._kept_with_latest, sample)
        return Track(samples=samples, latest=sample)

    def _with_clock_behind(self, sample: Sample, boundary: float) -> Track:
        single = Track.starting_with(sample)
        if self.provisional is None:
            provisional = single
        elif sample.at < self.provisional.latest.at:
            provisional = self.provisional.replaced_from(single)
        else:
            provisional = self.provisional.after(sample, boundary)
        if sample.at - provisional.since < _CLOCK_SETTLED_AFTER:
            return replace(self, provisional=provisional)
        return self.replaced_from(provisional)

    def _was_ahead(self, provisional: Track, now: float) -> bool:
        """Return whether the earlier clock was wrong, now that the later one has caught up.

        A clock that went back wrongly catches up when it is put right, in one leap that is no
        shorter than the step back. Any other clock catches up by simply continuing.
        """
        return now - provisional.latest.at < self.latest.at - provisional.since

    def replaced_from(self, other: Track) -> Track:
        """Return the track with another one in place of all that is later than its start."""
        earlier = (sample for sample in self.samples if sample.at < other.since)
        return Track(samples=(*earlier, *other.samples), latest=other.latest)

    @property
    def _kept_with_latest(self) -> tuple[Sample, ...]:
        is_kept = self.samples[-1] == self.latest
        return self.samples if is_kept else (*self.samples, self.latest)

    def around(self, at: float) -> tuple[Sample, Sample]:
        """Return the known reads next to an instant, which may be the same."""
        place = bisect_right(self.samples, at, key=attrgetter("at"))
        before = self.samples[max(0, place - 1)]
        after = self.samples[place] if place < len(self.samples) else self.latest
        return before, after

    def across(self, at: float) -> tuple[Sample, Sample]:
        """Return the last known read before an instant, and the first one since then."""
        place = bisect_left(self.samples, at, key=attrgetter("at"))
        before = self.samples[max(0, place - 1)]
        after = self.samples[place] if place < len(self.samples) else self.latest
        return before, after

    def at(self, instant: float, now: float) -> Estimate:
        """Return what the counter was at an instant, as far as that is known ``now``.

        Before the first read, that is the first read.
        """
        if instant >= self.latest.at:
            value = self.newest.value
            # A counter that has not been believed for longer than a poll or two may have moved far.
            outdated = now - self.latest.at > CONSECUTIVE_WITHIN
            return Estimate.at_least(value, value) if outdated else Estimate.exactly(value)
        known = interpolated(*self.around(instant), instant)
        if self.provisional is None or instant <= self.provisional.since:
            return known
        # If the clock is right now, this instant is still in the future.
        return Estimate.at_least(known.value, self.around(self.provisional.since)[0].value)

    def between(self, start: float, end: float, now: float) -> Estimate:
        """Return what was counted between two instants, in Wh and never negative."""
        counted = self.at(end, now) - self.at(start, now)
        if counted.value >= 0 and counted.lowest >= 0:
            return counted
        if counted.value < 0:
            # A published counter only falls if what was stored of it got lost.
            return Estimate.at_least(0.0, 0.0)
        return replace(counted, lowest=max(0.0, counted.lowest))

    def known_from(self, instant: float) -> Track:
        """Return the track without the reads that only matter before an instant."""
        first = self.around(instant)[0]
        samples = tuple(sample for sample in self.samples if sample.at >= first.at)
        return replace(self, samples=samples)

    def as_pairs(self) -> Pairs:
        """Return the reads as JSON holds them, the latest at the end."""
        return [as_pair(sample) for sample in (*self.samples, self.latest)]

    @classmethod
    def from_pairs(cls, pairs: Pairs) -> Track:
        """Return the track that ``as_pairs`` described, without the provisional one.

        Raises:
            TypeError, ValueError: it is not such a track.
        """
        first, *others, latest = map(from_pair, pairs)
        return cls(samples=(first, *others), latest=latest)


def continued(tracks: Tracks, samples: Samples, boundary: Callable[[float], float]) -> Tracks:
    """Return the tracks after a reading.

    ``boundary`` returns, for an instant in s, the last one around which reads are kept.
    """
    after = dict(tracks)
    for name, sample in samples.items():
        track = tracks.get(name)
        if track is None:
            after[name] = Track.starting_with(sample)
        else:
            after[name] = track.after(sample, boundary(sample.at))
    return after


def caught_up(tracks: Tracks, others: Tracks, boundary: Callable[[float], float]) -> Tracks:
    """Return the tracks with the newer reads that ``others`` of the same names have.

    While it is unknown which of two clocks was wrong, it is unknown which reads are newer.
    """
    after = dict(tracks)
    for name in tracks.keys() & others.keys():
        track, other = tracks[name], others[name]
        if track.provisional is None and other.provisional is None:
            for read in (*other.samples, other.latest):
                if read.at > track.latest.at:
                    track = track.after(read, boundary(read.at))
            after[name] = track
    return after


def kept(tracks: Tracks) -> Mapping[str, tuple[Sample, ...]]:
    """Return the reads of each track that are kept for good."""
    return {name: track.kept for name, track in tracks.items()}


def newer_than(tracks: Tracks, samples: Samples) -> Samples:
    """Return those samples that are newer than what the tracks hold."""
    return {
        name: sample
        for name, sample in samples.items()
        if name not in tracks or sample.at > tracks[name].newest.at
    }


def as_pair(sample: Sample) -> Sequence[float]:
    """Return a sample as JSON holds it: time in s and value in Wh."""
    return [sample.at, sample.value]


def from_pair(pair: Sequence[float]) -> Sample:
    """Return the sample that ``as_pair`` described.

    Raises:
        TypeError, ValueError: it is not such a pair.
    """
    at, value = pair
    return Sample(at=float(at), value=float(value))
