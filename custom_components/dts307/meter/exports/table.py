"""Interval data as a table, in CSV."""

from collections.abc import Iterator, Mapping, Sequence
import csv
from io import StringIO
from typing import Final

from ..intervals import Interval
from .readings import ChannelReading, delivered, readings, received
from .source import Source

_HEADER: Final = ("start", "minutes", "delivered_kwh", "received_kwh", "quality")

_UNKNOWN: Final = ("", "", "")


def table(
    intervals: Sequence[Interval], source: Source, phases: Mapping[str, Sequence[Interval]]
) -> str:
    """Return one row for each interval; a field is empty where a channel was not counted.

    Those ``phases`` of which intervals are known have columns of their own.
    """
    header, of_phases = list(_HEADER), []
    for phase, known in phases.items():
        header += (f"delivered_{phase}_kwh", f"received_{phase}_kwh", f"quality_{phase}")
        starts = (interval.start for interval in known)
        of_phases.append(dict(zip(starts, _fields(known), strict=True)))
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    for interval, fields in zip(intervals, _fields(intervals), strict=True):
        writer.writerow(
            (
                source.local(interval.start).isoformat(timespec="seconds"),
                f"{(interval.end - interval.start) / 60:g}",
                *fields,
                *(field for each in of_phases for field in each.get(interval.start, _UNKNOWN)),
            )
        )
    return text.getvalue()


def _fields(intervals: Sequence[Interval]) -> Iterator[tuple[str, str, str]]:
    """Yield the energies of each interval in both directions, and their quality."""
    for interval, imported, exported in zip(
        intervals, readings(intervals, delivered), readings(intervals, received), strict=True
    ):
        yield _kwh(imported), _kwh(exported), interval.quality


def _kwh(reading: ChannelReading | None) -> str:
    return "" if reading is None else reading.kwh
