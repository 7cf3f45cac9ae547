"""Let backups copy the files of interval data while nothing is written to them."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinator import Dts307ConfigEntry, Dts307Coordinator


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Write nothing until the backup has ended."""
    for coordinator in _coordinators(hass):
        await coordinator.billing.async_hold_intervals()


async def async_post_backup(hass: HomeAssistant) -> None:
    """Write what has come meanwhile."""
    for coordinator in _coordinators(hass):
        await coordinator.billing.async_write_intervals()


@callback
def _coordinators(hass: HomeAssistant) -> Iterator[Dts307Coordinator]:
    entries: list[Dts307ConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return (entry.runtime_data for entry in entries)
