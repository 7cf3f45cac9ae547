"""Follow a price entity that is renamed, and report one that shows no price."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HassJob,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.entity_registry import EventEntityRegistryUpdatedData
from homeassistant.helpers.event import (
    async_call_later,
    async_track_entity_registry_updated_event,
    async_track_state_change_event,
)

from ..issues import async_raise_issue, async_withdraw_issue
from ..options import CONF_EXPORT_PRICE_ENTITY, CONF_IMPORT_PRICE_ENTITY
from .price_entity import price_of

PRICE_MISSING: Final = "price_missing"

_MISSING_AFTER: Final = timedelta(hours=1)
"""Prices come and go while Home Assistant starts, or their provider does not answer."""


@callback
def async_watch_prices(
    hass: HomeAssistant, entry: ConfigEntry, entity_ids: Collection[str]
) -> None:
    """Watch the price entities of an entry until it is unloaded."""
    watch = _PriceWatch(hass, entry, entity_ids)
    entry.async_on_unload(
        async_track_entity_registry_updated_event(hass, entity_ids, watch.registry_changed)
    )
    entry.async_on_unload(async_track_state_change_event(hass, entity_ids, watch.state_changed))
    entry.async_on_unload(watch.stop)
    watch.look()


class _PriceWatch:
    """Raises a repair once a price has been missing for an hour, and withdraws it."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, entity_ids: Collection[str]
    ) -> None:
        self._hass = hass
        self._entry = entry
        self._entity_ids = entity_ids
        self._stop: CALLBACK_TYPE | None = None

    @callback
    def registry_changed(self, event: Event[EventEntityRegistryUpdatedData]) -> None:
        """Choose the new name of a renamed entity."""
        if event.data["action"] != "update" or "old_entity_id" not in event.data:
            return
        old, new = event.data["old_entity_id"], event.data["entity_id"]
        options = dict(self._entry.options)
        for key in (CONF_IMPORT_PRICE_ENTITY, CONF_EXPORT_PRICE_ENTITY):
            if options.get(key) == old:
                options[key] = new
        self._hass.config_entries.async_update_entry(self._entry, options=options)
        self._hass.config_entries.async_schedule_reload(self._entry.entry_id)

    @callback
    def state_changed(self, _event: Event[EventStateChangedData]) -> None:
        """Look again, because an entity shows something else or is gone."""
        self.look()

    @callback
    def look(self) -> None:
        """Withdraw the repair if all prices are there; otherwise raise it in an hour."""
        if not self._missing:
            self.stop()
            async_withdraw_issue(self._hass, self._entry, PRICE_MISSING)
        elif self._stop is None:
            job = HassJob(self._async_report, cancel_on_shutdown=True)
            self._stop = async_call_later(self._hass, _MISSING_AFTER, job)

    @callback
    def stop(self) -> None:
        """Report nothing."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    @property
    def _missing(self) -> list[str]:
        states = {entity_id: self._hass.states.get(entity_id) for entity_id in self._entity_ids}
        return sorted(
            entity_id
            for entity_id, state in states.items()
            if state is None or price_of(state) is None
        )

    @callback
    def _async_report(self, _now: datetime) -> None:
        async_raise_issue(
            self._hass,
            self._entry,
            PRICE_MISSING,
            placeholders={"entities": ", ".join(self._missing)},
        )
