"""What a person sees of the bill in Home Assistant, and what happens to the meter meanwhile."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import let_pass

NEW_YORK = "America/New_York"


async def begin_at_home(hass: HomeAssistant) -> None:
    """Live in New York."""
    await hass.config.async_set_time_zone(NEW_YORK)


def count(device: Device, imported: int, exported: int = 70_000) -> None:
    """Let the meter show these Wh."""
    device.let_flow()
    device.write("TotWhImp", imported)
    device.write("TotWhExp", exported)


def instant(text: str, zone: str = NEW_YORK) -> datetime:
    """Return a local time of 2026, such as ``06-30 23:59:58``."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(zone))


def sensor(hass: HomeAssistant, device: Device, key: str) -> State:
    """Return the state of a sensor of a meter."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "sensor", DOMAIN, f"{device.serial_number}_{key}"
    )
    assert entity_id is not None, f"no entity {key}"
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} has no state"
    return state


def kwh(hass: HomeAssistant, device: Device, key: str) -> float:
    """Return the number that a sensor shows."""
    return float(sensor(hass, device, key).state)


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory, when: datetime | str) -> None:
    """Let it be some time, and the meter be read."""
    moment = instant(when) if isinstance(when, str) else when
    freezer.move_to(moment)
    await let_pass(hass)


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an entry that is there already."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


async def change(hass: HomeAssistant, entry: MockConfigEntry, **options: Any) -> None:
    """Choose other options."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
