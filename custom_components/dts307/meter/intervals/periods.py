"""Where days, billing periods and demand intervals begin on the local clock.

A day has 23 or 25 hours where the clock is changed. Where it is changed at midnight, the day begins
at one o'clock. Instants are Unix times in s.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

HOUR: Final = 3600.0
"""s"""
_MINUTE: Final = 60.0
"""s; clocks are changed at whole minutes."""


def local_day(at: float, zone: tzinfo) -> date:
    """Return the date at an instant."""
    return datetime.fromtimestamp(at, zone).date()


@lru_cache(maxsize=64)
def local_midnight(day: date, zone: tzinfo) -> float:
    """Return the instant at which a day begins.

    If the clock skips midnight, it is the instant of the skip; if midnight repeats, the first one.
    """
    return datetime.combine(day, time(), zone).timestamp()


def billing_date(day: date, billing_day: int) -> date:
    """Return the last billing date up to a day; in a month that is too short, its last day."""
    this_month = _in_month(day, billing_day)
    return this_month if this_month <= day else _in_month(_month_before(day), billing_day)


def next_billing_date(current: date, billing_day: int) -> date:
    """Return the billing date after another one; in a month that is too short, its last day."""
    # 31 days after the first of a month is always in the next month.
    return _in_month(current.replace(day=1) + timedelta(days=31), billing_day)


def interval_start(at: float, zone: tzinfo, seconds: float) -> float:
    """Return the start of the interval around an instant; ``seconds`` divide an hour."""
    offset = _offset(at, zone)
    return (at + offset) // seconds * seconds - offset


def latest_border(at: float, zone: tzinfo, seconds: float) -> float:
    """Return the latest border of intervals up to an instant.

    It is the start of an interval, or a change of the clock by a part of their length.
    """
    border = interval_start(at, zone, seconds)
    while _offset(border, zone) != _offset(at, zone):
        border += _MINUTE
    return border


def borders(start: float, end: float, zone: tzinfo, seconds: float) -> Iterator[float]:
    """Yield the borders of intervals from one instant to another, both included.

    Where the local clock is changed by a part of the length, an interval is shorter.
    """
    at = latest_border(start, zone, seconds)
    while at <= end:
        if at >= start:
            yield at
        at = latest_border(at + seconds, zone, seconds)


def touched(start: float, end: float, zone: tzinfo, seconds: float) -> tuple[float, float]:
    """Return from when to when the intervals last that a time from ``start`` to ``end`` touches."""
    finish = next(borders(end, end + seconds, zone, seconds))
    return latest_border(start, zone, seconds), finish


def _offset(at: float, zone: tzinfo) -> float:
    """Return how far the local clock is ahead of UTC at an instant, in s."""
    return (datetime.fromtimestamp(at, zone).utcoffset() or timedelta()).total_seconds()


def _in_month(day: date, billing_day: int) -> date:
    return day.replace(day=min(billing_day, monthrange(day.year, day.month)[1]))


def _month_before(day: date) -> date:
    return day.replace(day=1) - timedelta(days=1)
