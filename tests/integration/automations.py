"""Automations as an owner writes them, and entities of a meter for them."""

from dataclasses import dataclass
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.dts307.const import DOMAIN

RAN = "automation_ran"


@dataclass(frozen=True)
class StandIn:
    """An entity that is registered as a meter's, with states that a test sets."""

    hass: HomeAssistant
    entity_id: str
    device_id: str
    attributes: dict[str, str]

    async def shows(self, state: str) -> None:
        """Show a state, and wait until everything that follows is done."""
        self.hass.states.async_set(self.entity_id, state, self.attributes)
        await self.hass.async_block_till_done()

    async def vanishes(self) -> None:
        """Become unavailable, as when the meter does not answer."""
        await self.shows(STATE_UNAVAILABLE)


def stand_in(
    hass: HomeAssistant,
    platform: str,
    key: str,
    *,
    serial: str = "1",
    domain: str = DOMAIN,
    **attributes: str,
) -> StandIn:
    """Register an entity like those of the meter with this serial number; it has no state yet."""
    entry = hass.config_entries.async_entry_for_domain_unique_id(domain, serial)
    if entry is None:
        entry = MockConfigEntry(domain=domain, unique_id=serial)
        entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(domain, serial)}
    )
    registered = er.async_get(hass).async_get_or_create(
        platform,
        domain,
        f"{serial}_{key}",
        config_entry=entry,
        device_id=device.id,
        translation_key=key,
    )
    return StandIn(hass, registered.entity_id, device.id, attributes)


async def automate(hass: HomeAssistant, **automation: Any) -> list[Event[dict[str, Any]]]:
    """Set up an automation of these parts; return the events that it will fire when it runs.

    Each carries the entity it ran for, and the states that it went from and to.
    """
    events = async_capture_events(hass, RAN)
    automation = {
        "alias": "Under test",
        "mode": "queued",
        "actions": {
            "event": RAN,
            "event_data": {
                "entity_id": "{{ trigger.entity_id }}",
                "from": "{{ trigger.from_state.state }}",
                "to": "{{ trigger.to_state.state }}",
            },
        },
        **automation,
    }
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: automation})
    await hass.async_block_till_done()
    return events


def steps(events: list[Event[dict[str, Any]]]) -> list[tuple[str, str]]:
    """Return the states from which and to which each event's trigger went."""
    return [(str(event.data["from"]), str(event.data["to"])) for event in events]
