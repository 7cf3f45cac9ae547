"""Gaps in a counter, and the households and the sun that a gap hides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED, Estimate
from custom_components.dts307.meter.intervals.interval import Gap, Interval, Progress, Quality
from custom_components.dts307.meter.sample import Sample

HOUR = 3600.0
DAY = 24 * HOUR
QUARTER = 900.0

BERLIN = ZoneInfo("Europe/Berlin")
type Household = Callable[[datetime], float]
"""The power in W at a local time."""


def instant(local: str, zone: ZoneInfo = BERLIN) -> float:
    """Return the instant of a local time of 2026, such as ``03-29 12:00``."""
    return datetime.fromisoformat(f"2026-{local}").replace(tzinfo=zone).timestamp()


def gap_of(start: float, end: float, energy: float, channel: str = IMPORTED) -> Gap:
    before = Sample(value=5_000_000.0, at=start)
    return Gap(channel=channel, before=before, after=Sample(value=5_000_000.0 + energy, at=end))


def interval(
    start: float,
    energy: float,
    *,
    length: float = QUARTER,
    channel: str = IMPORTED,
    quality: Quality = Quality.ACTUAL,
) -> Interval:
    counted = Estimate.exactly(energy)
    return Interval(
        start=start,
        end=start + length,
        imported=counted if channel == IMPORTED else None,
        exported=counted if channel == EXPORTED else None,
        quality=quality,
    )


def lived(
    household: Household,
    during: tuple[float, float],
    zone: ZoneInfo = BERLIN,
    *,
    length: float = QUARTER,
    channel: str = IMPORTED,
) -> list[Interval]:
    """Return the intervals of a household whose power changes at most each quarter hour."""
    start, end = during
    first, last = int(-(-start // length)), int(end // length)
    return [
        interval(
            at,
            household(datetime.fromtimestamp(at, zone)) * length / HOUR,
            length=length,
            channel=channel,
        )
        for at in (number * length for number in range(first, last))
    ]


def energy_between(gap: Gap, progress: Progress, start: float, end: float) -> float:
    return gap.energy * (progress(end) - progress(start))


def parts_of(gap: Gap, length: float = QUARTER) -> Iterator[tuple[float, float]]:
    """Go through the parts of a gap's intervals that are in the gap."""
    start, end = gap.before.at, gap.after.at
    borders = [
        number * length for number in range(int(start // length) + 1, int(end // length) + 1)
    ]
    return pairwise([start, *(each for each in borders if start < each < end), end])


@dataclass(frozen=True, kw_only=True)
class Sun:
    """A sun that is up for some hours from the same time of each UTC day on."""

    rises: float
    hours: float

    def __call__(self, start: float, end: float) -> float:
        """Return the share of a time within a day in which the sun is up; 0 of no time."""
        if start == end:
            return 0
        rise = (start // DAY - 1) * DAY + self.rises * HOUR
        days = (rise + number * DAY for number in range(4))
        lit = (min(end, up + self.hours * HOUR) - max(start, up) for up in days)
        return sum(max(0.0, each) for each in lit) / (end - start)

    def hours_in(self, gap: Gap) -> float:
        """Return how many hours of a gap it is up."""
        return sum(self(start, end) * (end - start) / HOUR for start, end in parts_of(gap))
