"""The Measurlogic DTS 307 energy meter in Home Assistant."""

from homeassistant.components.modbus import async_get_unit
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.typing import ConfigType

from .actions import async_register_actions
from .cards import async_register_live_readings, async_serve_module
from .connection import MeterAddress, async_diagnosing_unit, async_failure, async_resolved
from .const import CONF_ADD_TO_ENERGY, DOMAIN
from .coordinator import Dts307ConfigEntry, Dts307Coordinator
from .data_export import async_register_downloads, async_register_export
from .energy_dashboard import async_add_if_wanted
from .flows import async_offer_ct_rating
from .lifecycle import async_continue_outage, async_withdraw_all
from .meter_events import async_announce_reports, async_forget_reports
from .port_watch import async_watch_port
from .scan import is_suspended
from .sharing import async_share, async_stop_sharing
from .statistics_repair import async_fill_outages, async_register_restore
from .stores import async_remove_stores

PLATFORMS = (Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR)
CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Serve actions, cards, their readings and the dashboard strategy once, for all meters."""

    @callback
    def entry_changed(_change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.domain == DOMAIN and entry.disabled_by:
            async_withdraw_all(hass, entry)

    # Disabling an entry whose setup is being retried does not unload it.
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)
    async_register_actions(hass)
    async_register_export(hass)
    async_register_downloads(hass)
    async_register_live_readings(hass)
    async_register_restore(hass)
    await async_serve_module(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> bool:
    """Set up an entry from its stored identity, whether its meter answers or not.

    Raises ConfigEntryNotReady if its connection cannot be shared, or is being scanned.
    """
    if is_suspended(hass, entry):
        raise ConfigEntryNotReady(translation_domain=DOMAIN, translation_key="being_searched")
    address = await async_resolved(hass, MeterAddress.parse(entry.data))
    try:
        unit = async_get_unit(hass, entry, address.bus.params, address.unit_id)
    except HomeAssistantError as err:
        failure = await async_failure(hass, err, address.bus)
        await async_continue_outage(hass, entry, failure)
        raise failure.as_error(ConfigEntryNotReady) from err
    coordinator = Dts307Coordinator(
        hass, entry, address, async_diagnosing_unit(hass, unit, address)
    )
    await coordinator.async_load()
    await coordinator.async_refresh()
    entry.runtime_data = coordinator
    async_watch_port(hass, entry)
    interval = coordinator.options.poll_interval
    await async_share(hass, entry, lambda: coordinator.latest_image, interval)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    async_announce_reports(hass, entry)
    async_offer_ct_rating(hass, entry)
    async_fill_outages(hass, entry)
    if coordinator.data is None:
        _async_add_later(hass, entry)
    else:
        await async_add_if_wanted(hass, entry)
    return True


@callback
def _async_add_later(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Reload the entry once the meter answers: only then do the dashboard's sensors exist."""

    @callback
    def updated() -> None:
        # The first update is an answer: a failure that follows another is not announced.
        if CONF_ADD_TO_ENERGY in entry.data:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(entry.runtime_data.async_add_listener(updated))


async def async_unload_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> bool:
    """Stop polling; Home Assistant closes the connection after its last meter."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await async_stop_sharing(hass, entry)
        await entry.runtime_data.async_finish()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Remove the meter's stored data and its repairs."""
    async_withdraw_all(hass, entry)
    async_forget_reports(hass, entry)
    await async_remove_stores(hass, entry)
