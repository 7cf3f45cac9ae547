"""Writes interval data in one of the formats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

from ..intervals import Interval
from .green_button import green_button
from .nem12 import market_days, market_time, nem12
from .refusal import NothingToExportError
from .source import Source
from .table import table


class Format(StrEnum):
    """The format of a file."""

    CSV = "csv"
    GREEN_BUTTON = "green_button"
    NEM12 = "nem12"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    """A file, and what it is called behind the meter's name."""

    text: str
    content_type: str
    ending: str
    """the months of its data, and the extension"""


type PhaseIntervals = Mapping[str, Sequence[Interval]]
"""The intervals of those phases of which they are known."""

_NO_PHASES: Final[PhaseIntervals] = {}

type _Writer = Callable[[Sequence[Interval], Source, PhaseIntervals], str]

_WRITERS: Final[dict[Format, tuple[_Writer, str, str]]] = {
    Format.CSV: (table, "text/csv", ".csv"),
    Format.GREEN_BUTTON: (
        lambda intervals, source, _: green_button(intervals, source),
        "application/atom+xml",
        "_green_button.xml",
    ),
    Format.NEM12: (
        lambda intervals, source, _: nem12(intervals, source),
        "text/csv",
        "_nem12.csv",
    ),
}


def needed_span(chosen: Format, start: float, end: float, zone: tzinfo) -> tuple[float, float]:
    """Return from when to when a format needs intervals to hold a time; all are instants in s."""
    return market_days(start, end, zone) if chosen is Format.NEM12 else (start, end)


def export(
    chosen: Format,
    intervals: Sequence[Interval],
    source: Source,
    phases: PhaseIntervals = _NO_PHASES,
) -> ExportedFile:
    """Return a file of consecutive intervals; only CSV has phases.

    Raises:
        ExportError: the format cannot hold them, or there are none.
    """
    if not intervals:
        raise NothingToExportError
    write, content_type, extension = _WRITERS[chosen]
    first, last = intervals[0].start, intervals[-1].start
    clock = market_time(source.zone, first) if chosen is Format.NEM12 else source.zone
    months = [f"{datetime.fromtimestamp(at, clock):%Y-%m}" for at in (first, last)]
    return ExportedFile(
        text=write(intervals, source, phases),
        content_type=content_type,
        ending=f"{'_'.join(dict.fromkeys(months))}{extension}",
    )
