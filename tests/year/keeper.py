"""What the integration keeps of a meter's energy: its own code on a disk that survives kills.

It takes the steps of ``stores.billing.BillingKeeper``, without Home Assistant. JSON is only written
when it is read, after a kill; what it is made of are the immutable states of when it was due.
"""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from custom_components.dts307.meter import Reading
from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.intervals import (
    HELD,
    RECENT,
    BookEntry,
    Books,
    DemandRecord,
    IntervalGrid,
    Ledger,
    RunBooks,
    Tracks,
    joined,
    ledger_as_dict,
    most_reads,
    storable,
    track_changes,
    widened,
    with_tracks,
)
from custom_components.dts307.meter.phases import TOTAL
from custom_components.dts307.meter.validation import FirstSight, RegisterReads
from custom_components.dts307.stores import reads_database
from custom_components.dts307.stores.booking import booked
from custom_components.dts307.stores.state_saver import AT_ONCE, StateSaver
from custom_components.dts307.stores.stored_bill import parse_ledger, parse_totals, totals_as_dict

from .house import BERLIN

QUARTER: Final = 900.0
GRID: Final = IntervalGrid(zone=BERLIN, seconds=QUARTER)
BILLING_DAY: Final = 15
RESOLUTION: Final = 1.0
"""Wh"""


class File:
    """A file of the saver: the state that was written last."""

    def __init__(self) -> None:
        """Begin without content."""
        self._state: Callable[[], dict[str, Any]] | None = None
        self.polled = 0.0
        """when the latest reading in it was made, in true s"""

    async def async_write(self, content: dict[str, Any]) -> None:
        """Take what is written."""
        self._state, self.polled = content["state"], content["polled"]

    def load(self) -> Any:
        """Return what is read again of what was written."""
        if self._state is None:
            return None
        return json.loads(json.dumps(self._state(), allow_nan=False))


class _Timers:
    """The loop of a saver, in true time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._timers: list[_Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[float], None], due: float) -> _Timer:
        timer = _Timer(when, lambda: call(due))
        self._timers.append(timer)
        return timer

    def run_to(self, now: float) -> None:
        """Let happen what is due."""
        while due := [each for each in self._timers if each.when() <= now and not each.cancelled]:
            timer = min(due, key=_Timer.when)
            self._timers.remove(timer)
            self.now = max(self.now, timer.when())
            timer.call()
        self._timers = [each for each in self._timers if not each.cancelled]
        self.now = now


class _Timer:
    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self._when = when
        self.call = call
        self.cancelled = False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.cancelled = True


def _run(work: Coroutine[Any, Any, None], _name: str = "") -> None:
    """Run what never waits."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


class Keeper:
    """One process of Home Assistant, and the disk that the next one starts from."""

    def __init__(self, folder: Path, serial_number: str) -> None:
        """Begin with an empty disk."""
        self._path = folder / "intervals.db"
        self._serial_number = serial_number
        self.ledger_file, self.totals_file = File(), File()
        self.tears_database = False
        """whether the process is killed before it writes the database"""

    def start(self, now: float, clock: RunClock, boot: int) -> None:
        """Start a process at a true time in s, by the machine's clocks."""
        self._timers = _Timers()
        self._timers.now = now
        host = SimpleNamespace(loop=self._timers, async_create_task=_run)
        self._saver = StateSaver(cast("Any", host), cast("Any", None))
        self._saver.add(cast("Any", self.ledger_file), self._ledger_content)
        self._saver.add(cast("Any", self.totals_file), self._totals_content)
        self._boot, self.clock, self._polled = boot, clock, 0.0
        self._load()

    def _load(self) -> None:
        ledger = Ledger()
        if stored := self.ledger_file.load():
            ledger = parse_ledger(stored)
        recent: Tracks = {}
        if self._path.exists():
            reads_database.check(self._path)
            recent = reads_database.latest(self._path, RECENT)
            reads_database.drop_old(self._path, most_reads(QUARTER), HELD)
        self._written = recent
        books = Books(
            ledger=replace(ledger, interval=QUARTER, recent=recent).reconciled(BERLIN),
            demand=DemandRecord(window=QUARTER),
            serial_number=self._serial_number,
        )
        self.books = RunBooks.starting_with(books)
        if stored := self.totals_file.load():
            totals = parse_totals(stored)
            assert totals.run is not None
            is_same_run = totals.run["boot"] == str(self._boot)
            if is_same_run:
                now = self.clock
                self.clock = RunClock.from_dict(totals.run["clock"]).after(now.wall, now.elapsed)
            self.books = totals.added_to(books, BERLIN, is_same_run=is_same_run)
            self.books = self.books.resumed(self.clock, BERLIN)

    def pass_time(self, now: float) -> None:
        """Let the saver write what is due at a true time in s."""
        self._timers.run_to(now)

    def enter(self, reading: Reading, registers: RegisterReads) -> None:
        """Enter a reading."""
        self._polled = self._timers.now
        entry = BookEntry.of(reading, registers, self.clock, RESOLUTION)
        after = booked(self.books, entry, self.clock, BERLIN, BILLING_DAY)
        self.books = after.books
        if after.is_ledger_changed:
            self._saver.async_changed(cast("Any", self.ledger_file), AT_ONCE)
        if after.passed is not None and not self.tears_database:
            self._write_reads(after.passed)
        self._saver.async_changed(cast("Any", self.totals_file), after.totals_within)

    def note_edit(self) -> None:
        """Note that the owner has answered a question about a counter."""
        self.books = self.books.with_edit(self.clock.wall, [TOTAL])
        self._saver.async_changed(cast("Any", self.ledger_file), AT_ONCE)

    def carry_to_new_meter(self, sight: FirstSight, totals: dict[str, tuple[float, float]]) -> None:
        """Let another meter continue, whose published counters and registers are given."""
        books = self.books.current.with_new_meter(sight, totals, BERLIN)
        self.books = RunBooks.starting_with(books)
        self._serial_number = sight.serial_number

    def stop(self) -> None:
        """Stop as planned, and write everything."""
        _run(self._saver.async_finish())
        self._write_reads(self.books.settled.ledger.recent)

    def _write_reads(self, recent: Tracks) -> None:
        wanted = storable(self._written, recent)
        if changes := track_changes(self._written, wanted):
            reads_database.write(self._path, changes)
            self._written = wanted

    def detailed(self, start: float, end: float) -> Ledger:
        """Return the ledger with all reads around borders between two instants in s."""
        ledger = self.books.current.ledger
        start, end = widened(ledger.seams, start, end)
        return with_tracks(ledger, joined(self._stored(start, end), ledger.recent))

    def _stored(self, start: float, end: float) -> Tracks:
        return reads_database.between(self._path, start, end) if self._path.exists() else {}

    def _ledger_content(self) -> dict[str, Any]:
        return {"state": partial(ledger_as_dict, self.books.settled.ledger), "polled": self._polled}

    def _totals_content(self) -> dict[str, Any]:
        clock = {"boot": str(self._boot), "clock": self.clock.as_dict()}
        newest = self.books.settled.ledger.newest
        return {"state": partial(totals_as_dict, self.books, newest, clock), "polled": self._polled}
