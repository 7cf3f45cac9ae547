"""How the clock of a time zone is changed in the course of a year.

Green Button states that as rules, NEM12 needs the standard time. Instants are in s since 1970.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_STEP: Final = 7 * 86400
"""s; between two changes of a clock is more than a week."""

_YEARS: Final = 12
"""In so many years in a row, every date of a month falls on every day of the week."""

_CHANGES: Final = 2
"""a year, where the clock is changed by a rule"""

_ON_OR_AFTER: Final = 1
_FIRST: Final = 2
_LAST: Final = 7
"""Operators of ESPI's DstRuleType: the first to fifth of a weekday in a month are 2 to 6."""

NO_RULE: Final = 0xFFFFFFFF
"""ESPI's rule for a clock that is not changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRules:
    """The rules by which the clock of a time zone is changed, as ESPI's LocalTimeParameters.

    The schema demands that the end is later in the year than the start. So on the southern
    hemisphere it is winter that starts and ends, with a negative offset.
    """

    offset: int
    """s of local time ahead of UTC outside the time between start and end"""
    dst_offset: int = 0
    """s by which the clock is set ahead between start and end"""
    dst_start: int = NO_RULE
    dst_end: int = NO_RULE


def clock_rules(zone: tzinfo, year: int) -> ClockRules:
    """Return the rules from a year on, without changes if no rule describes them."""
    begin = _begin(year)
    years = [list(_changes(zone, each)) for each in range(year, year + _YEARS)]
    offset = offset_at(begin, zone)
    if any(len(changes) != _CHANGES for changes in years):
        return ClockRules(offset=offset)
    starts, ends = ([changes[place] for changes in years] for place in range(_CHANGES))
    start, end = _rule(starts), _rule(ends)
    if start is None or end is None:
        return ClockRules(offset=offset)
    changed = max(offsets(zone, year), key=lambda each: abs(each - offset))
    return ClockRules(offset=offset, dst_offset=changed - offset, dst_start=start, dst_end=end)


def offsets(zone: tzinfo, year: int) -> set[int]:
    """Return the offsets from UTC in s that a year has."""
    return {offset_at(at, zone) for at in range(_begin(year), _begin(year + 1), _STEP)}


def offset_at(at: float, zone: tzinfo) -> int:
    """Return the s by which local time is ahead of UTC at an instant."""
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _begin(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _changes(zone: tzinfo, year: int) -> Iterator[datetime]:
    """Yield when the clock is changed, each by the clock as it was until then."""
    end = _begin(year + 1)
    for begin in range(_begin(year), end, _STEP):
        finish = min(begin + _STEP, end)
        before = offset_at(begin, zone)
        if offset_at(finish, zone) != before:
            change = _change(zone, begin, finish)
            yield datetime.fromtimestamp(change + before, UTC).replace(tzinfo=None)


def _change(zone: tzinfo, begin: int, end: int) -> int:
    """Return the first s after the one change between two instants."""
    before = offset_at(begin, zone)

    def changed(at: int) -> bool:
        return offset_at(at, zone) != before

    return begin + bisect_left(range(begin, end), x=True, key=changed)


def _rule(changes: Sequence[datetime]) -> int | None:
    """Return the DstRuleType of changes, one a year; None if it cannot describe them."""
    first = changes[0]
    if len({(each.month, each.isoweekday(), each.time()) for each in changes}) > 1:
        return None
    earliest, latest = (edge(each.day for each in changes) for edge in (min, max))
    week = (earliest - 1) // 7
    day, operator = 0, _FIRST + week
    if all((each + timedelta(days=7)).month != each.month for each in changes):
        operator = _LAST
    elif (latest - 1) // 7 != week:
        if latest - earliest >= 7:  # noqa: PLR2004 - days of a week
            return None
        day, operator = earliest, _ON_OR_AFTER
    return (
        first.month << 28
        | operator << 25
        | day << 20
        | first.isoweekday() << 17
        | first.hour << 12
        | first.minute * 60 + first.second
    )
