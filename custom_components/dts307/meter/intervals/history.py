"""The reads around the borders of intervals: the latest days in memory, three years in a file.

The file holds what the tracks in memory kept, also when the clock went back and a part of them was
replaced. So the rules about clocks are those of the tracks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from ..phases import TOTAL
from ..sample import Sample
from .ledger import Ledger
from .track import PART_TRACKS, Track, Tracks

RECENT: Final = 3 * 86400.0
"""s before the latest read, of which reads are held in memory. A clock that went back is decided
within a day."""

HELD: Final = 3 * 366 * 86400.0
"""s before the latest stored read, of which reads are stored: three years."""

_READS_PER_BORDER: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackChange:
    """What changes in the stored reads of one track."""

    name: str
    provisional: bool
    """whether it concerns the reads since the clock went back"""
    since: float
    """s; all stored reads from here on are replaced"""
    samples: Sequence[Sample]
    """by these"""


def storable(stored: Tracks, tracks: Tracks) -> Tracks:
    """Return the tracks that are to be in the file, given those that are.

    A track that was read only once has no interval, and can wait.
    """
    return {name: track for name, track in tracks.items() if name in stored or len(track.kept) > 1}


def track_changes(before: Tracks, after: Tracks) -> Sequence[TrackChange]:
    """Return what changes in the file, if it holds what ``before`` kept, and more of earlier days.

    There are no fewer tracks than before.
    """
    return [
        change
        for name, track in after.items()
        for change in _changes_of(name, before.get(name), track)
    ]


def _changes_of(name: str, before: Track | None, after: Track) -> Iterator[TrackChange]:
    settled = () if before is None else before.samples
    # What is missing at the start has only been dropped from memory.
    known = [sample for sample in settled if sample.at >= after.samples[0].at]
    same = _common(known, after.samples)
    changed = [*known[same:], *after.samples[same:]]
    if changed:
        since = min(sample.at for sample in changed)
        yield TrackChange(name=name, provisional=False, since=since, samples=after.samples[same:])
    former, provisional = _provisional(before), _provisional(after)
    # If the file could not be read, what it holds of an earlier step of the clock is void.
    if before is None or former != provisional:
        yield TrackChange(name=name, provisional=True, since=-inf, samples=provisional)


def _provisional(track: Track | None) -> Sequence[Sample]:
    return () if track is None or track.provisional is None else track.provisional.samples


def _common(some: Sequence[Sample], others: Sequence[Sample]) -> int:
    """Return with how many equal samples both begin."""
    pairs = zip(some, others, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other),
        min(len(some), len(others)),
    )


def trimmed(tracks: Tracks) -> Tracks:
    """Return the tracks with the reads of the latest days."""
    return {name: track.known_from(track.latest.at - RECENT) for name, track in tracks.items()}


def most_reads(interval: float) -> int:
    """Return how many reads are stored whatever their age: those around the borders of three years.

    By their age alone, all would look old once a clock was far ahead.
    """
    return int(_READS_PER_BORDER * HELD / interval)


def tracks_of(reads: Iterable[tuple[bool, str, Sample]]) -> Tracks:
    """Return the tracks for stored reads in the order of their time, each with its track's name.

    The flag says whether it is provisional.
    """
    samples: dict[tuple[bool, str], list[Sample]] = {}
    for provisional, name, sample in reads:
        samples.setdefault((provisional, name), []).append(sample)
    behind = {
        name: Track(samples=tuple(kept), latest=kept[-1])
        for (provisional, name), kept in samples.items()
        if provisional
    }
    return {
        name: Track(samples=tuple(kept), latest=kept[-1], provisional=behind.get(name))
        for (provisional, name), kept in samples.items()
        if not provisional
    }


def joined(earlier: Tracks, recent: Tracks) -> Tracks:
    """Return the recent tracks, with the earlier reads of others in front."""
    tracks = dict(earlier)
    for name, track in recent.items():
        first = track.samples[0].at
        if name in earlier:
            older = (sample for sample in earlier[name].samples if sample.at < first)
            tracks[name] = replace(track, samples=(*older, *track.samples))
        else:
            tracks[name] = track
    return tracks


def with_tracks(ledger: Ledger, tracks: Tracks) -> Ledger:
    """Return a ledger that knows the reads around the borders of intervals.

    Before the first of them, it still knows the reads around midnights.
    """
    return replace(ledger, tracks=joined(ledger.tracks, tracks))


def part_ledger(ledger: Ledger, part: str) -> Ledger:
    """Return a ledger of the two counters of the total, or of a phase as if they were the totals.

    So the rules about totals are those about phases.
    """
    tracks = {
        name: ledger.tracks[track]
        for name, track in PART_TRACKS[part].items()
        if track in ledger.tracks
    }
    edited = tuple(edit for edit in ledger.edited if edit[1] == part)
    seams = ledger.seams if part == TOTAL else ledger.phase_seams.get(part, ())
    return replace(ledger, tracks=tracks, edited=edited, seams=seams)
