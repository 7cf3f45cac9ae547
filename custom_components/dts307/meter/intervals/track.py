"""A counter over time: what it stood at when nobody was looking, and how sure that is.

A meter is read when it is read, but a bill asks for midnight. So the readings next to an instant
are kept, and the counter is taken to have moved evenly between them; it was never outside the two.
In the seconds between two polls that is as exact as the register; after an outage it is an
estimate, and the two readings are its bounds. Nothing but readings is kept, so that any other
instant can be asked for later: another billing day, another time zone.

Clocks are set, too. When one goes back, nobody knows yet whether it was wrong before or is now. So
the readings since are a track of their own until that shows, and both are right about the count.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite
from operator import attrgetter
from typing import Any, Final

from ..sample import CONSECUTIVE_WITHIN, Sample

_LASTING_SECONDS: Final = 86400.0
"""A clock that stays behind for this long was wrong before, and is right now."""

type Pairs = Sequence[Sequence[float]]
"""Points as JSON can hold them: time and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value in Wh and its bounds; ``estimated`` if an outage keeps it from being known.

    A bound that is not known is infinite.
    """

    value: float
    lowest: float
    highest: float
    estimated: bool = False

    @classmethod
    def exactly(cls, value: float) -> Estimate:
        """Return a value without a margin."""
        return cls(value=value, lowest=value, highest=value)

    @classmethod
    def at_least(cls, value: float, lowest: float) -> Estimate:
        """Return a value that may be any amount too low."""
        return cls(value=value, lowest=lowest, highest=inf, estimated=True)

    @classmethod
    def guessed(cls, value: float) -> Estimate:
        """Return a value that may be anything."""
        return cls.at_least(value, -inf)

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

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON can hold it, which knows no infinity."""
        return {
            "value": self.value,
            "lowest": self.lowest if isfinite(self.lowest) else None,
            "highest": self.highest if isfinite(self.highest) else None,
            "estimated": self.estimated,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Estimate:
        """Return the estimate that ``as_dict`` described."""
        lowest, highest = stored["lowest"], stored["highest"]
        return cls(
            value=float(stored["value"]),
            lowest=-inf if lowest is None else float(lowest),
            highest=inf if highest is None else float(highest),
            estimated=bool(stored["estimated"]),
        )


def interpolated(before: Sample, after: Sample, at: float) -> Estimate:
    """Return what a counter stood at between two readings, or at one of them.

    A register that has fallen started over, or was set back, at a time that nobody knows: then what
    it was read at before is all that can be said.
    """
    prompt = after.at - before.at <= CONSECUTIVE_WITHIN
    if at <= before.at:
        return Estimate.exactly(before.value)
    if at >= after.at:
        return Estimate.exactly(after.value)
    if after.value < before.value:
        return Estimate.guessed(before.value)
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

    points: tuple[Sample, ...]
    latest: Sample
    behind: Track | None = None
    """the readings since the clock has gone back behind the latest, if it has"""

    @classmethod
    def begun(cls, point: Sample) -> Track:
        """Return a track of one reading."""
        return cls(points=(point,), latest=point)

    @property
    def since(self) -> float:
        """When the counter was first read, in s."""
        return self.points[0].at

    @property
    def newest(self) -> Sample:
        """The reading that came last, by whichever clock."""
        return self.latest if self.behind is None else self.behind.latest

    @property
    def kept(self) -> tuple[Sample, ...]:
        """The readings that are kept for good, also those that wait for the clock to be judged."""
        return self.points if self.behind is None else (*self.points, *self.behind.points)

    def after(self, point: Sample, midnight: float) -> Track:
        """Return the track after a reading; ``midnight`` is the last one before it.

        While the clock is behind the latest reading, time stands still here, as nobody knows yet
        which of the two is right.
        """
        if point.at < self.latest.at:
            return self._with_clock_behind(point, midnight)
        if self.behind is not None and self._was_ahead(self.behind, point.at):
            return self.followed_by(self.behind).after(point, midnight)
        points = self.points
        if self.latest.at < midnight <= point.at:
            points = (*self._kept_with_latest, point)
        return Track(points=points, latest=point)

    def _with_clock_behind(self, point: Sample, midnight: float) -> Track:
        begun = Track.begun(point)
        if self.behind is None:
            behind = begun
        elif point.at < self.behind.latest.at:
            behind = self.behind.followed_by(begun)
        else:
            behind = self.behind.after(point, midnight)
        if point.at - behind.since < _LASTING_SECONDS:
            return replace(self, behind=behind)
        return self.followed_by(behind)

    def _was_ahead(self, behind: Track, now: float) -> bool:
        """Tell which clock was wrong, once the one that was behind has caught up.

        A clock that had gone back wrongly catches up when it is put right, in one leap that is no
        shorter than the way back was. Any other just went on.
        """
        return now - behind.latest.at < self.latest.at - behind.since

    def followed_by(self, other: Track) -> Track:
        """Return the track with another one in place of all that is later than its beginning."""
        earlier = (point for point in self.points if point.at < other.since)
        return Track(points=(*earlier, *other.points), latest=other.latest)

    @property
    def _kept_with_latest(self) -> tuple[Sample, ...]:
        known = self.points[-1] == self.latest
        return self.points if known else (*self.points, self.latest)

    def around(self, at: float) -> tuple[Sample, Sample]:
        """Return the readings that are known next to an instant, which may be the same."""
        place = bisect_right(self.points, at, key=attrgetter("at"))
        before = self.points[max(0, place - 1)]
        after = self.points[place] if place < len(self.points) else self.latest
        return before, after

    def at(self, instant: float, now: float) -> Estimate:
        """Return what the counter stood at, as far as that is known now.

        Before the first reading, that is the first reading.
        """
        if instant >= self.latest.at:
            value = self.newest.value
            # One that has not been believed for longer than a poll or two may have come far.
            late = now - self.latest.at > CONSECUTIVE_WITHIN
            return Estimate.at_least(value, value) if late else Estimate.exactly(value)
        known = interpolated(*self.around(instant), instant)
        if self.behind is None or instant <= self.behind.since:
            return known
        # If the clock is right now, this is still to come.
        return Estimate.at_least(known.value, self.around(self.behind.since)[0].value)

    def between(self, start: float, end: float, now: float) -> Estimate:
        """Return what was counted between two instants, which is never less than nothing."""
        counted = self.at(end, now) - self.at(start, now)
        if counted.value < 0:
            # The counter has fallen, which it does only if what was kept of it got lost.
            return Estimate.at_least(0.0, 0.0)
        return replace(counted, lowest=max(0.0, counted.lowest))

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
        first, *others, latest = map(from_pair, pairs)
        return cls(points=(first, *others), latest=latest)


def as_pair(point: Sample) -> Sequence[float]:
    """Return a reading as JSON can hold it."""
    return [point.at, point.value]


def from_pair(pair: Sequence[float]) -> Sample:
    """Return the reading that ``as_pair`` described."""
    at, value = pair
    return Sample(at=float(at), value=float(value))
