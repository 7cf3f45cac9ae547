"""Entries step aside while the link that they hold is searched, and come back afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..connection.link import link_params
from ..connection.serial_ports import async_resolved
from ..const import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    DOMAIN,
    FRAMING_RTU,
    FRAMING_TCP,
    TRANSPORT_NETWORK,
)

_OF_THE_WHOLE_BUS: Final = {CONF_BAUDRATE, CONF_PARITY, CONF_STOPBITS, CONF_FRAMING}
"""What all devices that are reached through one port or adapter have in common."""

_COMES_BACK_WITHIN: Final = 30.0
"""Seconds after which nobody is taken to look at what a search has found."""

_NOT_IN_USE: Final = (ConfigEntryState.NOT_LOADED, ConfigEntryState.SETUP_RETRY)
"""As it has stepped aside, or as it was set up meanwhile and had to wait."""

DATA_ASIDE: HassKey[set[str]] = HassKey(f"{DOMAIN}_aside")
"""The ids of entries that are unloaded only while their link is searched."""


def is_suspended(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Tell whether an entry has stepped aside; set up by somebody else, it has to wait."""
    return entry.entry_id in hass.data.get(DATA_ASIDE, ())


class SuspendedEntries:
    """The entries that have stepped aside for the searches of one flow.

    Those that hold the very link do so, unless their meters answer on it; the one that is being
    reconfigured does in any case.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        reconfigured: str | None,
        async_let_go: Callable[[], Awaitable[None]],
    ) -> None:
        """Begin with none.

        ``reconfigured`` is the id of the entry that the flow is about, if there is one, and
        ``async_let_go`` waits until the search has let go of its link.
        """
        self._hass = hass
        self._reconfigured = reconfigured
        self._async_let_go = async_let_go
        self._entries: list[ConfigEntry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._coming_back: asyncio.Task[None] | None = None

    async def async_make_way(self, data: Mapping[str, Any]) -> None:
        """Let entries step aside that hold the very link, but whose meters do not answer on it.

        It may well be that its settings are others now. An entry that waits for its next attempt
        may take the link at any time, so that it counts.
        """
        endpoints = {link_params(data).endpoint}
        if data[CONF_TRANSPORT] == TRANSPORT_NETWORK:
            endpoints |= {
                link_params({**data, CONF_FRAMING: framing}).endpoint
                for framing in (FRAMING_TCP, FRAMING_RTU)
            }
        for entry in self._hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        ):
            current = await async_resolved(self._hass, entry.data)
            if link_params(current).endpoint in endpoints:
                await self._async_step_aside(entry)

    async def _async_step_aside(self, entry: ConfigEntry) -> None:
        async with entry.setup_lock:
            waiting = entry.state is ConfigEntryState.SETUP_RETRY
            loaded = entry.state is ConfigEntryState.LOADED
            silent = loaded and not entry.runtime_data.last_update_success
        if not (waiting or silent or (loaded and self._is_reconfigured(entry))):
            return
        self._hass.data.setdefault(DATA_ASIDE, set()).add(entry.entry_id)
        await self._hass.config_entries.async_unload(entry.entry_id)
        self._entries.append(entry)

    def _is_reconfigured(self, entry: ConfigEntry) -> bool:
        return entry.entry_id == self._reconfigured

    @callback
    def async_hand_over(self) -> list[ConfigEntry]:
        """Return the entries, which another search is to let come back."""
        entries, self._entries = self._entries, []
        return entries

    @callback
    def async_take_over(self, entries: list[ConfigEntry]) -> None:
        """Let entries come back that have stepped aside for another search."""
        self._entries += entries

    @callback
    def async_follow(self, data: Mapping[str, Any]) -> None:
        """Let the entries go on with the settings that were found.

        One that is reconfigured is about to be set up with all of these data.
        """
        settings = {key: data[key] for key in _OF_THE_WHOLE_BUS & data.keys()}
        for entry in list(self._entries):
            if self._is_reconfigured(entry):
                self._entries.remove(entry)
                self._hass.data[DATA_ASIDE].discard(entry.entry_id)
            else:
                self._hass.config_entries.async_update_entry(entry, data={**entry.data, **settings})
        self.async_come_back()

    @callback
    def async_come_back_later(self) -> None:
        """Let the entries go on as before, unless somebody looks at what was found for them."""
        if self._entries:
            self._timer = self._hass.loop.call_later(_COMES_BACK_WITHIN, self.async_come_back)

    @callback
    def async_come_back(self) -> None:
        """Let the entries go on as before."""
        if self._timer is not None:
            self._timer.cancel()
        if entries := self.async_hand_over():
            self._coming_back = self._hass.async_create_task(self._async_set_up(entries))

    async def async_wait(self) -> None:
        """Wait for entries that are about to come back."""
        if self._coming_back is not None:
            await asyncio.wait([self._coming_back])

    async def _async_set_up(self, entries: list[ConfigEntry]) -> None:
        """Set entries up again that are still there, once the search has let go of their link."""
        await self._async_let_go()
        manager = self._hass.config_entries
        for entry in entries:
            self._hass.data[DATA_ASIDE].discard(entry.entry_id)
            there = manager.async_get_entry(entry.entry_id) is entry
            if there and entry.state in _NOT_IN_USE:
                await manager.async_reload(entry.entry_id)
