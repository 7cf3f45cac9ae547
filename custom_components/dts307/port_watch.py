"""Poll a meter at once when its serial port is back.

Home Assistant's usb integration reports an adapter some 5 s after it was plugged in. So while a
port is missing, its path is also looked for every second. Other ports, such as those of ESPHome
devices, have no path, and only the usb integration knows them.
"""

from datetime import datetime, timedelta
import os
from typing import Final

from homeassistant.components.usb import USBDevice, async_register_port_event_callback
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .connection import SerialPort
from .coordinator import Dts307ConfigEntry
from .meter.errors import PortForbiddenError, PortMissingError

_INTERVAL: Final = timedelta(seconds=1)

_FAILURES: Final = (PortMissingError.reason, PortForbiddenError.reason)
"""udev creates a port before it grants access to it."""


@callback
def async_watch_port(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Poll an entry's meter when its serial port, if it has one, is back."""
    bus = entry.runtime_data.address.bus
    if not isinstance(bus, SerialPort):
        return
    watch = _PortWatch(hass, entry, bus.device)
    entry.async_on_unload(entry.runtime_data.connection.async_add_listener(watch.polled))
    entry.async_on_unload(async_register_port_event_callback(hass, watch.ports_changed))
    entry.async_on_unload(watch.stop)
    watch.polled()


class _PortWatch:
    """Looks for a missing port."""

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry, device: str) -> None:
        self._hass = hass
        self._entry = entry
        self._coordinator = entry.runtime_data
        self._device = device
        self._is_there = False
        self._stop: CALLBACK_TYPE | None = None

    @callback
    def polled(self) -> None:
        """Look for the port from a poll that cannot open it to one that can."""
        if self._coordinator.connection.data.failure not in _FAILURES:
            self.stop()
        elif self._stop is None:
            self._is_there = False
            self._stop = async_track_time_interval(
                self._hass, self._async_look, _INTERVAL, cancel_on_shutdown=True
            )

    @callback
    def stop(self) -> None:
        """Do not look for the port any longer."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    @callback
    def ports_changed(self, added: set[USBDevice], _removed: set[USBDevice]) -> None:
        """Poll a meter that does not answer if its port was added."""
        is_back = any(port.device == self._device for port in added)
        if is_back and not self._coordinator.connection.data.answering:
            poll = self._coordinator.async_refresh()
            self._entry.async_create_background_task(self._hass, poll, "poll")

    async def _async_look(self, _now: datetime) -> None:
        """Poll once when the port is there; it may be useless all the same."""
        was_there, mode = self._is_there, os.R_OK | os.W_OK
        self._is_there = await self._hass.async_add_executor_job(os.access, self._device, mode)
        if self._is_there and not was_there:
            await self._coordinator.async_refresh()
