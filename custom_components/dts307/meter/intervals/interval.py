"""Interval data: the energy of fixed intervals on the local clock, each with a quality flag.

An interval's energy is the counter at its end minus the counter at its start. Across a gap, in
which the meter was not read, the energy of the whole gap is still exact, and how it is spread over
the gap is an estimate. docs/internals/interval-data.md explains why.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from itertools import pairwise

from ..sample import Sample
from .estimate import Estimate
from .ledger import Ledger
from .periods import borders, interval_start
from .seams import SeamedTrack
from .track import EXPORTED, IMPORTED


class Quality(StrEnum):
    """How the energy of an interval is known."""

    ACTUAL = "actual"
    """The counters were read at both ends."""
    ESTIMATED = "estimated"
    """The meter was not read at an end; the energy is a share of what a gap is known to hold."""
    EDITED = "edited"
    """The owner's answer to a question about a counter decided it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalGrid:
    """Where intervals begin and end: they are aligned to the local clock.

    Where the clock is changed by less than their length, one of them is shorter.
    """

    zone: tzinfo
    seconds: float
    """their length, which divides an hour"""

    def start(self, at: float) -> float:
        """Return the start of the interval around an instant in s."""
        return interval_start(at, self.zone, self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The time between two reads of a counter that are no consecutive polls."""

    channel: str
    """the counter's name: IMPORTED or EXPORTED"""
    before: Sample
    after: Sample

    @property
    def energy(self) -> float:
        """Wh that were counted in the gap; exact, and never negative."""
        return max(0.0, self.after.value - self.before.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The energy of one interval, in Wh."""

    start: float
    """s since 1970"""
    end: float
    imported: Estimate | None
    exported: Estimate | None
    """energy, or None if the meter does not count it, did not yet, or it is not known yet"""
    quality: Quality


type Progress = Callable[[float], float]
"""The share of a gap's energy that had flowed by an instant in s: from 0 at its start to 1 at its
end, and never falling."""

type Spread = Callable[[Gap], Progress]
"""How the energy of a gap is spread over it."""


def evenly(gap: Gap) -> Progress:
    """Return the progress of a gap whose energy flowed evenly."""
    length = gap.after.at - gap.before.at

    def progress(at: float) -> float:
        return (at - gap.before.at) / length

    return progress


def intervals(
    ledger: Ledger, start: float, end: float, grid: IntervalGrid, spread: Spread = evenly
) -> Sequence[Interval]:
    """Return the whole intervals between two instants in s, as far as a counter knows them."""
    counters = filled_counters(ledger, spread)
    return intervals_between(counters, borders(start, end, grid.zone, grid.seconds))


def intervals_between(
    counters: Mapping[str, FilledCounter], instants: Iterable[float]
) -> Sequence[Interval]:
    """Return the intervals between consecutive instants in s, as far as a counter knows them."""
    found = []
    for begin, finish in pairwise(instants):
        energies = {name: each.energy(begin, finish) for name, each in counters.items()}
        known = [energy for energy in energies.values() if energy is not None]
        if known:
            is_edited = any(each.is_edited(begin, finish) for each in counters.values())
            found.append(
                Interval(
                    start=begin,
                    end=finish,
                    imported=energies.get(IMPORTED),
                    exported=energies.get(EXPORTED),
                    quality=_quality(known, is_edited=is_edited),
                )
            )
    return found


class FilledCounter:
    """One counter of a ledger, whose gaps are filled by a spread."""

    def __init__(self, ledger: Ledger, name: str, spread: Spread) -> None:
        """Take the counter by its name."""
        self.name = name
        self._ledger = ledger
        self._seamed = SeamedTrack(ledger.tracks[name], ledger.seams)
        self._track = self._seamed.track
        self._spread = spread
        self._now = ledger.now or self._track.latest.at
        self._progress: dict[Sample, Progress] = {}
        self._edits = [
            (before.at, after.at)
            for at, _ in (*ledger.edited, *ledger.unread)
            for before, after in [self._track.across(at)]
        ]

    @property
    def since(self) -> float:
        """When the counter was first read, in s."""
        return self._track.since

    @property
    def until(self) -> float:
        """When the counter was last read, in s."""
        return self._track.latest.at

    def energy(self, start: float, end: float) -> Estimate | None:
        """Return what was counted between two instants; None if it is not known, or not yet."""
        track = self._track
        if start < track.since or end > track.latest.at:
            return None
        counted = self._ledger.energy_of(track, start, end, self._now)
        counted = self._seamed.doubted(counted, start, end)
        if not counted.estimated:
            return counted
        value = self.value(end) - self.value(start)
        return replace(counted, value=min(max(value, counted.lowest), counted.highest))

    def is_edited(self, start: float, end: float) -> bool:
        """Return whether an answer of the owner decided what was counted between two instants."""
        return any(begin < end and start < finish for begin, finish in self._edits)

    def value(self, at: float) -> float:
        """Return the counter at an instant in s, from its first to its latest read, in Wh."""
        known = self._track.at(at, self._now)
        if not known.estimated or at >= self.until:
            return known.value
        before, after = self._track.around(at)
        gap = Gap(channel=self.name, before=before, after=after)
        if before not in self._progress:
            self._progress[before] = self._spread(gap)
        return before.value + gap.energy * self._progress[before](at)


def counter_at_borders(  # noqa: PLR0913 - it is asked like intervals
    ledger: Ledger,
    name: str,
    start: float,
    end: float,
    *,
    grid: IntervalGrid,
    spread: Spread = evenly,
) -> Sequence[Sample]:
    """Return a counter at the borders of intervals between two instants in s, as far as known.

    Raises KeyError if there is no such counter.
    """
    counter = FilledCounter(ledger, name, spread)
    first, last = max(start, counter.since), min(end, counter.until)
    return [
        Sample(value=counter.value(at), at=at)
        for at in borders(first, last, grid.zone, grid.seconds)
    ]


def filled_counters(ledger: Ledger, spread: Spread) -> Mapping[str, FilledCounter]:
    """Return the counters of a ledger by their name."""
    return {
        name: FilledCounter(ledger, name, spread)
        for name in (IMPORTED, EXPORTED)
        if name in ledger.tracks
    }


def _quality(energies: Sequence[Estimate], *, is_edited: bool) -> Quality:
    if is_edited:
        return Quality.EDITED
    estimated = any(energy.estimated for energy in energies)
    return Quality.ESTIMATED if estimated else Quality.ACTUAL
