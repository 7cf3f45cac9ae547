"""A counter over time: what it stood at when nobody was looking, and how sure that is.

A meter is read when it is read, but a bill asks for midnight. So the readings next to an instant
are kept, and the counter is taken to have moved evenly between them; it was never outside the two.
In the seconds between two polls that is as exact as the register; after an outage it is an
estimate, and the two readings are its bounds. Nothing but readings is kept, so that any other
instant can be asked for later: another billing day, another time zone.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Final

from .counters import Point

PROMPT_SECONDS: Final = 90.0
"""Readings up to this far apart are two polls in a row: the longest interval, and half again."""

_LASTING_SECONDS: Final = 86400.0
"""A clock that stays behind for this long was wrong before, and is right now."""

type Pairs = Sequence[Sequence[float]]
"""Points as JSON can hold them: time and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value in Wh and its bounds; ``estimated`` if an outage keeps it from being known."""

    value: float
    lowest: float
    highest: float
    estimated: bool = False

    @classmethod
    def exactly(cls, value: float, *, estimated: bool = False) -> Estimate:
        """Return a value without a margin."""
        return cls(value=value, lowest=value, highest=value, estimated=estimated)

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference, whose bounds are as far apart as both together."""
        return Estimate(
            value=self.value - other.value,
            lowest=self.lowest - other.highest,
            highest=self.highest - other.lowest,
            estimated=self.estimated or other.estimated,
        )

    @property
    def positive_part(self) -> Estimate:
        """The value if it is positive, else zero; and zero is certain if nothing else is likely."""
        highest, lowest = max(0.0, self.highest), max(0.0, self.lowest)
        return Estimate(
            value=max(0.0, self.value),
            lowest=lowest,
            highest=highest,
            estimated=self.estimated and lowest < highest,
        )


def interpolated(before: Point, after: Point, at: float) -> Estimate:
    """Return what a counter stood at between two readings, or at one of them.

    A register that has fallen started over, or was set back, at a time that nobody knows: then what
    it was read at before is all that can be said.
    """
    prompt = after.at - before.at <= PROMPT_SECONDS
    if at <= before.at:
        return Estimate.exactly(before.value)
    if at >= after.at:
        return Estimate.exactly(after.value)
    if after.value < before.value:
        return Estimate.exactly(before.value, estimated=True)
    share = (at - before.at) / (after.at - before.at)
    value = before.value + (after.value - before.value) * share
    return Estimate(
        value=min(value, after.value),
        lowest=before.value,
        highest=after.value,
        # A counter that stood still all the time is known, however long that was.
        estimated=not prompt and after.value > before.value,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The first reading of a counter, those around each midnight since, and the latest."""

    points: tuple[Point, ...]
    latest: Point
    behind: float | None = None
    """s; since when the clock has been behind the latest reading, if it is"""

    @classmethod
    def begun(cls, point: Point) -> Track:
        """Return a track of one reading."""
        return cls(points=(point,), latest=point)

    @property
    def since(self) -> float:
        """When the counter was first read, in s."""
        return self.points[0].at

    def after(self, point: Point, midnight: float) -> Track:
        """Return the track after a reading; ``midnight`` is the last one before it.

        While the clock is behind the latest reading, time stands still here, as nobody knows yet
        which of the two is right.
        """
        if point.at <= self.latest.at:
            return self._after_set_back(point)
        points = self.points
        if self.latest.at < midnight <= point.at:
            points = (*self._kept_with_latest, point)
        return Track(points=points, latest=point)

    def _after_set_back(self, point: Point) -> Track:
        behind = point.at if self.behind is None else min(self.behind, point.at)
        if point.at - behind < _LASTING_SECONDS:
            return replace(self, latest=replace(point, at=self.latest.at), behind=behind)
        kept = tuple(earlier for earlier in self.points if earlier.at < behind)
        return Track(points=kept or (point,), latest=point)

    @property
    def _kept_with_latest(self) -> tuple[Point, ...]:
        known = self.points[-1] == self.latest
        return self.points if known else (*self.points, self.latest)

    def around(self, at: float) -> tuple[Point, Point]:
        """Return the readings that are known next to an instant, which may be the same."""
        place = bisect_right(self.points, at, key=attrgetter("at"))
        before = self.points[max(0, place - 1)]
        after = self.points[place] if place < len(self.points) else self.latest
        return before, after

    def at(self, instant: float) -> Estimate:
        """Return what the counter stood at; before the first reading, that reading."""
        if instant >= self.latest.at:
            late = instant - self.latest.at > PROMPT_SECONDS
            return Estimate.exactly(self.latest.value, estimated=late)
        return interpolated(*self.around(instant), instant)

    def between(self, start: float, end: float) -> Estimate:
        """Return what was counted between two instants, which is never less than nothing."""
        counted = self.at(end) - self.at(start)
        return replace(counted, lowest=min(counted.value, max(0.0, counted.lowest)))

    def known_from(self, instant: float) -> Track:
        """Return the track without what is not needed to tell what was from an instant on."""
        first = self.around(instant)[0]
        return replace(self, points=tuple(point for point in self.points if point.at >= first.at))

    def as_pairs(self) -> Pairs:
        """Return the readings as JSON can hold them, the latest at the end."""
        return [as_pair(point) for point in (*self.points, self.latest)]

    @classmethod
    def from_pairs(cls, pairs: Pairs) -> Track:
        """Return the track that ``as_pairs`` described."""
        *points, latest = map(from_pair, pairs)
        return cls(points=tuple(points), latest=latest)


def as_pair(point: Point) -> Sequence[float]:
    """Return a reading as JSON can hold it."""
    return [point.at, point.value]


def from_pair(pair: Sequence[float]) -> Point:
    """Return the reading that ``as_pair`` described."""
    at, value = pair
    return Point(at=at, value=value)
