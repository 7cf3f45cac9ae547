"""Keep the alarms of a meter: by the owner's options, and across restarts."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..meter import Reading
from ..meter.alarms import AlarmMemory, AlarmOptions, AlarmStates, states_after
from ..options import MeterOptions
from .clock import ClockKeeper
from .formats import ALARMS
from .kept_state import KeptState
from .state_saver import SOON, WHILE_COUNTING, StateSaver

FILE_ALARMS: Final = "states"
_POLLS_TO_AN_OUTAGE: Final = 3
_SHORTEST_OUTAGE: Final = 15.0
"""s; on a shared bus, a poll may wait for the other meters longer than its own interval."""


class AlarmKeeper:
    """The alarms of one meter in Home Assistant."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        options: MeterOptions,
        saver: StateSaver,
        clock: ClockKeeper,
    ) -> None:
        """Begin without any memory; ``async_load`` brings it."""
        self._options = options.alarms
        self._outage_after = max(_SHORTEST_OUTAGE, _POLLS_TO_AN_OUTAGE * options.poll_interval)
        self._memory = AlarmMemory()
        self._saver = saver
        self._clock = clock
        self._file = KeptState(
            hass,
            entry,
            FILE_ALARMS,
            parse=self._parse,
            content="which alarms are on, and the service voltage that it has detected",
        )
        saver.add(self._file, self._as_dict)

    async def async_load(self) -> None:
        """Restore the alarms, except those whose thresholds have changed."""
        if memory := await self._file.async_load():
            self._memory = memory

    @callback
    def async_check(self, reading: Reading) -> AlarmStates:
        """Return what follows from one more reading, which has import positive."""
        before, now = self._memory, self._clock.current.now
        self._memory, states = states_after(before, reading, self._options, now, self._outage_after)
        turned = self._memory.as_dict() != replace(before, seen=now).as_dict()
        # The time of the latest reading changes each time, and shows how long an outage was.
        self._saver.async_changed(self._file, SOON if turned else WHILE_COUNTING)
        return states

    def _parse(self, stored: Any) -> AlarmMemory:
        return parse_alarms(stored, self._options)

    def _as_dict(self) -> dict[str, Any]:
        return {"options": asdict(self._options), **self._memory.as_dict()}


def parse_alarms(stored: Any, chosen: AlarmOptions) -> AlarmMemory:
    """Return the memory of a stored file, as far as its options are those ``chosen`` now.

    Raises vol.Invalid.
    """
    parsed: Mapping[str, Any] = ALARMS(stored)
    before = parsed["options"]
    changed = {name for name, value in asdict(chosen).items() if before.get(name) != value}
    return AlarmMemory.from_dict(parsed, changed)
