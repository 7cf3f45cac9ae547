"""When the stored files of a meter are written.

Counter values are written five minutes after the first change since the last write, with
everything else that has changed. What matters sooner has a deadline of its own. Such a write takes
the other files along, but not more often than once a minute.

After a kill, the files are up to five minutes old. docs/internals/stored-state.md lists the
deadlines, and what a kill costs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback

from .kept_state import KeptState

AT_ONCE: Final = 0.0
"""s from a change to the write, at most: for what a kill must not cost."""
SOON: Final = 10.0
"""The same in s, for rare changes, such as an alarm or a verdict."""
WHILE_COUNTING: Final = 300.0
"""The same in s, for values that change with each poll."""

_TOGETHER_AGAIN_AFTER: Final = 60.0
"""s between two early writes that take along the files whose deadlines are later."""

type Content = Callable[[], dict[str, Any]]


class StateSaver:
    """Writes the files of one meter."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any file."""
        self._hass = hass
        self._entry = entry
        self._files: dict[KeptState[Any], Content] = {}
        self._last: list[Callable[[], Awaitable[None]]] = []
        self._deadlines: dict[KeptState[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._unsubscribe: CALLBACK_TYPE | None = None
        self._written_together = -inf
        self._writing = asyncio.Lock()
        self.finished = False
        """Whether the last write is under way or done: nothing more is shown after it."""

    def add(self, file: KeptState[Any], content: Content) -> None:
        """Add a file; ``content`` returns what to write."""
        self._files[file] = content

    def add_last(self, write: Callable[[], Awaitable[None]]) -> None:
        """Add what else is to be written when everything is, for the last time."""
        self._last.append(write)

    @callback
    def async_begin(self) -> None:
        """Make sure that everything is written when Home Assistant stops."""
        self._unsubscribe = self._hass.bus.async_listen_once(
            EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_final_write
        )
        # An entry whose setup fails never finishes. Its timer must not overwrite newer files.
        self._entry.async_on_unload(self._async_stop)

    @callback
    def async_changed(self, file: KeptState[Any], within: float) -> None:
        """Write a file within so many seconds."""
        if self.finished:
            return
        deadline = self._hass.loop.time() + within
        self._deadlines[file] = min(deadline, self._deadlines.get(file, deadline))
        self._async_set_timer()

    async def async_write(self, file: KeptState[Any]) -> None:
        """Write a file now."""
        await self._async_write([file])

    async def async_finish(self) -> None:
        """Write all files, for the last time."""
        self.finished = True
        self._async_stop()
        await self._async_write(list(self._files))
        for write in self._last:
            await write()

    async def _async_final_write(self, _event: Event) -> None:
        self._unsubscribe = None
        await self.async_finish()

    @callback
    def _async_stop(self) -> None:
        self._deadlines.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _async_set_timer(self) -> None:
        """Wake up at the earliest deadline."""
        at = min(self._deadlines.values(), default=inf)
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
            self._timer = None
        if at < inf:
            self._timer = self._hass.loop.call_at(at, self._async_on_deadline, at)

    @callback
    def _async_on_deadline(self, due: float) -> None:
        self._timer = None
        if due - self._written_together >= _TOGETHER_AGAIN_AFTER:
            self._written_together = due
            files = list(self._deadlines)
        else:
            files = [file for file, deadline in self._deadlines.items() if deadline <= due]
        for file in files:
            del self._deadlines[file]
        self._hass.async_create_task(self._async_write(files), "write a meter's files")
        self._async_set_timer()

    async def _async_write(self, files: Sequence[KeptState[Any]]) -> None:
        # Older content must not be written after newer content.
        async with self._writing:
            contents = {file: self._files[file]() for file in files}
            for file, content in contents.items():
                await file.async_write(content)
