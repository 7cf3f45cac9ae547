"""The books of a meter, the ledger and the demand, while the clock may still prove wrong.

What is read in a run is kept apart until wall time has been steady for long enough.
If wall time steps before that, the books are made up again with the right times. A run is the time
since the machine was started: elapsed time goes on while Home Assistant restarts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import reduce
from typing import Any, Final, Self

from ..clock import SMALLEST_STEP, RunClock
from ..phases import TOTAL
from ..sample import CONSECUTIVE_WITHIN, Sample
from ..sunspec import Reading
from ..validation import FirstSight, RegisterReads
from .demand import DemandRecord
from .ledger import Ledger
from .track import (
    EXPORTED,
    IMPORTED,
    PART_TRACKS,
    PHASE_TRACKS,
    REGISTER,
    SEEN,
    Samples,
    Tracks,
    as_pair,
    from_pair,
)

_MOST_POWER: Final = 20_000.0
_MOST_TIMES_POWER: Final = 3.0
"""W, and how many times the power now; more has hardly flowed on average while nothing was read."""


_ROUNDING: Final = 1e-3
"""s that differences of times may be off."""

_MOST_PENDING: Final = 240
"""A clock that never settles must fill neither the memory nor the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """What one reading adds to the books."""

    samples: Samples
    """the totals and the phases' counters, each at the time in s when it was believed, as if the
    clock had not stepped"""
    power: float
    """W, without its sign; 0 if the meter does not measure it"""
    resolution: float
    """Wh; the step of the import counter"""

    @classmethod
    def of(
        cls, reading: Reading, registers: RegisterReads, clock: RunClock, resolution: float
    ) -> BookEntry:
        """Return what a reading adds: its validated counters, as far as they are new.

        They are those of the total, and of the phases that ``registers`` have.
        """
        samples = {SEEN: Sample(value=0.0, at=clock.unstepped)}
        # Across a step of the clock, the age of a read is unknown.
        steady = clock.elapsed - clock.steady_since + _ROUNDING
        for part, reads in {TOTAL: registers, **registers.phases}.items():
            for name, values, register in (
                (IMPORTED, reading.energy_imported, reads.imported),
                (EXPORTED, reading.energy_exported, reads.exported),
            ):
                counter: float | None = getattr(values, part)
                if counter is None or register is None:
                    continue
                age = clock.now - register.at
                if 0 <= age <= min(steady, CONSECUTIVE_WITHIN):
                    at, track = clock.unstepped - age, PART_TRACKS[part][name]
                    samples[track] = Sample(value=counter, at=at)
                    if part == TOTAL:
                        samples[REGISTER + track] = Sample(value=register.value, at=at)
        power = abs(reading.power.total or 0.0)
        return cls(samples=samples, power=power, resolution=resolution)

    def dated(self, clock: RunClock) -> Samples:
        """Return the totals, each at the wall time that it has by this clock."""
        if not clock.stepped:
            return self.samples
        return {
            name: Sample(value=sample.value, at=sample.at + clock.stepped)
            for name, sample in self.samples.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON holds it."""
        return {
            "samples": {name: as_pair(sample) for name, sample in self.samples.items()},
            "power": self.power,
            "resolution": self.resolution,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the entry that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such an entry.
        """
        return cls(
            samples={name: from_pair(pair) for name, pair in stored["samples"].items()},
            power=float(stored["power"]),
            resolution=float(stored["resolution"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The ledger and the demand of a meter, whose serial number this is."""

    ledger: Ledger
    demand: DemandRecord
    serial_number: str

    def with_entry(self, entry: BookEntry, clock: RunClock, zone: tzinfo) -> Books:
        """Return the books after one more reading."""
        samples = entry.dated(clock)
        demand = self.demand
        if imported := samples.get(IMPORTED):
            demand = demand.after(imported, entry.resolution, zone)
        ledger = self.ledger.after(samples, self.serial_number, zone)
        return replace(self, ledger=ledger, demand=demand)

    def with_new_meter(
        self, sight: FirstSight, totals: Mapping[str, tuple[float, float]], zone: tzinfo
    ) -> Books:
        """Return the books after another meter was first seen in this place.

        ``totals`` are the published counters and the registers then, in Wh, by their track; those
        of phases, too. What flowed between the meters is unknown, so the demand interval in
        progress is not whole.
        """
        samples = {SEEN: Sample(value=0.0, at=sight.at)}
        for name, (published, register) in totals.items():
            samples[name] = Sample(value=published, at=sight.at)
            if name not in PHASE_TRACKS:
                samples[REGISTER + name] = Sample(value=register, at=sight.at)
        ledger = self.ledger.with_unread(sight.at, sight.possible_power)
        return Books(
            ledger=ledger.after(samples, sight.serial_number, zone),
            demand=replace(self.demand, running=None),
            serial_number=sight.serial_number,
        )

    def with_recent(self, recent: Tracks) -> Books:
        """Return the books with these reads around interval borders in memory."""
        return replace(self, ledger=replace(self.ledger, recent=recent))

    def doubts(self, entry: BookEntry, clock: RunClock) -> bool:
        """Return whether wall time can hardly be right: so much has not flowed since these books.

        That is so if the machine started with the time of its last shutdown.
        """
        samples = entry.dated(clock)
        newest: Mapping[str, Sample] = self.ledger.newest
        seconds = [samples[SEEN].at - newest[SEEN].at] if SEEN in newest else []
        most = _MOST_POWER + _MOST_TIMES_POWER * entry.power
        rises = (samples[name].value - newest[name].value for name in samples if name in newest)
        return clock.is_impossible or any(
            passed < -SMALLEST_STEP or rise * 3600 > most * max(0.0, passed)
            for passed in seconds
            for rise in rises
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBooks:
    """The books of a run: what is settled, and what was read since by a clock that may be wrong."""

    settled: Books
    """what is stored, with what is pending beside it"""
    current: Books
    """what is shown"""
    pending: tuple[BookEntry, ...] = ()
    """what was read since the books were settled"""
    doubted: bool = False
    """whether the clock can hardly be right, so that nothing new is shown"""
    stepped: float = 0.0
    """s that the clock has stepped, as far as it is taken into account"""

    @classmethod
    def starting_with(cls, books: Books) -> RunBooks:
        """Return the books at the start of a run."""
        return cls(settled=books, current=books)

    def with_edit(self, at: float, parts: Collection[str]) -> RunBooks:
        """Return the books after an answer of the owner, ``at`` in s, about counters of parts."""
        settled, current = (
            replace(books, ledger=books.ledger.with_edit(at, parts))
            for books in (self.settled, self.current)
        )
        return replace(self, settled=settled, current=current)

    def resumed(self, clock: RunClock, zone: tzinfo) -> RunBooks:
        """Return stored books of this run, made up again by the time that it is now."""
        return self.rebooked(clock, zone) if self.pending else self

    def after(self, entry: BookEntry, clock: RunClock, zone: tzinfo) -> RunBooks:
        """Return the books after a reading at the latest time of ``clock``."""
        books = replace(self, pending=_thinned((*self.pending, entry)))
        if self.has_stepped(clock) or books.is_doubtful(clock):
            return books.rebooked(clock, zone)
        current = self.current.with_entry(entry, clock, zone)
        return replace(books, current=current).settled_by(clock)

    def rebooked(self, clock: RunClock, zone: tzinfo) -> RunBooks:
        """Return the books with all that is pending, unless the clock can hardly be right."""
        doubted = self.is_doubtful(clock)
        current = self.settled if doubted and not clock.is_settled else self.made_up(clock, zone)
        books = replace(self, current=current, doubted=doubted, stepped=clock.stepped)
        return books.settled_by(clock)

    def settled_by(self, clock: RunClock) -> RunBooks:
        """Return the books with nothing pending, if wall time is trusted by now."""
        if not clock.is_settled:
            return self
        return replace(self, settled=self.current, pending=(), doubted=False)

    def has_stepped(self, clock: RunClock) -> bool:
        """Return whether wall time has stepped since the latest reading."""
        return self.stepped != clock.stepped

    def is_doubtful(self, clock: RunClock) -> bool:
        """Return whether wall time can hardly be right, by the first pending entries.

        A step may mend that.
        """
        stepped = self.has_stepped(clock)
        if self.doubted and not stepped:
            return True
        until = self.pending[0].samples[SEEN].at + CONSECUTIVE_WITHIN
        first = [entry for entry in self.pending if entry.samples[SEEN].at <= until]
        if not stepped and len(first) < len(self.pending):
            return False
        return any(self.settled.doubts(entry, clock) for entry in first)

    def made_up(self, clock: RunClock, zone: tzinfo) -> Books:
        """Return the books with all that is pending, by the time that it is now."""

        def with_entry(books: Books, entry: BookEntry) -> Books:
            return books.with_entry(entry, clock, zone)

        return reduce(with_entry, self.pending, self.settled)


def _thinned(pending: tuple[BookEntry, ...]) -> tuple[BookEntry, ...]:
    """Return the entries, or every second one if there are too many, with the first and latest."""
    if len(pending) <= _MOST_PENDING:
        return pending
    return (pending[0], *pending[1:-1:2], pending[-1])
