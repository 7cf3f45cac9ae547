"""Watch what a meter gives away of itself: how it counts, its direction, whether it measures."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.helpers.sun import is_up
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Reading
from ..meter.installation import (
    CountDirections,
    NoMeasurement,
    PowerSign,
    PowerSignState,
    count_directions_as_dict,
    count_directions_from_dict,
    counting_up,
    measures_nothing,
    observe,
    oriented,
)
from ..options import MeterOptions

_STORAGE_VERSION: Final = 1
_SAVE_DELAY: Final = 10.0
_LASTING_SECONDS: Final = 60.0

_TURNED: Final = "power_turned"
_UNSIGNED: Final = "power_unsigned"
_OPPOSITE: Final = "phase_opposite"
_ALL: Final = (_TURNED, _UNSIGNED, _OPPOSITE, *NoMeasurement)


def installation_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the evidence on an entry's meter is kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.direction")


class InstallationKeeper:
    """What the readings of one meter tell about how it is installed."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any evidence; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._store = installation_store(hass, entry)
        self._state = PowerSignState()
        self._senses: CountDirections = {}
        self._chosen = MeterOptions.parse(entry.options).power_sign
        self._nothing: NoMeasurement | None = None
        self._nothing_since = 0.0
        self._raised: dict[str, dict[str, str]] = {}

    async def async_load(self) -> None:
        """Go on from the evidence that was last kept."""
        for key in _ALL:
            # It may have been told before, but not of the evidence and the options of now.
            async_withdraw_issue(self._hass, self._entry, key)
        if stored := await self._store.async_load():
            self._state = PowerSignState.from_dict(stored)
            self._senses = count_directions_from_dict(stored.get("senses", {}))

    async def async_save(self) -> None:
        """Keep the evidence as it is now."""
        await self._store.async_save(self._as_dict())

    def _as_dict(self) -> dict[str, Any]:
        return {**self._state.as_dict(), "senses": count_directions_as_dict(self._senses)}

    @callback
    def async_check(self, reading: Reading) -> Reading:
        """Take a reading in evidence; return it with import positive and counters that count up."""
        now = dt_util.utcnow().timestamp()
        before = self._as_dict()
        self._senses, reading = counting_up(self._senses, reading)
        self._state = observe(self._state, reading, now, dark=not is_up(self._hass))
        if self._as_dict() != before:
            self._store.async_delay_save(self._as_dict, _SAVE_DELAY)
        self._async_tell(self._findings(reading, now))
        return oriented(reading, self._direction, self._state.flowing)

    @property
    def _direction(self) -> PowerSign:
        return self._chosen or self._state.direction

    def _findings(self, reading: Reading, now: float) -> dict[str, dict[str, str]]:
        """Return the issues that there are now, with what is to be put into their texts."""
        findings: dict[str, dict[str, str]] = {}
        if self._chosen is None and self._direction is PowerSign.EXPORT_POSITIVE:
            findings[_TURNED] = {}
        if self._direction is PowerSign.UNSIGNED:
            findings[_UNSIGNED] = {}
        if phases := self._state.suspect_phases:
            findings[_OPPOSITE] = {"phases": ", ".join(sorted(phases)).upper()}
        nothing = measures_nothing(reading)
        if nothing is not self._nothing:
            self._nothing, self._nothing_since = nothing, now
        if nothing and now - self._nothing_since >= _LASTING_SECONDS:
            findings[nothing.value] = {}
        return findings

    @callback
    def _async_tell(self, findings: dict[str, dict[str, str]]) -> None:
        """Raise an issue for each new finding, and withdraw those that no longer hold."""
        for key, placeholders in findings.items():
            if self._raised.get(key) != placeholders:
                async_raise_issue(self._hass, self._entry, key, placeholders=placeholders)
        for key in self._raised.keys() - findings.keys():
            async_withdraw_issue(self._hass, self._entry, key)
        self._raised = findings
