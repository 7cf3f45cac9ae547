"""The event entity of what happens to a meter."""

from typing import Final

from homeassistant.components.event import EventEntityDescription
from homeassistant.const import EntityCategory

from ..meter_events import METER_EVENTS, EventType

LOGGED_EVENTS: Final = EventEntityDescription(
    key=METER_EVENTS,
    translation_key=METER_EVENTS,
    entity_category=EntityCategory.DIAGNOSTIC,
    event_types=[event_type.value for event_type in EventType],
)
