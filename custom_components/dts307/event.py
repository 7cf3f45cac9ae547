"""The event entity of a meter: outages, rollovers, answers of the owner, and its replacement."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import Dts307ConfigEntry
from .descriptions import LOGGED_EVENTS
from .meter_events import MeterOccurrence, signal_of

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Dts307ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entity of a meter."""
    async_add_entities([MeterEventsEntity(entry)])


class MeterEventsEntity(EventEntity):
    """Shows the latest event of a meter; it stays available while the meter is not."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    entity_description = LOGGED_EVENTS

    def __init__(self, entry: Dts307ConfigEntry) -> None:
        """Attach to the device of an entry's meter."""
        self._signal = signal_of(entry)
        self._attr_unique_id = f"{entry.unique_id}_{LOGGED_EVENTS.key}"
        self._attr_device_info = entry.runtime_data.device_info

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(async_dispatcher_connect(self.hass, self._signal, self._async_show))

    @callback
    def _async_show(self, event: MeterOccurrence) -> None:
        self._trigger_event(event.type, event.attributes)
        self.async_write_ha_state()
