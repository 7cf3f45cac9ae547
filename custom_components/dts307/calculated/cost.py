"""Publish what energy costs, as the meter is read and prices change."""

from collections.abc import Mapping
from decimal import Decimal
import logging
from typing import override

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..coordinator import Dts307ConfigEntry
from ..prices import async_watch_prices

_LOGGER = logging.getLogger(__name__)

type Costs = Mapping[str, Decimal | None]
"""The running costs by counter, in Home Assistant's currency."""


class CostCoordinator(DataUpdateCoordinator[Costs]):
    """Announces what energy costs, and polls nothing."""

    config_entry: Dts307ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
        """Begin without any cost."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"{entry.title} cost")
        self.data = {}
        self._keeper = entry.runtime_data.store.cost
        self._is_booking = False

    @callback
    def async_start(self) -> None:
        """Learn past prices, then follow them and the meter until the entry is unloaded."""
        self.config_entry.async_create_background_task(
            self.hass, self._async_begin(), "learn energy prices"
        )

    @override
    async def _async_update_data(self) -> Costs:
        """Return what is known, for who asks to update a sensor."""
        return self.data

    async def _async_begin(self) -> None:
        entry, keeper = self.config_entry, self._keeper
        await keeper.async_learn()
        keeper.async_follow()
        entities = {source for source in keeper.sources.values() if isinstance(source, str)}
        entry.async_on_unload(
            async_track_state_change_event(self.hass, entities, self._async_price_changed)
        )
        async_watch_prices(self.hass, entry, entities)
        entry.async_on_unload(entry.runtime_data.async_add_listener(self._async_read))
        self._async_read()

    @callback
    def _async_price_changed(self, event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            self._keeper.async_price_changed(state)

    @callback
    def _async_read(self) -> None:
        """Show what the latest reading adds; book first what has ended."""
        if self._is_booking:
            return
        if self._keeper.is_due:
            self._is_booking = True
            self.config_entry.async_create_background_task(
                self.hass, self._async_book(), "book energy cost"
            )
        else:
            self._async_publish()

    async def _async_book(self) -> None:
        try:
            await self._keeper.async_book()
        finally:
            self._is_booking = False
        self._async_publish()

    @callback
    def _async_publish(self) -> None:
        self.data = {name: self._keeper.total(name) for name in self._keeper.sources}
        self.async_update_listeners()
