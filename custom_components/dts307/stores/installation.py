"""Watch how a meter is installed: how it counts, which way is import, whether it measures."""

from math import inf
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.sun import is_up

from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import Reading
from ..meter.installation import (
    CountDirections,
    CtFaults,
    NoMeasurement,
    PowerSign,
    PowerSignState,
    SwappedCts,
    count_directions_as_dict,
    count_directions_from_dict,
    measures_nothing,
    observe,
    with_exports_counting_up,
    with_import_positive,
)
from ..options import MeterOptions
from .clock import ClockKeeper
from .formats import INSTALLATION
from .kept_state import KeptState
from .state_saver import SOON, WHILE_COUNTING, StateSaver

FILE_INSTALLATION: Final = "direction"
_MEASURES_NOTHING_AFTER: Final = 60.0
"""s; one reading may be taken just as the power fails"""
_SUN_SEEN_EVERY: Final = 60.0
"""s; the place of the sun takes longer to calculate than most of a poll"""

_TURNED: Final = "power_turned"
_UNSIGNED: Final = "power_unsigned"
_OPPOSITE: Final = "phase_opposite"
_SWAPPED: Final = "phases_swapped"
_ALL: Final = (_TURNED, _UNSIGNED, _OPPOSITE, _SWAPPED, *NoMeasurement)

_VERDICTS: Final = ("direction", "suspect_phases", "senses", "swapped_phases")
"""The keys of the file that hold verdicts; a change of these is written soon."""


class InstallationKeeper:
    """What the readings of one meter show about how it is installed."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        options: MeterOptions,
        saver: StateSaver,
        clock: ClockKeeper,
    ) -> None:
        """Begin without any evidence; ``async_load`` brings it."""
        self._hass = hass
        self._entry = entry
        self._saver = saver
        self._clock = clock
        self._file = KeptState(
            hass,
            entry,
            FILE_INSTALLATION,
            parse=parse_installation,
            content="what it has found out about the sign of power, and reversed or swapped CTs",
        )
        saver.add(self._file, self._as_dict)
        self._state = PowerSignState()
        self._count_directions: CountDirections = {}
        self._swapped = SwappedCts()
        self._chosen = options.power_sign
        self._nothing: NoMeasurement | None = None
        self._nothing_since = 0.0
        self._raised: dict[str, dict[str, str]] = {}
        self._dark = False
        self._sun_seen_at = -inf

    async def async_load(self) -> None:
        """Restore the evidence."""
        for key in _ALL:
            # It was raised by the evidence and the options of an earlier run.
            async_withdraw_issue(self._hass, self._entry, key)
        if stored := await self._file.async_load():
            self._state, self._count_directions, self._swapped = stored

    def _as_dict(self) -> dict[str, Any]:
        return {
            **self._state.as_dict(),
            "senses": count_directions_as_dict(self._count_directions),
            **self._swapped.as_dict(),
        }

    @callback
    def async_check(self, reading: Reading) -> Reading:
        """Evaluate a reading; return it with import positive and counters that count up."""
        now, dark = self._clock.current.now, self._is_dark()
        before = self._as_dict()
        self._count_directions, reading = with_exports_counting_up(self._count_directions, reading)
        self._state = observe(self._state, reading, now, dark=dark)
        shown = with_import_positive(reading, self._power_sign, self._state.last_counted)
        if self._power_sign in {PowerSign.IMPORT_POSITIVE, PowerSign.EXPORT_POSITIVE}:
            self._swapped = self._swapped.after(shown, now, dark=dark)
        after = self._as_dict()
        if after != before:
            decided = any(after[key] != before[key] for key in _VERDICTS)
            self._saver.async_changed(self._file, SOON if decided else WHILE_COUNTING)
        self._async_update_issues(self._findings(reading, now))
        return shown

    @callback
    def _is_dark(self) -> bool:
        """Return whether the sun is down, to the minute."""
        now = self._clock.current.now
        if now >= self._sun_seen_at + _SUN_SEEN_EVERY:
            self._dark, self._sun_seen_at = not is_up(self._hass), now
        return self._dark

    @property
    def ct_faults(self) -> CtFaults:
        """Which CTs look wrong. A swapped CT looks reversed as well, so it is named once."""
        swapped = self._swapped.phases
        return CtFaults(reversed=self._state.suspect_phases - swapped, swapped=swapped)

    @property
    def _power_sign(self) -> PowerSign:
        return self._chosen or self._state.verdict

    def _findings(self, reading: Reading, now: float) -> dict[str, dict[str, str]]:
        """Return the issues that there are now, with their placeholders."""
        findings: dict[str, dict[str, str]] = {}
        if self._chosen is None and self._power_sign is PowerSign.EXPORT_POSITIVE:
            findings[_TURNED] = {}
        if self._power_sign is PowerSign.UNSIGNED:
            findings[_UNSIGNED] = {}
        faults = self.ct_faults
        for key, phases in ((_OPPOSITE, faults.reversed), (_SWAPPED, faults.swapped)):
            if phases:
                findings[key] = {"phases": ", ".join(sorted(phases)).upper()}
        nothing = measures_nothing(reading)
        if nothing is not self._nothing:
            self._nothing, self._nothing_since = nothing, now
        if nothing and now - self._nothing_since >= _MEASURES_NOTHING_AFTER:
            findings[nothing.value] = {}
        return findings

    @callback
    def _async_update_issues(self, findings: dict[str, dict[str, str]]) -> None:
        """Raise an issue for each new finding, and withdraw those that no longer apply."""
        for key, placeholders in findings.items():
            if self._raised.get(key) != placeholders:
                async_raise_issue(self._hass, self._entry, key, placeholders=placeholders)
        for key in self._raised.keys() - findings.keys():
            async_withdraw_issue(self._hass, self._entry, key)
        self._raised = findings


def parse_installation(stored: Any) -> tuple[PowerSignState, CountDirections, SwappedCts]:
    """Return what a stored file says of the sign of power, the registers and swapped CTs.

    Raises vol.Invalid.
    """
    parsed = INSTALLATION(stored)
    return (
        PowerSignState.from_dict(parsed),
        count_directions_from_dict(parsed["senses"]),
        SwappedCts.from_dict(parsed),
    )
