"""Interval data of local days."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from custom_components.dts307.meter.exports import Source
from custom_components.dts307.meter.intervals import Estimate, Interval, Quality

PACIFIC = ZoneInfo("America/Los_Angeles")
SYDNEY = ZoneInfo("Australia/Sydney")

DST_STARTS = date(2026, 3, 8)
"""On the Pacific coast; the day has 23 hours."""
DST_ENDS = date(2026, 11, 1)
"""The day has 25 hours."""


def source(zone: tzinfo = PACIFIC, minutes: int = 15, **changes: Any) -> Source:
    """Return a meter."""
    meter = Source(
        name="DTS 307 (4711)",
        serial_number="M4711",
        unique_id="M4711",
        zone=zone,
        seconds=minutes * 60,
        created=datetime(2026, 12, 1, 9, 30, tzinfo=zone).timestamp(),
    )
    return replace(meter, **changes)


def midnight(day: date, zone: tzinfo) -> float:
    """Return when a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def measured(wh: float) -> Estimate:
    """Return an energy that is known."""
    return Estimate.exactly(wh)


def days(
    first: date, count: int = 1, *, zone: tzinfo = PACIFIC, minutes: int = 15
) -> list[Interval]:
    """Return the intervals of whole local days, all with different energies."""
    start, end = midnight(first, zone), midnight(first + timedelta(days=count), zone)
    length = minutes * 60
    return [
        Interval(
            start=start + place * length,
            end=start + (place + 1) * length,
            imported=measured(100 + place / 8),
            exported=measured(place % 7),
            quality=Quality.ACTUAL,
        )
        for place in range(round((end - start) / length))
    ]


def estimated(intervals: Sequence[Interval], energies: Sequence[float]) -> list[Interval]:
    """Return intervals across a gap in the import, each with its share of the gap's energy in Wh.

    Of the first and the last one, a part was measured: 1 Wh.
    """
    most = sum(energies)
    edges = {0, len(energies) - 1}
    return [
        replace(
            interval,
            imported=Estimate(
                value=energy,
                lowest=1 if place in edges else 0,
                highest=most + 1 if place in edges else most,
                estimated=True,
            ),
            quality=Quality.ESTIMATED,
        )
        for place, (interval, energy) in enumerate(zip(intervals, energies, strict=True))
    ]


def total(intervals: Sequence[Interval]) -> tuple[float, float]:
    """Return the energy imported and exported, in Wh."""
    imported = sum(each.imported.value for each in intervals if each.imported is not None)
    exported = sum(each.exported.value for each in intervals if each.exported is not None)
    return imported, exported
