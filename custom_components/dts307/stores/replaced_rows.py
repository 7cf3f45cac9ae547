"""Keep the statistics rows of outages that were filled in, as they were before."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..meter.intervals import Row
from .formats import REPLACED_ROWS
from .kept_state import KeptState
from .state_saver import SOON, StateSaver

FILE_REPLACED_ROWS: Final = "replaced_rows"

MOST_ROWS: Final = 10_000
"""Those of 200 days of outages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedRows:
    """The rows of one sensor and one outage, in the order of their time."""

    key: str
    """the sensor's"""
    unit: str | None
    rows: Sequence[Row]

    def overlaps(self, start: float, end: float) -> bool:
        """Return whether an hour of it starts between two instants in s."""
        return any(start <= row.start < end for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return the rows as JSON holds them."""
        rows = [[row.start, row.state, row.sum] for row in self.rows]
        return {"key": self.key, "unit": self.unit, "rows": rows}


class ReplacedRowsKeeper:
    """What was changed in the statistics of one meter, and up to when they were checked."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, saver: StateSaver) -> None:
        """Begin without any; ``async_load`` brings what was stored."""
        self._saver = saver
        self._file = KeptState(
            hass,
            entry,
            FILE_REPLACED_ROWS,
            parse=parse_replaced_rows,
            content="the statistics as they were before outages were filled in",
        )
        self._checked: dict[str, float] = {}
        self._replaced: Sequence[ReplacedRows] = ()
        self.changing = asyncio.Lock()
        """held while statistics are changed"""

    @property
    def checked(self) -> Mapping[str, float]:
        """Up to when the statistics of each sensor were checked, in s, by its key."""
        return self._checked

    async def async_load(self) -> None:
        """Restore what was stored."""
        if stored := await self._file.async_load():
            self._checked, self._replaced = stored

    @callback
    def async_set_checked(self, key: str, until: float) -> None:
        """Note that the statistics of a sensor were checked until an instant in s.

        It is written at the end of the run: to check hours again changes nothing.
        """
        is_first = key not in self._checked
        self._checked[key] = until
        self._add_file()
        if is_first:
            self._saver.async_changed(self._file, SOON)

    @callback
    def async_forget_checked(self) -> None:
        """Note that outages up to now are not to be filled in."""
        if self._checked:
            self._checked = {}
            self._add_file()
            self._saver.async_changed(self._file, SOON)

    async def async_keep(self, replaced: ReplacedRows) -> None:
        """Store rows before they are replaced, and drop the oldest if there are too many."""
        kept, rows = [replaced], len(replaced.rows)
        for each in reversed(self._replaced):
            if (rows := rows + len(each.rows)) > MOST_ROWS:
                break
            kept.append(each)
        self._replaced = tuple(reversed(kept))
        self._add_file()
        await self._saver.async_write(self._file)

    def between(self, start: float, end: float) -> Sequence[ReplacedRows]:
        """Return the outages with hours that start between two instants in s."""
        return [each for each in self._replaced if each.overlaps(start, end)]

    async def async_drop(self, replaced: ReplacedRows) -> None:
        """Drop rows that have been restored."""
        self._replaced = tuple(each for each in self._replaced if each != replaced)
        self._add_file()
        await self._saver.async_write(self._file)

    def _add_file(self) -> None:
        """Write the file, too, when all files are written: a meter without statistics has none."""
        self._saver.add(self._file, self._as_dict)

    def _as_dict(self) -> dict[str, Any]:
        return {"checked": self._checked, "replaced": [each.as_dict() for each in self._replaced]}


def parse_replaced_rows(stored: Any) -> tuple[dict[str, float], Sequence[ReplacedRows]]:
    """Return what a stored file holds.

    Raises vol.Invalid.
    """
    parsed = REPLACED_ROWS(stored)
    replaced = tuple(
        ReplacedRows(
            key=each["key"],
            unit=each["unit"],
            rows=tuple(Row(start=start, state=state, sum=total) for start, state, total in rows),
        )
        for each in parsed["replaced"]
        if (rows := each["rows"])
    )
    return parsed["checked"], replaced
