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
from .identification import CONF_SERIAL_NUMBER, identification, serial_number_of
from .issues import async_raise_issue, async_withdraw_issue
from .meter import Identity, MeterError
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
    identity = await _async_answering_identity(hass, entry)
    if identity.serial_number != serial_number_of(entry):
        entries = hass.config_entries.async_entries(DOMAIN)
        others = {other.unique_id for other in entries if other is not entry}
        if identity.has_serial_number and identity.serial_number in others:
            raise ReplacementError("already_configured")
        await _async_switch(hass, entry, identity, others)
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_switch(
    hass: HomeAssistant, entry: ConfigEntry, identity: Identity, taken: set[str | None]
) -> None:
    """Move an entry, with its entities and stored counters, to another meter."""
    address = MeterAddress.parse(entry.data)
    unique_id, kept = identification(identity, address.place, taken)
    await hass.config_entries.async_unload(entry.entry_id)
    await _async_rename(hass, entry, unique_id, identity.serial_number)
    await async_carry_to_new_meter(hass, entry)
    data = {key: value for key, value in entry.data.items() if key != CONF_SERIAL_NUMBER}
    hass.config_entries.async_update_entry(entry, unique_id=unique_id, data={**data, **kept})


async def _async_answering_identity(hass: HomeAssistant, entry: ConfigEntry) -> Identity:
    """Return the identity of the meter that answers at an entry's address.

    Raises ReplacementError.
    """
    try:
        async with async_temporary_meter(hass, MeterAddress.parse(entry.data)) as meter:
            return meter.identity
    except (MeterError, HomeAssistantError) as err:
        raise ReplacementError("not_answering") from err


async def _async_rename(
    hass: HomeAssistant, entry: ConfigEntry, new: str, serial_number: str
) -> None:
    """Change the unique ID in the registries; entities and device keep their settings."""
    old = str(entry.unique_id)

    @callback
    def renamed(entity: er.RegistryEntry) -> dict[str, str] | None:
        if new == old:
            return None
        return {"new_unique_id": new + entity.unique_id.removeprefix(old)}

    await er.async_migrate_entries(hass, entry.entry_id, renamed)
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(
            device.id, new_identifiers={(DOMAIN, new)}, serial_number=serial_number or None
        )
