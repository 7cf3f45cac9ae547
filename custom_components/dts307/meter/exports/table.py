"""Interval data as a table, in CSV."""

from collections.abc import Sequence
import csv
from io import StringIO
from typing import Final

from ..intervals import Interval
from .readings import Reading, delivered, readings, received
from .source import Source

_HEADER: Final = ("start", "minutes", "delivered_kwh", "received_kwh", "quality")


def table(intervals: Sequence[Interval], source: Source) -> str:
    """Return one row for each interval; a field is empty where a channel was not counted."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    for interval, imported, exported in zip(
        intervals, readings(intervals, delivered), readings(intervals, received), strict=True
    ):
        writer.writerow(
            (
                source.local(interval.start).isoformat(timespec="seconds"),
                f"{(interval.end - interval.start) / 60:g}",
                _kwh(imported),
                _kwh(exported),
                interval.quality,
            )
        )
    return text.getvalue()


def _kwh(reading: Reading | None) -> str:
    return "" if reading is None else reading.kwh
