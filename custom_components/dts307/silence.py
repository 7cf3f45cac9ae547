"""Tell the owner of a meter that it has not answered for long, and what to do about that.

A short outage mends itself, and shows at the entities. One that lasts is for the owner to mend, who
may not be looking at them.

While a meter is silent, its entry may be loaded, wait for its meter, and be reloaded in between:
that is still the same silence. So it is kept beside all these, until the meter answers or the entry
is not in use any more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .issues import async_raise_issue, async_withdraw_issue
from .meter import AnotherMeterError
from .scan.suspension import is_suspended

LONG: Final = 600.0
"""Seconds; a restart of a router or an adapter is over by then."""

_NOT_ANSWERING: Final = "not_answering"

_SILENCES: HassKey[dict[str, _Silence]] = HassKey(f"{DOMAIN}_silences")
"""The silence of each meter that does not answer, by the id of its entry."""


async def async_note_silence(
    hass: HomeAssistant, entry: ConfigEntry, key: str, placeholders: Mapping[str, str]
) -> None:
    """Take note that an entry's meter could not be read; the exception's text ``key`` says why.

    Another meter in its place is no silence, and there is a question of its own about that.
    """
    if key == AnotherMeterError.reason:
        async_end_silence(hass, entry)
        return
    silences = hass.data.setdefault(_SILENCES, {})
    if entry.entry_id not in silences:
        silences[entry.entry_id] = _Silence(hass, entry)
    await silences[entry.entry_id].async_go_on(key, placeholders)


@callback
def async_end_silence(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take note that something answers for an entry, or that it is not in use any more."""
    if silence := hass.data.get(_SILENCES, {}).pop(entry.entry_id, None):
        silence.async_end()


class _Silence:
    """The time since a meter has answered last."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin now."""
        self._hass = hass
        self._entry = entry
        self._begun = hass.loop.time()
        self._since = dt_util.utcnow()
        self._latest: tuple[str, Mapping[str, str]] | None = None
        self._told = False
        self._unsubscribe = async_dispatcher_connect(
            hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed
        )

    async def async_go_on(self, key: str, placeholders: Mapping[str, str]) -> None:
        """Tell the owner if it is time; a reason other than the one told has to come twice."""
        failure = (key, placeholders)
        lasting, self._latest = failure == self._latest, failure
        if self._hass.loop.time() - self._begun < LONG or (self._told and not lasting):
            return
        self._told = True
        language = self._hass.config.language
        texts = await async_get_translations(self._hass, language, "exceptions", [DOMAIN])
        reason = texts[f"component.{DOMAIN}.exceptions.{key}.message"].format(**placeholders)
        told = {"reason": reason, **_in_parts(dt_util.as_local(self._since))}
        async_raise_issue(self._hass, self._entry, _NOT_ANSWERING, placeholders=told)

    @callback
    def async_end(self) -> None:
        """Take back what was told."""
        self._unsubscribe()
        async_withdraw_issue(self._hass, self._entry, _NOT_ANSWERING)

    @callback
    def _async_entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry is self._entry and entry.state is ConfigEntryState.NOT_LOADED:
            self._hass.async_create_task(self._async_end_unless_reloaded(), f"{entry.title} unused")

    async def _async_end_unless_reloaded(self) -> None:
        """End with the use of the entry, which a reload, holding this lock, goes on with."""
        async with self._entry.setup_lock:
            unloaded = self._entry.state is ConfigEntryState.NOT_LOADED
            if unloaded and not self._is_aside():
                async_end_silence(self._hass, self._entry)

    @callback
    def _is_aside(self) -> bool:
        """Tell whether the entry has only stepped aside for a search, to come back then."""
        manager = self._hass.config_entries
        there = manager.async_get_entry(self._entry.entry_id) is self._entry
        in_use = there and self._entry.disabled_by is None
        return in_use and is_suspended(self._hass, self._entry)


def _in_parts(when: datetime) -> dict[str, str]:
    """Return a time in parts, for each language to put them in its own order."""
    return {
        "time": when.strftime("%H:%M"),
        "day": when.strftime("%d"),
        "month": when.strftime("%m"),
        "year": when.strftime("%Y"),
    }
