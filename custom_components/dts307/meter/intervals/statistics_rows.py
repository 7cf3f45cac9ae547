"""The hourly rows of a counter's statistics, and what outages left wrong in them.

Home Assistant adds a row to its statistics for each hour: the state at the end of the hour, and the
sum of what has been counted since the statistics began. For an hour without reads it has no row,
or one that repeats an earlier state. Then the whole outage is booked in the hour of the next
reading. docs/outages.md describes what is done about that.

State and sum differ by an offset. So a missing row follows from what the counter was at the end of
its hour. Rows are only changed between two that are right and have the same offset. All other rows
stay as they are, because sums are absolute.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .interval import FilledCounter, IntervalGrid, Spread, evenly
from .ledger import Ledger
from .periods import HOUR, interval_start
from .track import Track

_MEASURED_WITHIN: Final = 300.0
"""s; an hour counts as measured if the meter was read this shortly before its end. The row of an
hour is that of its last five minutes."""

_WRITTEN_WITHIN: Final = 900.0
"""s; the state in the row of a measured hour was read this shortly before its end. It is more than
five minutes because reads are kept at the borders of intervals only."""

ROUNDING: Final = 1e-3
"""Wh, or of a currency, that differences of large floats may be off; no register is that fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The statistics of one hour, in the unit of the counter."""

    start: float
    """s since 1970"""
    state: float
    sum: float

    @property
    def offset(self) -> float:
        """How far the state is ahead of the sum."""
        return self.state - self.sum


@dataclass(frozen=True, slots=True, kw_only=True)
class HourEnd:
    """What a counter was at the end of an hour, and which states are plausible in its row."""

    end: float
    """s since 1970"""
    counter: float
    lowest: float
    """what was read before the last minutes of a measured hour"""
    highest: float
    """what was read after the hour"""
    measured: bool
    """whether the meter was read shortly before the end of the hour"""

    @property
    def start(self) -> float:
        """When the hour began, in s since 1970."""
        return self.end - HOUR

    def fits(self, row: Row) -> bool:
        """Return whether the row of this hour is right.

        The counter was no lower at the end of the hour than in its row. But if the row of an hour
        that was not measured shows the state after the outage, the clock was wrong.
        """
        if self.measured:
            return row.state >= self.lowest - ROUNDING
        if abs(row.state - self.counter) <= ROUNDING:
            return True
        return self.counter < row.state < self.highest - ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """The rows that one outage left wrong."""

    rows: Sequence[Row]
    """as they should be"""
    replaced: Sequence[Row]
    """as they are; a missing row repeats the one before it"""


def hour_ends(
    ledger: Ledger,
    name: str,
    span: tuple[float, float],
    grid: IntervalGrid,
    spread: Spread = evenly,
) -> Sequence[HourEnd]:
    """Return the hours that end within a span in s, as far as a counter is known then.

    ``grid`` is that of the reads that are kept.
    """
    start, end = span
    if (track := ledger.tracks.get(name)) is None:
        return ()
    counter = FilledCounter(ledger, name, spread)
    known_until = track.latest.at if track.provisional is None else track.provisional.since
    first = ceil(max(start, track.since) / HOUR)
    last = floor(min(end, known_until) / HOUR)
    return tuple(
        _hour_end(track, counter, number * HOUR, grid) for number in range(first, last + 1)
    )


def _hour_end(track: Track, counter: FilledCounter, at: float, grid: IntervalGrid) -> HourEnd:
    before, after = track.around(at)
    if interval_start(at, grid.zone, grid.seconds) == at:
        measured = at - before.at <= _MEASURED_WITHIN
    else:
        # Statistics know hours of UTC only. In some zones, no read is kept around their ends.
        measured = not _is_outage(before, after, grid)
    read, next_read = track.around(at - _WRITTEN_WITHIN)
    return HourEnd(
        end=at,
        counter=counter.value(at),
        lowest=next_read.value if _is_outage(read, next_read, grid) else read.value,
        highest=after.value,
        measured=measured,
    )


def _is_outage(before: Sample, after: Sample, grid: IntervalGrid) -> bool:
    """Return whether two reads are farther apart than those that are kept."""
    return after.at - before.at > grid.seconds + 2 * CONSECUTIVE_WITHIN


def refills(
    hours: Iterable[HourEnd], rows: Mapping[float, Row]
) -> tuple[Sequence[Refill], float | None]:
    """Return what outages left wrong, and the end of the last hour whose row is right.

    ``rows`` are by their start. An outage is only filled in once there is a right row after it. If
    state and sum have moved by different amounts, the owner adjusted the sum, and it is left alone.
    """
    found: list[Refill] = []
    before: Row | None = None
    wrong: list[HourEnd] = []
    checked = None
    for hour in hours:
        row = rows.get(hour.start)
        if row is None or not hour.fits(row):
            wrong.append(hour)
            continue
        if wrong and before is not None:
            booked = [rows[each.start] for each in wrong if each.start in rows]
            if _is_untouched([before, *booked, row]):
                found.append(_refill(before, wrong, row, rows))
        before, wrong, checked = row, [], hour.end
    return found, checked


def _is_untouched(rows: Sequence[Row]) -> bool:
    """Return whether state and sum have moved alike, and never back over the whole time."""
    offset = rows[0].offset
    alike = all(abs(row.offset - offset) <= ROUNDING for row in rows)
    return alike and rows[0].state <= rows[-1].state


def _refill(before: Row, hours: Iterable[HourEnd], after: Row, rows: Mapping[float, Row]) -> Refill:
    written: list[Row] = []
    replaced: list[Row] = []
    right = shown = before
    for hour in hours:
        state = min(max(right.state, hour.counter), after.state)
        total = min(max(right.sum, state - before.offset), after.sum)
        right = Row(start=hour.start, state=state, sum=total)
        shown = rows.get(hour.start) or replace(shown, start=hour.start)
        written.append(right)
        replaced.append(shown)
    return Refill(rows=tuple(written), replaced=tuple(replaced))
