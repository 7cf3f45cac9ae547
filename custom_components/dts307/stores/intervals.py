"""Interval data of one meter: written at the borders of intervals, and answered for any time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from math import inf
import sqlite3
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..meter import Reading
from ..meter.intervals import (
    EXPORTED,
    HOUR,
    IMPORTED,
    PART_TRACKS,
    PHASE_TRACKS,
    REFERENCE_PERIOD,
    EnergyBetween,
    Gap,
    HourEnd,
    Interval,
    IntervalGrid,
    Ledger,
    Progress,
    RegisterEstimates,
    Spread,
    Tracks,
    counter_at_borders,
    energy_between,
    evenly,
    hour_ends,
    intervals,
    part_ledger,
    registers_at,
    shaped,
    widened,
    with_tracks,
)
from ..meter.phases import PARTS, PHASES, TOTAL
from ..meter.sample import Sample
from ..meter.validation import rated_power
from ..options import MeterOptions
from ..solar import async_may_flow
from .interval_file import IntervalFile
from .reads_database import COLUMNS

_HELD_AT_MOST: Final = 86400.0
"""s; the end of a backup may never be reported, and memory holds the reads of three days only."""


class IntervalKeeper:
    """Stores the reads around interval borders, and returns interval data of a ledger."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, options: MeterOptions) -> None:
        """Begin without a file."""
        self._hass = hass
        self._entry = entry
        self._options = options
        self._file = IntervalFile(hass, entry, options.interval)
        self._held_until = -inf
        self._most_power: Mapping[str, float] = {}

    async def async_load(self) -> Tracks:
        """Return the stored reads of the latest days."""
        return await self._file.async_load()

    @callback
    def async_check(self, reading: Reading) -> None:
        """Learn the rated power from a reading; it is not known without a CT rating."""
        if (current := self._options.service_current) is not None:
            self._most_power = {part: rated_power(reading, part, current) for part in PARTS}

    @callback
    def async_border_passed(self, recent: Tracks) -> None:
        """Write the reads around a border that was passed, unless a backup is being made."""
        if self._hass.loop.time() >= self._held_until:
            self._entry.async_create_task(
                self._hass, self.async_write(recent), "write interval data"
            )

    async def async_hold(self) -> None:
        """Write nothing at borders until the next other write, or for a day."""
        self._held_until = self._hass.loop.time() + _HELD_AT_MOST
        await self._file.async_written()

    async def async_write(self, recent: Tracks) -> None:
        """Write the reads that are not written yet."""
        self._held_until = -inf
        await self._file.async_write(recent)

    async def async_intervals(
        self, ledger: Ledger, start: float, end: float, seconds: float
    ) -> Sequence[Interval]:
        """Return the intervals of a length in s that begin and end between two instants in s."""
        ledger = await self._async_detailed(ledger, start, end)
        grid, spread = _grid(seconds), self._async_spread(ledger)
        return await self._hass.async_add_executor_job(intervals, ledger, start, end, grid, spread)

    async def async_energy(self, ledger: Ledger, start: float, end: float) -> EnergyBetween | None:
        """Return what was counted between two instants in s; None if nothing is known of it."""
        ledger = await self._async_detailed(ledger, start, end)
        grid, spread = _grid(self._options.interval), self._async_spread(ledger)
        return await self._hass.async_add_executor_job(
            energy_between, ledger, start, end, grid, spread
        )

    async def async_phase_intervals(
        self, ledger: Ledger, start: float, end: float, seconds: float
    ) -> Mapping[str, Sequence[Interval]]:
        """Return the same of those phases of which anything is known."""
        return await self._async_of_phases(intervals, ledger, start, end, _grid(seconds))

    async def async_phase_energies(
        self, ledger: Ledger, start: float, end: float
    ) -> Mapping[str, EnergyBetween]:
        """Return what those phases counted between two instants in s of which it is known."""
        grid = _grid(self._options.interval)
        return await self._async_of_phases(energy_between, ledger, start, end, grid)

    async def _async_of_phases[T](
        self,
        asked: Callable[[Ledger, float, float, IntervalGrid, Spread], T | None],
        ledger: Ledger,
        start: float,
        end: float,
        grid: IntervalGrid,
    ) -> Mapping[str, T]:
        """Return what is known of each phase."""
        detailed = await self._async_detailed(ledger, start, end, PHASE_TRACKS)
        answers: dict[str, T] = {}
        for phase in PHASES:
            known, spread = part_ledger(detailed, phase), self._async_spread(ledger, phase)
            if known.tracks and (
                answer := await self._hass.async_add_executor_job(
                    asked, known, start, end, grid, spread
                )
            ):
                answers[phase] = answer
        return answers

    async def async_counter(
        self, ledger: Ledger, name: str, start: float, end: float
    ) -> Sequence[Sample]:
        """Return a counter at the borders of intervals between two instants in s."""
        ledger = await self._async_detailed(ledger, start, end)
        grid, spread = _grid(self._options.interval), self._async_spread(ledger)
        at_borders = partial(counter_at_borders, ledger, name, start, end, grid=grid, spread=spread)
        return await self._hass.async_add_executor_job(at_borders)

    async def async_registers(self, ledger: Ledger, at: float) -> RegisterEstimates | None:
        """Return what the meter's display showed at an instant; None before the first reading."""
        ledger = await self._async_detailed(ledger, at, at)
        if ledger.now is None or not ledger.meters:
            return None
        return registers_at(ledger, at, ledger.now, _grid(self._options.interval).zone)

    async def async_hour_ends(
        self, ledger: Ledger, name: str, start: float, end: float
    ) -> Sequence[HourEnd]:
        """Return what a counter was at the end of each hour from ``start`` to ``end``, in s."""
        start_of_reads, end_of_reads = widened(ledger.seams, start - HOUR, end)
        tracks = await self._file.async_tracks(start_of_reads, end_of_reads, ledger.recent)
        # With reads around midnights only, each hour would look like one without reads.
        detailed, spread = replace(ledger, tracks=tracks), self._async_spread(ledger)
        grid = _grid(self._options.interval)
        return await self._hass.async_add_executor_job(
            hour_ends, detailed, name, (start, end), grid, spread
        )

    async def _async_detailed(
        self, ledger: Ledger, start: float, end: float, names: Sequence[str] = COLUMNS
    ) -> Ledger:
        """Return the ledger with the reads around all borders between two instants."""
        start, end = widened(ledger.all_seams, start, end)
        tracks = await self._file.async_tracks(start, end, ledger.recent, names)
        return with_tracks(ledger, tracks)

    @callback
    def _async_spread(self, ledger: Ledger, part: str = TOTAL) -> Spread:
        """Return how the energy of a gap of the total or a phase is spread, by the weeks before."""
        grid, most_power = _grid(self._options.interval), self._most_power.get(part)
        names = PART_TRACKS[part].values()
        may_flow = {
            channel: async_may_flow(self._hass, channel, self._options)
            for channel in (IMPORTED, EXPORTED)
        }

        # The gaps of both counters mostly begin with the same read.
        @lru_cache(maxsize=1)
        def before(end: float) -> Sequence[Interval]:
            """Return the intervals of the weeks before a gap."""
            begin = end - REFERENCE_PERIOD
            try:
                tracks = self._file.tracks(begin, end, ledger.recent, names)
            except sqlite3.Error:
                # The file fails or is damaged, which the next write says.
                tracks = ledger.recent
            known = part_ledger(with_tracks(ledger, tracks), part)
            return intervals(known, begin, end, grid, evenly)

        def reference(gap: Gap) -> Iterator[Interval]:
            """Read the file only if the estimate needs it; that of a short gap mostly does not."""
            yield from before(gap.before.at)

        def spread(gap: Gap) -> Progress:
            return shaped(
                gap,
                reference(gap),
                zone=grid.zone,
                may_flow=may_flow[gap.channel],
                most_power=most_power,
            )

        return spread


def _grid(seconds: float) -> IntervalGrid:
    return IntervalGrid(zone=dt_util.get_default_time_zone(), seconds=seconds)
