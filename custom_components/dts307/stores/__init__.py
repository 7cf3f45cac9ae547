"""What is kept of a meter across restarts."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .alarms import AlarmKeeper, alarm_store
from .billing import BillingKeeper, async_remove_billing
from .counters import CounterKeeper, counter_store
from .installation import InstallationKeeper, installation_store


async def async_remove_stores(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove all that was kept of an entry's meter."""
    await counter_store(hass, entry).async_remove()
    await installation_store(hass, entry).async_remove()
    await alarm_store(hass, entry).async_remove()
    await async_remove_billing(hass, entry)


__all__ = [
    "AlarmKeeper",
    "BillingKeeper",
    "CounterKeeper",
    "InstallationKeeper",
    "async_remove_stores",
    "installation_store",
]
