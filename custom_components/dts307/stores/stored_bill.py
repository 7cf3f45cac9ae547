"""What the files of the ledger and of the latest reads hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from ..meter.intervals import (
    BookEntry,
    Books,
    DemandRecord,
    Ledger,
    RunBooks,
    Samples,
    as_pair,
    from_pair,
    ledger_from_dict,
)
from .formats import LEDGER, TOTALS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReads:
    """What the file of the latest readings holds."""

    points: Samples
    serial_number: str
    """of which meter they are"""
    demand: DemandRecord
    run: dict[str, Any] | None
    """the clocks, and what was read before they had settled; None in files of older versions"""

    def added_to(self, books: Books, zone: tzinfo, *, is_same_run: bool) -> RunBooks:
        """Return the books of the ledger's file with these readings.

        What was read by clocks that had not settled is of use in the same run only. In another run,
        the age of the latest reading is unknown, so that the demand interval in progress is
        not whole.
        """
        is_older = any(
            name in books.ledger.tracks and sample.at < books.ledger.newest[name].at
            for name, sample in self.points.items()
        )
        books = replace(
            books, ledger=books.ledger.with_newer(self.points, self.serial_number, zone)
        )
        # Intervals of another length cannot be compared.
        if self.demand.window == books.demand.window:
            of_another_run = self.run is not None and not is_same_run
            record = replace(self.demand, running=None) if of_another_run else self.demand
            books = replace(books, demand=record)
        # If the ledger was written later, it holds what is pending here.
        if self.run is None or not is_same_run or is_older:
            return RunBooks.starting_with(books)
        return RunBooks(
            settled=books,
            current=books,
            pending=tuple(BookEntry.from_dict(each) for each in self.run["pending"]),
            doubted=self.run["doubted"],
            stepped=self.run["clock"]["stepped"],
        )


def parse_ledger(stored: Any) -> Ledger:
    """Return the ledger of a stored file.

    Raises vol.Invalid and ValueError.
    """
    return ledger_from_dict(LEDGER(stored))


def parse_totals(stored: Any) -> StoredReads:
    """Return the latest readings of a stored file, and the demand.

    Raises vol.Invalid.
    """
    parsed = TOTALS(stored)
    return StoredReads(
        points={name: from_pair(pair) for name, pair in parsed["points"].items()},
        serial_number=parsed["serial_number"],
        demand=DemandRecord.from_dict(parsed["demand"]),
        run=parsed["run"],
    )


def totals_as_dict(books: RunBooks, newest: Samples, clock: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of the latest readings, and the demand, by a run's ``clock``."""
    run = {"doubted": books.doubted, "pending": [each.as_dict() for each in books.pending]}
    return {
        "points": {name: as_pair(sample) for name, sample in newest.items()},
        "serial_number": books.settled.serial_number,
        "demand": books.settled.demand.as_dict(),
        "run": {**clock, **run},
    }
