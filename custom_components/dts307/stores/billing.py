"""Keep the ledger of a meter's totals, and its demand: across restarts, midnights and outages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..identification import serial_number_of
from ..meter import Reading
from ..meter.intervals import (
    EXPORTED,
    IMPORTED,
    PART_TRACKS,
    Billing,
    BookEntry,
    Books,
    Demand,
    DemandRecord,
    EnergyBetween,
    HourEnd,
    Interval,
    Ledger,
    RegisterEstimates,
    RunBooks,
    Samples,
    billing,
    demand,
    ledger_as_dict,
    touched,
)
from ..meter.phases import TOTAL
from ..meter.sample import Sample
from ..meter.validation import CounterFilters, FirstSight, RegisterReads, count_size
from ..options import MeterOptions
from .booking import booked
from .clock import ClockKeeper
from .intervals import IntervalKeeper
from .kept_phases import async_kept_phases
from .kept_state import KeptState
from .state_saver import AT_ONCE, StateSaver
from .stored_bill import StoredReads, parse_ledger, parse_totals, totals_as_dict

FILE_LEDGER: Final = "ledger"
FILE_TOTALS: Final = "totals"


class BillingKeeper:
    """The ledger and the demand of one meter in Home Assistant.

    The ledger covers up to fourteen months. It changes at midnight and when the clock is set, and
    is written then. The other file holds the latest reading. After a kill, that is the last reading
    before any midnight that has passed since, and it is added to the ledger.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        options: MeterOptions,
        saver: StateSaver,
        clock: ClockKeeper,
    ) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._interval = options.interval
        self._intervals = IntervalKeeper(hass, entry, options)
        self._billing_day = options.billing_day
        self._books = RunBooks.starting_with(
            Books(
                ledger=Ledger(),
                demand=DemandRecord(window=options.demand_window),
                serial_number=serial_number_of(entry),
            )
        )
        self._saver = saver
        self._clock = clock
        self._ledger_file = KeptState(
            hass,
            entry,
            FILE_LEDGER,
            parse=parse_ledger,
            content="the registers at past midnights, and the credit of past billing periods",
        )
        self._totals_file = KeptState(
            hass,
            entry,
            FILE_TOTALS,
            parse=parse_totals,
            content="the latest reading for the bill, and the peak demands",
        )
        saver.add(self._ledger_file, self._ledger_as_dict)
        saver.add(self._totals_file, self._totals_as_dict)
        saver.add_last(self.async_write_intervals)

    @property
    def ledger(self) -> Ledger:
        """What is known of the meter's totals over time."""
        return self._books.current.ledger

    @property
    def settled(self) -> Ledger:
        """What was read until the clock last settled, at times that are trusted."""
        return self._books.settled.ledger

    async def async_load(self) -> None:
        """Restore the ledger and the demand, and the clocks if the machine has run since then."""
        zone = dt_util.get_default_time_zone()
        books = self._books.settled
        ledger = await self._ledger_file.async_load() or books.ledger
        recent = await self._intervals.async_load()
        ledger = replace(ledger, interval=self._interval, recent=recent).reconciled(zone)
        books = replace(books, ledger=ledger)
        run_books = RunBooks.starting_with(books)
        if totals := await self._totals_file.async_load():
            run_books = totals.added_to(books, zone, is_same_run=self._resumes(totals))
            run_books = run_books.resumed(self._clock.current, zone)
        self._books = run_books

    def _resumes(self, totals: StoredReads) -> bool:
        return totals.run is not None and self._clock.async_resume(totals.run)

    def carry_to_new_meter(self, sight: FirstSight, filters: CounterFilters) -> None:
        """Let another meter, with these ``filters``, continue from when it was first seen."""
        totals, recent = {}, self._books.current.ledger.recent
        for part, tracks in PART_TRACKS.items():
            for name, track in tracks.items():
                counter = filters.get(f"energy_{name}.{part}")
                is_kept = part == TOTAL or track in recent
                if is_kept and counter is not None and counter.trusted is not None:
                    totals[track] = counter.trusted.published, counter.trusted.register
        books = self._books.current.with_new_meter(sight, totals, dt_util.get_default_time_zone())
        self._books = RunBooks.starting_with(books)

    @callback
    def async_check(self, reading: Reading, registers: RegisterReads) -> tuple[Billing, Demand]:
        """Enter a reading whose totals are believed, and return what follows."""
        zone = dt_util.get_default_time_zone()
        clock = self._clock.current
        self._intervals.async_check(reading)
        imported = reading.energy_imported.total or 0.0
        resolution = count_size(reading, "energy_imported", imported)
        registers = registers.with_phases(async_kept_phases(self._hass, self._entry))
        book_entry = BookEntry.of(reading, registers, clock, resolution)
        after = booked(self._books, book_entry, clock, zone, self._billing_day)
        self._books = books = after.books
        if after.is_ledger_changed:
            self._saver.async_changed(self._ledger_file, AT_ONCE)
        if after.passed is not None:
            self._intervals.async_border_passed(after.passed)
        self._saver.async_changed(self._totals_file, after.totals_within)
        bill = billing(books.current.ledger, zone, self._billing_day)
        return bill, demand(books.current.demand, bill)

    async def async_write_intervals(self) -> None:
        """Write the reads around interval borders that are not written yet."""
        await self._intervals.async_write(self._books.settled.ledger.recent)

    async def async_hold_intervals(self) -> None:
        """Write no interval data until ``async_write_intervals`` does."""
        await self._intervals.async_hold()

    @callback
    def async_note_edit(self, parts: Collection[str]) -> None:
        """Note that the owner has answered a question about counters of these parts just now."""
        self._books = self._books.with_edit(self._clock.current.wall, parts)
        self._saver.async_changed(self._ledger_file, AT_ONCE)

    def estimated_within(self, begin: float, end: float) -> tuple[float, float] | None:
        """Return the intervals around a time in s without a read; None if no border is in it."""
        start, finish = touched(begin, end, dt_util.get_default_time_zone(), self._interval)
        is_one = finish - start <= self._interval
        return None if is_one else (start, finish)

    def edited_by_answer(self) -> tuple[float, float]:
        """Return the intervals that an answer of the owner would decide now, in s."""
        tracks, now = self.ledger.tracks, self._clock.current.wall
        read = [tracks[name].latest.at for name in (IMPORTED, EXPORTED) if name in tracks]
        return touched(min([*read, now]), now, dt_util.get_default_time_zone(), self._interval)

    async def async_intervals(self, start: float, end: float, seconds: float) -> Sequence[Interval]:
        """Return the intervals of a length in s that begin and end between two instants in s."""
        return await self._intervals.async_intervals(self.ledger, start, end, seconds)

    async def async_phase_intervals(
        self, start: float, end: float, seconds: float
    ) -> Mapping[str, Sequence[Interval]]:
        """Return the same of those phases of which anything is known."""
        return await self._intervals.async_phase_intervals(self.ledger, start, end, seconds)

    async def async_counter(self, name: str, start: float, end: float) -> Sequence[Sample]:
        """Return a counter at the borders between two instants in s, as far as it has settled."""
        return await self._intervals.async_counter(self.settled, name, start, end)

    async def async_energy(self, start: float, end: float) -> EnergyBetween | None:
        """Return what was counted between two instants in s; None if nothing is known of it."""
        return await self._intervals.async_energy(self.ledger, start, end)

    async def async_phase_energies(self, start: float, end: float) -> Mapping[str, EnergyBetween]:
        """Return what phases counted between two instants in s, as far as that is known."""
        return await self._intervals.async_phase_energies(self.ledger, start, end)

    async def async_registers(self, at: float) -> RegisterEstimates | None:
        """Return what the meter's display showed at an instant; None before the first reading."""
        return await self._intervals.async_registers(self.ledger, at)

    async def async_hour_ends(self, name: str, start: float, end: float) -> Sequence[HourEnd]:
        """Return what a counter was at the end of each hour from ``start`` to ``end``, in s."""
        return await self._intervals.async_hour_ends(self.ledger, name, start, end)

    @property
    def _newest(self) -> Samples:
        """The latest reads of the totals, and of the phases that are kept now."""
        ledger = self._books.settled.ledger
        kept_phases = async_kept_phases(self._hass, self._entry)
        tracks = {track for phase in kept_phases for track in PART_TRACKS[phase].values()}
        phases = {name: each.newest for name, each in ledger.recent.items() if name in tracks}
        return {**ledger.newest, **phases}

    def _ledger_as_dict(self) -> dict[str, Any]:
        return ledger_as_dict(self._books.settled.ledger)

    def _totals_as_dict(self) -> dict[str, Any]:
        return totals_as_dict(self._books, self._newest, self._clock.as_dict())
