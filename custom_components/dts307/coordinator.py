"""Poll a meter, and tell when it stops answering and when it is back."""

from datetime import timedelta
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_SCAN_INTERVAL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .const import DEFAULT_NAME, DEFAULT_SCAN_INTERVAL, DOMAIN, MANUFACTURER
from .link import failure_key
from .meter import (
    GarbledReplyError,
    MapChangedError,
    Meter,
    MeterError,
    MeterSilentError,
    Reading,
)

_LOGGER = logging.getLogger(__name__)

type Dts307ConfigEntry = ConfigEntry[Dts307Coordinator]


class Dts307Coordinator(DataUpdateCoordinator[Reading]):
    """Polls one meter; its data is the meter's latest Reading."""

    config_entry: Dts307ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry, meter: Meter) -> None:
        """Prepare to poll ``meter`` at the interval that the entry's options ask for."""
        interval = entry.options.get(CONF_SCAN_INTERVAL, DEFAULT_SCAN_INTERVAL.total_seconds())
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=interval),
            always_update=False,
        )
        self.meter = meter
        identity = meter.identity
        self.device_info = DeviceInfo(
            identifiers={(DOMAIN, identity.serial_number)},
            manufacturer=identity.manufacturer or MANUFACTURER,
            model=identity.model or DEFAULT_NAME,
            name=identity.model or DEFAULT_NAME,
            serial_number=identity.serial_number,
            sw_version=identity.version or None,
        )

    @override
    async def _async_update_data(self) -> Reading:
        try:
            return await self._async_read()
        except MeterError as err:
            if isinstance(err, MapChangedError):
                # What is there now has to be identified anew before any of it may be believed.
                self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=failure_key(err, self.config_entry.data),
                translation_placeholders={"error": str(err)},
            ) from err

    async def _async_read(self) -> Reading:
        """Read the meter; one reply lost or mangled on the wire gets a second chance.

        A meter that was not answering anyway gets none: on a shared bus, the others wait for it.
        """
        try:
            return await self.meter.read()
        except MeterSilentError, GarbledReplyError, MapChangedError:
            if not self.last_update_success:
                raise
            return await self.meter.read()
