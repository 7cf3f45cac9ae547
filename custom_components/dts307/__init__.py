"""The Measurlogic DTS 307 energy meter in Home Assistant."""

from homeassistant.components.modbus import async_get_unit
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from .connection.link import identify, link_params
from .connection.serial_ports import async_check_port_name, async_failure, async_resolved
from .const import CONF_UNIT_ID, DOMAIN
from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .energy_dashboard import async_honour_wish
from .frontend_module import async_serve_module
from .issues import async_ask_nothing_of_disabled, async_delete_issues
from .meter import MeterError
from .replacement import async_raise_replaced, async_withdraw_replaced
from .scan.suspension import is_suspended
from .silence import async_end_silence, async_note_silence
from .stores.alarms import alarm_store
from .stores.billing import async_remove_billing
from .stores.counters import counter_store
from .stores.installation import installation_store
from .waiting import MeterAwaited

PLATFORMS = (Platform.BINARY_SENSOR, Platform.SENSOR)
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Bring the cards and the dashboard strategy to the frontend, once for all meters."""
    async_ask_nothing_of_disabled(hass)
    await async_serve_module(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> bool:
    """Identify the meter behind a config entry, read it once, and set up its entities.

    If that cannot be done now, it will be as soon as the meter is there.
    """
    if is_suspended(hass, entry):
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="being_searched")
    begun = hass.loop.time()
    try:
        entry.runtime_data = await _async_meter(hass, entry)
    except ConfigEntryNotReady as err:
        MeterAwaited(hass, entry, err, begun)
        raise
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    await async_honour_wish(hass, entry)
    return True


async def _async_meter(hass: HomeAssistant, entry: Dts307ConfigEntry) -> Dts307Coordinator:
    """Return the coordinator of a meter that was identified and read.

    Raises ConfigEntryNotReady, also if another meter answers: the entry's own may come back.
    """
    data = await async_resolved(hass, entry.data)
    try:
        unit = async_get_unit(hass, entry, link_params(data), data[CONF_UNIT_ID])
        meter = await identify(unit, data)
    except (HomeAssistantError, MeterError) as err:
        # Whoever holds the link with other settings may let go of it, and a meter come back.
        key, placeholders = await async_failure(hass, err, data)
        await async_note_silence(hass, entry, key, placeholders)
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=placeholders,
        ) from err
    if meter.identity.serial_number != entry.unique_id:
        async_raise_replaced(hass, entry)
        async_end_silence(hass, entry)
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="another_meter")
    async_withdraw_replaced(hass, entry)
    await async_check_port_name(hass, entry)

    coordinator = Dts307Coordinator(hass, entry, meter)
    await coordinator.async_load()
    await coordinator.async_config_entry_first_refresh()
    return coordinator


async def async_unload_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> bool:
    """Stop polling; the link closes behind the last meter on it."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    await entry.runtime_data.async_finish()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Forget what was kept of the meter, and ask nothing more about it."""
    async_delete_issues(hass, entry)
    await counter_store(hass, entry).async_remove()
    await installation_store(hass, entry).async_remove()
    await alarm_store(hass, entry).async_remove()
    await async_remove_billing(hass, entry)
