"""Keep the states that are made for automations: by the owner's options, and across restarts."""

from dataclasses import asdict, replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_EXPORT_HOLD,
    CONF_EXPORT_THRESHOLD,
    CONF_OVERLOAD_HOLD,
    CONF_OVERLOAD_THRESHOLD,
    CONF_PHASE_LOST_HOLD,
    CONF_VOLTAGE_HOLD,
    DEFAULT_EXPORT_HOLD,
    DEFAULT_EXPORT_THRESHOLD,
    DEFAULT_OVERLOAD_HOLD,
    DEFAULT_OVERLOAD_THRESHOLD,
    DEFAULT_PHASE_LOST_HOLD,
    DEFAULT_SCAN_INTERVAL,
    DEFAULT_VOLTAGE_HOLD,
    DOMAIN,
)
from ..current import service_current
from ..meter import Reading
from ..meter.alarms import AlarmMemory, AlarmOptions, AlarmStates, states_after

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


def alarm_options(entry: ConfigEntry) -> AlarmOptions:
    """Return the owner's choices."""
    options = entry.options
    percent: float = options.get(CONF_OVERLOAD_THRESHOLD, DEFAULT_OVERLOAD_THRESHOLD)
    return AlarmOptions(
        export_threshold=options.get(CONF_EXPORT_THRESHOLD, DEFAULT_EXPORT_THRESHOLD),
        export_hold=options.get(CONF_EXPORT_HOLD, DEFAULT_EXPORT_HOLD),
        overload_threshold=percent / 100,
        overload_hold=options.get(CONF_OVERLOAD_HOLD, DEFAULT_OVERLOAD_HOLD),
        service_current=service_current(options),
        phase_lost_hold=options.get(CONF_PHASE_LOST_HOLD, DEFAULT_PHASE_LOST_HOLD),
        voltage_hold=options.get(CONF_VOLTAGE_HOLD, DEFAULT_VOLTAGE_HOLD),
    )


class AlarmKeeper:
    """The states of one meter in Home Assistant."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any memory; ``async_load`` brings it."""
        self._clock = hass.loop.time
        self._save_due = 0.0
        self._store = alarm_store(hass, entry)
        self._options = alarm_options(entry)
        interval = entry.options.get(CONF_SCAN_INTERVAL, DEFAULT_SCAN_INTERVAL.total_seconds())
        self._patience = max(_SHORTEST_OUTAGE, _POLLS_TO_AN_OUTAGE * interval)
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
