"""The hourly rows of a cost's statistics, and what outages left wrong in them.

It is as with those of a counter, but for two differences. A total of cost may fall, because prices
may be negative. And its sensor goes on during an outage, so that hours have rows that repeat the
total from before. docs/internals/statistics.md explains the rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from .statistics_rows import ROUNDING, HourEnd, Refill, Row


def cost_hours(energy: Iterable[HourEnd], totals: Mapping[float, Decimal]) -> Sequence[HourEnd]:
    """Return the hours with the total of cost at their end in place of the counter, if known."""
    return [
        replace(hour, counter=total, lowest=total, highest=total)
        for hour in energy
        if hour.end in totals
        for total in [float(totals[hour.end])]
    ]


def cost_refills(
    hours: Iterable[HourEnd], rows: Mapping[float, Row]
) -> tuple[Sequence[Refill], float | None]:
    """Return what outages left wrong, and the end of the last hour whose row is right.

    ``rows`` are by their start. Without the totals of some hours, nothing is changed across them.
    """
    found: list[Refill] = []
    before: Row | None = None
    wrong: list[HourEnd] = []
    checked = last = None
    for hour in hours:
        if last is not None and hour.start != last:
            before, wrong = None, []
        last = hour.end
        row = rows.get(hour.start)
        if row is None or not _is_right(hour, row, before):
            wrong.append(hour)
            continue
        if wrong and before is not None:
            booked = [rows[each.start] for each in wrong if each.start in rows]
            if all(abs(each.offset - before.offset) <= ROUNDING for each in (*booked, row)):
                found.append(_refill(before, wrong, rows))
        before, wrong, checked = row, [], hour.end
    return found, checked


def _is_right(hour: HourEnd, row: Row, before: Row | None) -> bool:
    """Return whether the row of an hour is right; ``before`` is the last one that was right.

    The row of a measured hour shows a total of its last minutes. If it repeats an earlier one, it
    was not recorded, or the meter was back in the last seconds of the hour.
    """
    if abs(row.state - hour.counter) <= ROUNDING:
        return True
    return hour.measured and (before is None or row.state != before.state)


def _refill(before: Row, hours: Iterable[HourEnd], rows: Mapping[float, Row]) -> Refill:
    written: list[Row] = []
    replaced: list[Row] = []
    shown = before
    for hour in hours:
        total = hour.counter - before.offset
        written.append(Row(start=hour.start, state=hour.counter, sum=total))
        shown = rows.get(hour.start) or replace(shown, start=hour.start)
        replaced.append(shown)
    return Refill(rows=tuple(written), replaced=tuple(replaced))
