"""What of a simulated year's interval data is wrong, if anything: each check yields it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Final

from custom_components.dts307.meter.intervals import (
    EXPORTED,
    IMPORTED,
    REGISTER,
    Estimate,
    Interval,
    Ledger,
    Quality,
    registers_at,
)

from .house import BERLIN, HOUR, MOST_POWER
from .keeper import BILLING_DAY, QUARTER
from .story import BEGIN, END
from .truth import Truth

COUNTERS: Final = (IMPORTED, EXPORTED)
_ROUNDING: Final = 1e-3
"""Wh that sums of floats may be off"""
_DROPPED: Final = 2.0
"""Wh; a register that is set to zero, and one that is replaced, drop a part of a step each"""

type Wrong = tuple[str, object]
"""What is wrong, and where."""


def _energies(interval: Interval) -> Iterator[tuple[str, Estimate]]:
    """Go through what the counters counted, as far as it is known."""
    for name, counted in ((IMPORTED, interval.imported), (EXPORTED, interval.exported)):
        if counted is not None:
            yield name, counted


def missing(found: Sequence[Interval]) -> Iterator[Wrong]:
    """Check that one interval follows the other from the first poll to the latest."""
    if found[0].start != BEGIN // QUARTER * QUARTER + QUARTER:
        yield "first", found[0]
    if found[-1].end != END // QUARTER * QUARTER:
        yield "last", found[-1]
    for one, other in pairwise(found):
        if one.end != other.start or one.end - one.start != QUARTER:
            yield "seam", (one, other)
    for interval in found:
        if interval.imported is None or interval.exported is None:
            yield "unknown", interval


def wrong_sums(truth: Truth, found: Sequence[Interval]) -> Iterator[Wrong]:
    """Check what was counted from the first border to each one that was read.

    So what was counted between any two of these is true.
    """
    begin = found[0].start
    for place, name in enumerate(COUNTERS):
        sums = accumulate([*_energies(interval)][place][1].value for interval in found)
        for interval, counted in zip(found, sums, strict=True):
            if truth.is_known(interval.end):
                true = truth.counted(name, begin, interval.end)
                slack = truth.slack(name, begin) + truth.slack(name, interval.end) + _DROPPED
                if abs(counted - true) > slack:
                    yield name, (counted - true, interval)


def wrong_bounds(truth: Truth, found: Sequence[Interval]) -> Iterator[Wrong]:
    """Check that the true energy is within the bounds, and near what is called actual.

    A counter is taken to move evenly between two polls, by whole steps. The times of reads by a
    clock that was wrong for long are unknown, as docs/internals/clocks.md says.
    """
    for interval in found:
        start, end = interval.start, interval.end
        for name, counted in _energies(interval):
            true = truth.energy(name, start, end)
            slack = truth.slack(name, start) + truth.slack(name, end)
            if not 0 <= counted.lowest <= counted.value <= counted.highest:
                yield f"{name} value", interval
            if truth.has_wrong_clock(start, end):
                continue
            if not counted.lowest - slack <= true <= counted.highest + slack:
                yield f"{name} bounds", (true, interval)
            if interval.quality is Quality.ACTUAL and abs(counted.value - true) > slack:
                yield f"{name} actual", (true, interval)


def wrong_flags(truth: Truth, found: Sequence[Interval]) -> Iterator[Wrong]:
    """Check that what was read is actual, what was not is estimated, and what was asked, edited.

    Reads that a kill may have taken leave it open, and so do wrong clocks that had been trusted.
    """
    for interval in found:
        start, end = interval.start, interval.end
        is_edited = truth.is_edited(start, end)
        if is_edited != (interval.quality is Quality.EDITED):
            yield "edited", interval
        if is_edited or truth.has_wrong_clock(start, end):
            continue
        expected = interval.quality
        if truth.is_read(start) and truth.is_read(end):
            expected = Quality.ACTUAL
        elif truth.is_unknown(start) or truth.is_unknown(end):
            expected = Quality.ESTIMATED
        if interval.quality is not expected:
            yield expected, interval


def implausible(truth: Truth, found: Sequence[Interval]) -> Iterator[Wrong]:
    """Check that no interval holds more energy than the highest power brings."""
    for interval in found:
        most = MOST_POWER * (interval.end - interval.start) / HOUR
        for name, counted in _energies(interval):
            slack = _ROUNDING
            if interval.quality is Quality.ACTUAL:
                slack += truth.slack(name, interval.start) + truth.slack(name, interval.end)
            if counted.value > most + slack:
                yield name, interval


def unlike_midnights(ledger: Ledger, detailed: Ledger) -> Iterator[Wrong]:
    """Check that bill and interval data know the same of each midnight."""
    now = ledger.now or 0.0
    first = datetime.fromtimestamp(BEGIN, BERLIN).date()
    for day in range(1, 366):
        at = datetime.combine(first + timedelta(days=day), time(), BERLIN).timestamp()
        for name in COUNTERS:
            for track in (name, REGISTER + name):
                shown, kept = (each.tracks[track].at(at, now) for each in (ledger, detailed))
                if shown != kept:
                    yield track, (day, shown, kept)
        if registers_at(ledger, at, now, BERLIN) != registers_at(detailed, at, now, BERLIN):
            yield "registers", day


def wrong_periods(truth: Truth, ledger: Ledger) -> Iterator[Wrong]:
    """Check that the true energy of each billing period is within its bounds."""
    for period in ledger.periods(BERLIN, BILLING_DAY):
        for name, counted in ((IMPORTED, period.imported), (EXPORTED, period.exported)):
            if counted is None:
                yield name, period
                continue
            start = max(BEGIN, period.start.timestamp())
            end = min(truth.last, period.end.timestamp())
            slack = truth.slack(name, start) + truth.slack(name, end) + _DROPPED
            true = truth.energy(name, start, end)
            if not counted.energy.lowest - slack <= true <= counted.energy.highest + slack:
                yield name, (true, period)
