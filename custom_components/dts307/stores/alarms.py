"""Keep the states that are made for automations: by the owner's options, and across restarts."""

from dataclasses import asdict, replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..meter import Reading
from ..meter.alarms import AlarmMemory, AlarmStates, states_after
from ..options import MeterOptions

_STORAGE_VERSION: Final = 1
_SAVE_DELAY: Final = 10.0
_SECONDS_BETWEEN_SAVES: Final = 180.0
"""Though nothing has turned, so that it is known, roughly, since when nothing has been seen."""
_POLLS_TO_AN_OUTAGE: Final = 3
_SHORTEST_OUTAGE: Final = 15.0
"""s; a poll may wait for the other meters on its bus longer than its own interval."""


def alarm_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the states of an entry's meter are kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.states")


class AlarmKeeper:
    """The states of one meter in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any memory; ``async_load`` brings it."""
        self._clock = hass.loop.time
        self._save_due = 0.0
        self._store = alarm_store(hass, entry)
        options = MeterOptions.parse(entry.options)
        self._options = options.alarms
        self._patience = max(_SHORTEST_OUTAGE, _POLLS_TO_AN_OUTAGE * options.poll_interval)
        self._memory = AlarmMemory()

    async def async_load(self) -> None:
        """Go on from the states that were last kept, as far as the options are the same."""
        if stored := await self._store.async_load():
            before: dict[str, Any] = stored["options"]
            options = asdict(self._options)
            changed = {name for name, value in options.items() if before.get(name) != value}
            self._memory = AlarmMemory.from_dict(stored, changed)

    async def async_save(self) -> None:
        """Keep the states as they are now."""
        await self._store.async_save(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return as JSON what is to be kept."""
        return {"options": asdict(self._options), **self._memory.as_dict()}

    @callback
    def async_check(self, reading: Reading) -> AlarmStates:
        """Return what follows from one more reading, which has import positive."""
        before, now = self._memory, dt_util.utcnow().timestamp()
        self._memory, states = states_after(before, reading, self._options, now, self._patience)
        turned = self._memory.as_dict() != replace(before, seen=now).as_dict()
        # One save is always under way, and is carried out early when Home Assistant stops.
        if turned or self._clock() >= self._save_due:
            delay = _SAVE_DELAY if turned else _SECONDS_BETWEEN_SAVES
            self._save_due = self._clock() + delay
            self._store.async_delay_save(self.as_dict, delay)
        return states
