"""Suspend the entries on a bus while it is scanned, and resume them afterwards."""

import asyncio
from collections.abc import Awaitable, Callable

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..connection import BusAddress, MeterAddress, NetworkAdapter, async_resolved, async_timing
from ..const import DOMAIN
from ..lifecycle import async_withdraw_all

_NOT_IN_USE = (ConfigEntryState.NOT_LOADED, ConfigEntryState.SETUP_RETRY)
"""The states of a suspended entry: unloaded, or retried by Home Assistant since then."""

DATA_SUSPENDED: HassKey[set[str]] = HassKey(f"{DOMAIN}_suspended")
"""The IDs of the entries that are unloaded only while their bus is scanned."""


@callback
def is_suspended(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether an entry must not be set up, because its bus is being scanned."""
    return entry.entry_id in hass.data.get(DATA_SUSPENDED, ())


class SuspendedEntries:
    """The entries that are suspended for the scans of one flow.

    They are the entries on the bus whose meters do not answer, and the entry that is being
    reconfigured, even if its meter answers.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        reconfigured: str | None,
        async_close: Callable[[], Awaitable[None]],
    ) -> None:
        """Begin with none.

        ``reconfigured`` is the ID of the entry that the flow reconfigures, if it does, and
        ``async_close`` waits until the scan has closed its connection.
        """
        self._hass = hass
        self._reconfigured = reconfigured
        self._async_close = async_close
        self._entries: list[ConfigEntry] = []
        self._timer: asyncio.TimerHandle | None = None
        self._resuming: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no entries are suspended."""
        return not self._entries

    async def async_suspend(self, bus: BusAddress) -> None:
        """Suspend the entries on a bus whose meters do not answer there.

        The settings of the bus may have changed. An entry that waits for its next attempt counts,
        because it may open the connection at any time.
        """
        buses = bus.framings if isinstance(bus, NetworkAdapter) else [bus]
        endpoints = {each.params.endpoint for each in buses}
        for entry in self._hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        ):
            address = await async_resolved(self._hass, MeterAddress.parse(entry.data))
            if address.bus.params.endpoint in endpoints:
                await self._async_suspend_entry(entry)

    async def _async_suspend_entry(self, entry: ConfigEntry) -> None:
        async with entry.setup_lock:
            waiting = entry.state is ConfigEntryState.SETUP_RETRY
            loaded = entry.state is ConfigEntryState.LOADED
            silent = loaded and not entry.runtime_data.last_update_success
        if not (waiting or silent or (loaded and self._is_reconfigured(entry))):
            return
        self._hass.data.setdefault(DATA_SUSPENDED, set()).add(entry.entry_id)
        await self._hass.config_entries.async_unload(entry.entry_id)
        self._entries.append(entry)

    def _is_reconfigured(self, entry: ConfigEntry) -> bool:
        return entry.entry_id == self._reconfigured

    @callback
    def async_hand_over(self) -> list[ConfigEntry]:
        """Return the entries for another scan to resume."""
        entries, self._entries = self._entries, []
        return entries

    @callback
    def async_adopt(self, entries: list[ConfigEntry]) -> None:
        """Resume entries that were suspended for another scan."""
        self._entries += entries

    @callback
    def async_resume_with_settings(self, bus: BusAddress) -> None:
        """Resume the entries with the settings of the bus as they were found.

        The entry that is reconfigured is about to be set up by its flow.
        """
        for entry in list(self._entries):
            if self._is_reconfigured(entry):
                self._entries.remove(entry)
                self._hass.data[DATA_SUSPENDED].discard(entry.entry_id)
            else:
                address = MeterAddress.parse(entry.data).with_settings_of(bus)
                data = {**entry.data, **address.as_data()}
                self._hass.config_entries.async_update_entry(entry, data=data)
        self.async_resume()

    @callback
    def async_resume_later(self) -> None:
        """Resume the entries after a while, unless the person in the flow goes on first."""
        if self._entries:
            delay = async_timing(self._hass).entries_resume
            self._timer = self._hass.loop.call_later(delay, self.async_resume)

    @callback
    def async_resume(self) -> None:
        """Resume the entries."""
        if self._timer is not None:
            self._timer.cancel()
        if entries := self.async_hand_over():
            self._resuming = self._hass.async_create_task(self._async_set_up(entries))

    async def async_wait(self) -> None:
        """Wait for entries that are being resumed."""
        if self._resuming is not None:
            await asyncio.wait([self._resuming])

    async def _async_set_up(self, entries: list[ConfigEntry]) -> None:
        """Set up those entries that still exist, once the scan has closed its connection."""
        await self._async_close()
        manager = self._hass.config_entries
        for entry in entries:
            self._hass.data[DATA_SUSPENDED].discard(entry.entry_id)
            exists = manager.async_get_entry(entry.entry_id) is entry
            if exists and entry.disabled_by is not None:
                # Home Assistant does not announce it for an entry that is not loaded.
                async_withdraw_all(self._hass, entry)
            elif exists and entry.state in _NOT_IN_USE:
                await manager.async_reload(entry.entry_id)
