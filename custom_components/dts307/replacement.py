"""A meter that was replaced: never mixed in, and carried on with if its owner says so."""

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)

from .const import CONF_UNIT_ID, DOMAIN
from .guard import CounterGuard
from .link import identify, link_params
from .meter import Identity, MeterError, Reading
from .watch import watch_store


class TakeOverError(Exception):
    """The entry cannot go on with the meter that answers; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        """Keep the translation key of the reason."""
        super().__init__(reason)
        self.reason = reason


@callback
def async_raise_replaced(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask whether the meter that answers for an entry has taken its meter's place."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry),
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        severity=ir.IssueSeverity.ERROR,
        translation_key="meter_replaced",
        translation_placeholders={"name": entry.title},
    )


@callback
def async_withdraw_replaced(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the question back: the entry's own meter answers."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    return f"meter_replaced_{entry.entry_id}"


async def async_take_over(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Go on with the meter that answers now: same entities, same history, energies without a jump.

    Raises TakeOverError; the entry is as it was then.
    """
    identity, reading = await _async_read(hass, entry)
    old, new = str(entry.unique_id), identity.serial_number
    if not new:
        raise TakeOverError("no_serial_number")
    others = (other.unique_id for other in hass.config_entries.async_entries(DOMAIN))
    if new != old and new in others:
        raise TakeOverError("already_configured")

    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_unload(entry.entry_id)
    guard = CounterGuard(hass, entry)
    await guard.async_load()
    await guard.async_take_over(reading)
    # What was found out about the old meter's sign says nothing about the new one's.
    await watch_store(hass, entry).async_remove()
    await _async_rename(hass, entry, old, new)
    hass.config_entries.async_update_entry(entry, unique_id=new)
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_read(hass: HomeAssistant, entry: ConfigEntry) -> tuple[Identity, Reading]:
    """Read the meter that answers for an entry.

    Raises TakeOverError.
    """
    try:
        async with async_get_temporary_unit(
            hass, link_params(entry.data), entry.data[CONF_UNIT_ID]
        ) as unit:
            meter = await identify(unit, entry.data)
            return meter.identity, await meter.read()
    except (MeterError, HomeAssistantError) as err:
        raise TakeOverError("not_answering") from err


async def _async_rename(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    """Let entities and device go by the new serial number, without losing what is theirs."""

    @callback
    def renamed(entity: er.RegistryEntry) -> dict[str, str]:
        return {"new_unique_id": new + entity.unique_id.removeprefix(old)}

    await er.async_migrate_entries(hass, entry.entry_id, renamed)
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_device(device.id, new_identifiers={(DOMAIN, new)}, serial_number=new)
