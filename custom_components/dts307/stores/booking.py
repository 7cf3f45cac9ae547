"""Enter a reading into the books of a meter, and return what of them is to be stored."""

from dataclasses import dataclass, replace
from datetime import tzinfo

from ..meter.clock import RunClock
from ..meter.intervals import BookEntry, Books, RunBooks, Tracks, kept, trimmed
from .state_saver import AT_ONCE, SOON, WHILE_COUNTING


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The books after a reading, and what of them is to be stored."""

    books: RunBooks
    is_ledger_changed: bool
    """whether a midnight was passed, or the clock was set"""
    passed: Tracks | None
    """the reads in memory when a border of an interval was passed; they are to be stored"""
    totals_within: float
    """s; within which the latest reads are to be stored"""


def booked(
    before: RunBooks, book_entry: BookEntry, clock: RunClock, zone: tzinfo, billing_day: int
) -> Booked:
    """Return the books after a reading at the latest time of ``clock``."""
    books = before.after(book_entry, clock, zone)
    is_ledger_changed = books.settled.ledger.kept != before.settled.ledger.kept
    if is_ledger_changed:
        ledger = books.settled.ledger.compacted(zone, billing_day)
        books = _settled(books, replace(books.settled, ledger=ledger))
    recent = books.settled.ledger.recent
    is_border_passed = kept(recent) != kept(before.settled.ledger.recent)
    if is_border_passed:
        books = _settled(books, books.settled.with_recent(trimmed(recent)))
    return Booked(
        books=books,
        is_ledger_changed=is_ledger_changed,
        passed=recent if is_border_passed else None,
        totals_within=_within(before.current, books.current),
    )


def _settled(books: RunBooks, settled: Books) -> RunBooks:
    """Return the books of a clock that has settled with less in them."""
    return replace(books, settled=settled, current=settled)


def _within(before: Books, after: Books) -> float:
    if before.ledger.kept != after.ledger.kept:
        return AT_ONCE
    return WHILE_COUNTING if before.demand.started == after.demand.started else SOON
