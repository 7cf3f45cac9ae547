"""Find out how often the values of a meter are refreshed, and say so if it is seldom."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Reading
from ..meter.validation import HeldValues, RefreshCadence

_ISSUE: Final = "slow_refresh"


class RefreshKeeper:
    """How often the values of one meter are refreshed."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any evidence."""
        self._hass = hass
        self._entry = entry
        self._cadence = RefreshCadence()
        self._minutes = 0

    @property
    def period(self) -> float:
        """The time from one refresh to the next in s; 0 if values are live, or not known yet."""
        return self._cadence.period

    @property
    def held(self) -> float:
        """For how many s a cache may have held the latest reading."""
        return self._cadence.held

    @property
    def held_values(self) -> HeldValues | None:
        """The latest values, and since when a cache may have held them."""
        return self._cadence.held_values

    @callback
    def async_restore(self, period: float, values: HeldValues | None) -> None:
        """Continue with the period and the values that were stored."""
        async_withdraw_issue(self._hass, self._entry, _ISSUE)
        self._cadence = RefreshCadence(period=period, restored=values)
        self._async_update_issue()

    @callback
    def async_check(self, reading: Reading, now: float) -> None:
        """Evaluate a reading."""
        self._cadence = self._cadence.after(reading, now)
        self._async_update_issue()

    @callback
    def _async_update_issue(self) -> None:
        minutes = round(self.period / 60)
        if minutes == self._minutes:
            return
        self._minutes = minutes
        if minutes:
            placeholders = {"minutes": str(minutes)}
            async_raise_issue(self._hass, self._entry, _ISSUE, placeholders=placeholders)
        else:
            async_withdraw_issue(self._hass, self._entry, _ISSUE)
