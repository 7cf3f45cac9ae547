"""What Home Assistant has on its disk, and the time that passes until it writes there."""

import asyncio
from datetime import datetime, timedelta
import json
from pathlib import Path
import shutil
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.dts307.const import DOMAIN

_POLL: Final = 6.0
"""s in which a meter is polled once: its interval, and up to a second more"""

FILES: Final = ("counters", "direction", "states", "ledger", "totals")


def storage_key(entry: ConfigEntry, name: str) -> str:
    """Return the name of one of an entry's files, among all that Home Assistant stores."""
    return f"{DOMAIN}.{entry.entry_id}.{name}"


class Disk:
    """The files of one entry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Look where Home Assistant writes."""
        self._folder = Path(hass.config.path(".storage"))
        self._folder.mkdir(exist_ok=True)
        self._prefix = storage_key(entry, "")

    def path(self, name: str) -> Path:
        """Return where a file is."""
        return self._folder / (self._prefix + name)

    def content(self, name: str) -> Any:
        """Return what a file holds."""
        return json.loads(self.path(name).read_bytes())["data"]

    def write(self, name: str, data: Any, **envelope: Any) -> None:
        """Let a file hold something else."""
        head = {"version": 1, "minor_version": 1, "key": self._prefix + name}
        self.path(name).write_text(json.dumps({**head, **envelope, "data": data}))

    @property
    def names(self) -> set[str]:
        """The files that there are."""
        found = self._folder.glob(f"{self._prefix}*")
        return {path.name.removeprefix(self._prefix) for path in found}

    def copied(self) -> dict[str, bytes]:
        """Return all that would be left after a kill."""
        return {name: self.path(name).read_bytes() for name in self.names}

    def restore(self, files: dict[str, bytes]) -> None:
        """Let nothing have been written since these were copied."""
        for name in self.names:
            self.path(name).unlink()
        for name, content in files.items():
            self.path(name).write_bytes(content)

    def take_over(self, folder: Path) -> None:
        """Hold the files of a scenario."""
        for name in FILES:
            if (source := folder / f"{name}.json").exists():
                shutil.copyfile(source, self.path(name))


class Clock:
    """The clock of the wall and of the event loop, which stands still until a test moves it."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Let the loop go by the frozen clock, as it does by itself."""
        self._hass = hass
        self._freezer = freezer

    async def run(self, seconds: float, every: float = _POLL) -> None:
        """Let time pass in steps of so many seconds, and all that is due happen, poll by poll."""
        while seconds > 0:
            step = min(seconds, every)
            self._freezer.tick(timedelta(seconds=step))
            await self.settle()
            seconds -= step

    async def run_to(self, moment: datetime) -> None:
        """Let time pass until some moment."""
        await self.run((moment - dt_util.utcnow()).total_seconds())

    async def settle(self) -> None:
        """Let happen what is due now."""
        # Timers that are due run in the loop's next round, and what they start after it.
        for _ in range(3):
            await asyncio.sleep(0)
            await self._hass.async_block_till_done(wait_background_tasks=True)
