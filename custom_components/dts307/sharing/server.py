"""One server for all meters of this Home Assistant."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..issues import async_raise_issue, async_withdraw_issue
from ..meter.sharing import ClientCounts, RegisterImage, SharedMeter
from .listener import Listener
from .options import ServerSettings, SharingOptions

UNIT_ID_TAKEN: Final = "sharing_unit_id_taken"


@dataclass(frozen=True, slots=True)
class _Share:
    """A meter that is to be shared."""

    entry: ConfigEntry
    unit_id: int
    meter: SharedMeter


class _Sharing:
    """Runs the server while there are meters to share."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._lock = asyncio.Lock()
        self._shares: dict[str, _Share] = {}
        """by entry ID, in the order in which they began"""
        self._served: dict[str, int] = {}
        """the unit IDs of those that are served, by entry ID"""
        self._listener: Listener | None = None
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, self._async_stopping)

    async def async_add(self, share: _Share, settings: ServerSettings) -> None:
        """Share a meter; the settings apply to all meters from now on."""
        async with self._lock:
            # A setup that has failed later, and is tried again, has shared it before.
            self._forget(share.entry)
            if self._listener is None or settings != self._listener.settings:
                await self._async_close()
                self._listener = await Listener.async_create(self._hass, settings)
                await self._listener.async_open()
            self._shares[share.entry.entry_id] = share
            self._serve(self._listener)

    async def async_remove(self, entry: ConfigEntry) -> None:
        """Share a meter no longer; close the port after the last one."""
        async with self._lock:
            self._forget(entry)
            if self._listener is not None and self._shares:
                self._serve(self._listener)
            else:
                await self._async_close()

    @callback
    def _forget(self, entry: ConfigEntry) -> None:
        self._shares.pop(entry.entry_id, None)
        unit_id = self._served.pop(entry.entry_id, None)
        if unit_id is not None and self._listener is not None:
            self._listener.server.meters.remove(unit_id)
        async_withdraw_issue(self._hass, entry, UNIT_ID_TAKEN)

    @callback
    def counts(self, entry: ConfigEntry) -> ClientCounts:
        """Return how an entry's meter is used."""
        unit_id = self._served.get(entry.entry_id)
        if self._listener is None or unit_id is None:
            return ClientCounts(0, 0)
        return self._listener.server.counts(unit_id)

    @callback
    def state(self) -> dict[str, Any]:
        """Return the state of the server for diagnostics."""
        server = None if self._listener is None else self._listener.server
        return {
            "is_running": server is not None and server.is_running,
            "port": None if server is None else server.port,
            "clients": 0 if server is None else server.clients,
            "unit_ids": sorted(self._served.values()),
        }

    @callback
    def _serve(self, listener: Listener) -> None:
        """Serve each meter whose unit ID no other has; raise an issue about the others."""
        meters = listener.server.meters
        for entry_id, share in self._shares.items():
            if entry_id in self._served:
                continue
            if share.unit_id in meters:
                placeholders = {"unit_id": str(share.unit_id)}
                async_raise_issue(self._hass, share.entry, UNIT_ID_TAKEN, placeholders=placeholders)
            else:
                meters.add(share.unit_id, share.meter)
                self._served[entry_id] = share.unit_id
                async_withdraw_issue(self._hass, share.entry, UNIT_ID_TAKEN)

    async def _async_close(self) -> None:
        if self._listener is not None:
            listener, self._listener = self._listener, None
            self._served.clear()
            await listener.async_close()

    async def _async_stopping(self, _event: Event) -> None:
        async with self._lock:
            await self._async_close()


_DATA_SHARING: HassKey[_Sharing] = HassKey(f"{DOMAIN}_sharing")


async def async_share(
    hass: HomeAssistant,
    entry: ConfigEntry,
    latest_image: Callable[[], RegisterImage | None],
    poll_interval: float,
) -> None:
    """Share an entry's meter if its options say so; ``poll_interval`` is in s."""
    options = SharingOptions.parse(entry.options)
    if options is None:
        return
    if (sharing := hass.data.get(_DATA_SHARING)) is None:
        sharing = hass.data[_DATA_SHARING] = _Sharing(hass)
    meter = SharedMeter.polled(latest_image, poll_interval)
    await sharing.async_add(_Share(entry, options.unit_id, meter), options.server)


async def async_stop_sharing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Share an entry's meter no longer."""
    if sharing := hass.data.get(_DATA_SHARING):
        await sharing.async_remove(entry)


@callback
def async_counts(hass: HomeAssistant, entry: ConfigEntry) -> ClientCounts:
    """Return how the meter of an entry is used that is shared."""
    return hass.data[_DATA_SHARING].counts(entry)


@callback
def async_sharing_state(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, Any] | None:
    """Return the state of the server; None if the entry's meter is not shared."""
    sharing = hass.data.get(_DATA_SHARING)
    if sharing is None or SharingOptions.parse(entry.options) is None:
        return None
    return sharing.state()
