"""The file with the register reads around interval borders, for three years."""

import asyncio
from collections.abc import Callable, Collection
import logging
from pathlib import Path
import sqlite3
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from ..meter.intervals import HELD, RECENT, Tracks, joined, most_reads, storable, track_changes
from . import reads_database
from .kept_state import log_set_aside, set_aside
from .reads_database import COLUMNS

_LOGGER = logging.getLogger(__name__)

_CONTENT: Final = "the interval data of earlier days"


class IntervalFile:
    """The SQLite file of one meter.

    It is written at the borders of intervals. What could not be written, because the disk is full
    for example, is written at the next border. A damaged file is renamed, and a new one begun.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, interval: float) -> None:
        """Begin without a file; ``interval`` is the length of an interval in s."""
        self._hass = hass
        self._title = entry.title
        self._path = _path(hass, entry)
        self._most_reads = most_reads(interval)
        self._written: Tracks = {}
        self._writing = asyncio.Lock()
        self._is_failing = False

    async def async_load(self) -> Tracks:
        """Return the stored reads of the latest days; drop those that are too old."""
        self._written = loaded = await self._async_guarded(self._load) or {}
        if loaded:
            await self._async_guarded(self._drop_old)
        return loaded

    async def async_write(self, tracks: Tracks) -> None:
        """Write what has changed since the last time in the reads that are held in memory."""
        async with self._writing:
            wanted = storable(self._written, tracks)
            changes = track_changes(self._written, wanted)

            def write() -> Tracks:
                reads_database.write(self._path, changes)
                return wanted

            if changes and (written := await self._async_guarded(write)):
                self._written = written
                self._log_success()

    async def async_written(self) -> None:
        """Wait for a write that is under way."""
        async with self._writing:
            pass

    async def async_tracks(
        self, start: float, end: float, recent: Tracks, names: Collection[str] = COLUMNS
    ) -> Tracks:
        """Return the reads of some tracks between two instants in s, with those next to them.

        ``recent`` are the tracks that are held in memory. By default, the totals are returned.
        """
        held = _named(recent, names)
        if held and all(track.since <= start for track in held.values()):
            return held
        return await self._async_guarded(lambda: self.tracks(start, end, recent, names)) or held

    def tracks(
        self, start: float, end: float, recent: Tracks, names: Collection[str] = COLUMNS
    ) -> Tracks:
        """Do the same in the executor; raises sqlite3.Error."""
        held = _named(recent, names)
        if not self._path.exists():
            return held
        stored = reads_database.between(self._path, start, end, held.keys() or names)
        return joined(stored, held)

    def _load(self) -> Tracks:
        if not self._path.exists():
            return {}
        reads_database.check(self._path)
        return reads_database.latest(self._path, RECENT)

    def _drop_old(self) -> None:
        reads_database.drop_old(self._path, self._most_reads, HELD)

    async def _async_guarded[T](self, job: Callable[[], T]) -> T | None:
        """Return what a job in the executor returns; None if the file cannot be used."""
        try:
            return await self._hass.async_add_executor_job(job)
        except sqlite3.DatabaseError as err:
            if reads_database.is_passing(err):
                self._log_failure(err)
            else:
                where = await self._hass.async_add_executor_job(set_aside, self._path)
                log_set_aside(self._title, _CONTENT, err, where)
                self._written = {}
            return None

    def _log_success(self) -> None:
        """Say that the file can be written again; that it can be read is not enough."""
        if self._is_failing:
            _LOGGER.warning("The interval data of %s is stored again", self._title)
            self._is_failing = False

    def _log_failure(self, err: sqlite3.DatabaseError) -> None:
        """Say once that the file cannot be used, until it can be again."""
        if not self._is_failing:
            _LOGGER.error(
                "The interval data of %s cannot be read or written now (%s). Check the disk with "
                "%s. The meter works without it, and no data is lost if this ends within three "
                "days",
                self._title,
                err,
                self._path,
            )
        self._is_failing = True


async def async_remove_intervals(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove a meter's file and its renamed copies."""
    path = _path(hass, entry)

    def unlink() -> None:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()

    await hass.async_add_executor_job(unlink)


def _named(tracks: Tracks, names: Collection[str]) -> Tracks:
    return {name: track for name, track in tracks.items() if name in names}


def _path(hass: HomeAssistant, entry: ConfigEntry) -> Path:
    return Path(hass.config.path(".storage", f"{DOMAIN}.{entry.entry_id}.intervals.db"))
