"""Handle a replaced meter: continue with the new one only if the owner confirms it.

Until then its readings are not used, so that two meters never mix in one history.
"""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .connection import MeterAddress, async_temporary_meter
from .const import DOMAIN
from .issues import async_raise_issue, async_withdraw_issue
from .meter import MeterError
from .stores import async_carry_to_new_meter

_REPLACED: Final = "meter_replaced"


class ReplacementError(Exception):
    """The entry cannot continue with the meter that answers; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        """Keep the translation key of the reason."""
        super().__init__(reason)
        self.reason = reason


@callback
def async_raise_replaced(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask whether the meter that answers replaces the entry's meter."""
    async_raise_issue(hass, entry, _REPLACED, question={})


@callback
def async_withdraw_replaced(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the question: the entry's own meter answers."""
    async_withdraw_issue(hass, entry, _REPLACED)


async def async_continue_with_new_meter(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Continue with the meter that answers now: same entities and history, no jump in energy.

    Raises ReplacementError, and leaves the entry unchanged then.
    """
    old = str(entry.unique_id)
    new = await _async_answering_serial_number(hass, entry)
    if not new:
        raise ReplacementError("no_serial_number")
    if new != old:
        others = (other.unique_id for other in hass.config_entries.async_entries(DOMAIN))
        if new in others:
            raise ReplacementError("already_configured")
        await _async_switch(hass, entry, old, new)
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_switch(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    """Move an entry, with its entities and stored counters, to another meter."""
    await hass.config_entries.async_unload(entry.entry_id)
    await _async_rename(hass, entry, old, new)
    await async_carry_to_new_meter(hass, entry)
    hass.config_entries.async_update_entry(entry, unique_id=new)


async def _async_answering_serial_number(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the serial number of the meter that answers at an entry's address.

    Raises ReplacementError.
    """
    try:
        async with async_temporary_meter(hass, MeterAddress.parse(entry.data)) as meter:
            return meter.identity.serial_number
    except (MeterError, HomeAssistantError) as err:
        raise ReplacementError("not_answering") from err


async def _async_rename(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    """Change the serial number in the registries; entities and device keep their settings."""

    @callback
    def renamed(entity: er.RegistryEntry) -> dict[str, str]:
        return {"new_unique_id": new + entity.unique_id.removeprefix(old)}

    await er.async_migrate_entries(hass, entry.entry_id, renamed)
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(device.id, new_identifiers={(DOMAIN, new)}, serial_number=new)
