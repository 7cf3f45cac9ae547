"""Keep the ledger of a meter's totals, and its demand: across restarts, midnights and outages."""

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
    Billing,
    Books,
    Demand,
    DemandRecord,
    Entry,
    Ledger,
    RunBooks,
    Samples,
    as_pair,
    billing,
    demand,
    from_pair,
)
from ..meter.validation import CounterFilters, FirstSight, RegisterReads, counter_limits
from ..options import MeterOptions
from .clock import ClockKeeper
from .formats import LEDGER, TOTALS
from .kept_state import KeptState
from .state_saver import AT_ONCE, SOON, WHILE_COUNTING, StateSaver

FILE_LEDGER: Final = "ledger"
FILE_TOTALS: Final = "totals"
_COUNTER: Final = "energy_imported.total"


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

    @property
    def ledger(self) -> Ledger:
        """What is known of the meter's totals over time."""
        return self._books.current.ledger

    async def async_load(self) -> None:
        """Restore the ledger and the demand."""
        books = self._books.current
        if ledger := await self._ledger_file.async_load():
            books = replace(books, ledger=ledger)
        if totals := await self._totals_file.async_load():
            samples, serial_number, demand_record = totals
            zone = dt_util.get_default_time_zone()
            ledger = books.ledger.with_newer(samples, serial_number, zone)
            books = replace(books, ledger=ledger)
            # Intervals of another length cannot be compared.
            if demand_record.window == books.demand.window:
                books = replace(books, demand=demand_record)
        self._books = RunBooks.starting_with(books)

    def carry_to_new_meter(self, sight: FirstSight, filters: CounterFilters) -> None:
        """Let another meter, with these ``filters``, continue from when it was first seen."""
        totals = {}
        for name in (IMPORTED, EXPORTED):
            counter = filters.get(f"energy_{name}.total")
            if counter is not None and counter.trusted is not None:
                totals[name] = counter.trusted.published, counter.trusted.register
        books = self._books.current.with_new_meter(sight, totals, dt_util.get_default_time_zone())
        self._books = RunBooks.starting_with(books)

    @callback
    def async_check(self, reading: Reading, registers: RegisterReads) -> tuple[Billing, Demand]:
        """Enter a reading whose totals are believed, and return what follows."""
        zone = dt_util.get_default_time_zone()
        clock = self._clock.current
        imported = reading.energy_imported.total or 0.0
        resolution = counter_limits(reading, _COUNTER, imported, None).resolution
        before = self._books.current
        books = self._books.after(Entry.of(reading, registers, clock, resolution), clock, zone)
        after = books.current
        if after.ledger.kept != before.ledger.kept:
            after = replace(after, ledger=after.ledger.compacted(zone, self._billing_day))
            self._saver.async_changed(self._ledger_file, AT_ONCE)
        self._books = replace(books, current=after)
        within = WHILE_COUNTING if before.demand.started == after.demand.started else SOON
        self._saver.async_changed(self._totals_file, within)
        bill = billing(after.ledger, zone, self._billing_day)
        return bill, demand(after.demand, bill)

    def _ledger_as_dict(self) -> dict[str, Any]:
        return self._books.current.ledger.as_dict()

    def _totals_as_dict(self) -> dict[str, Any]:
        books = self._books.current
        return {
            "points": {name: as_pair(sample) for name, sample in books.ledger.newest.items()},
            "serial_number": books.serial_number,
            "demand": books.demand.as_dict(),
        }


def parse_ledger(stored: Any) -> Ledger:
    """Return the ledger of a stored file.

    Raises vol.Invalid and ValueError.
    """
    return Ledger.from_dict(LEDGER(stored))


def parse_totals(stored: Any) -> tuple[Samples, str, DemandRecord]:
    """Return the latest readings of a stored file, of which meter they are, and the demand.

    Raises vol.Invalid.
    """
    parsed = TOTALS(stored)
    samples = {name: from_pair(pair) for name, pair in parsed["points"].items()}
    return samples, parsed["serial_number"], DemandRecord.from_dict(parsed["demand"])
