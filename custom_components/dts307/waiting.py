"""Wait for a meter that was away when its entry was set up.

Home Assistant would set the entry up again by itself, but after pauses that double, up to a minute
and more, and with all the questions that a set-up takes. So here the meter is asked for at the pace
and with the short question of one that has fallen silent (``meter.health``, ``Meter.probe``). Once
it has been read, its entry is set up at once, as Home Assistant does it itself when a device is
discovered that an entry was waiting for.

The entry is not set up without its meter, though its identity could be kept: whether that is still
the one that answers, nobody would know, and who looks at the entry is told here what to check.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryNotReady, HomeAssistantError
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .connection.link import attentive_unit, identify, link_params
from .connection.serial_ports import async_failure, async_resolved
from .const import CONF_UNIT_ID
from .meter import AnotherMeterError, MeterError, ReadRefusedError
from .meter.modbus import ConnectionHealth, read_registers
from .meter.sunspec import BASE_ADDRESSES
from .options import MeterOptions
from .silence import async_note_silence


class MeterAwaited:
    """Asks for the meter of an entry for as long as Home Assistant has yet to set that up."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, failure: ConfigEntryNotReady, begun: float
    ) -> None:
        """Begin to wait after a set-up that ``begun`` at that time of the loop has failed."""
        self._hass = hass
        self._entry = entry
        self._interval: float = MeterOptions.parse(entry.options).poll_interval
        self._cancel: Callable[[], object]
        reason = str(failure.translation_key)
        self._told = self._latest = (reason, failure.translation_placeholders or {})
        self._health = ConnectionHealth()
        self._health.failed(reason, begun, hass.loop.time())
        self._async_schedule()
        self._unsubscribe = async_dispatcher_connect(
            hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed
        )

    @callback
    def _async_schedule(self) -> None:
        # Home Assistant cancels a timer when it stops by the job that comes first with it.
        job = HassJob(self._async_due, cancel_on_shutdown=True)
        pause = self._health.pause(self._interval)
        self._cancel = self._hass.loop.call_later(pause, self._async_due, job).cancel

    @callback
    def _async_due(self, _job: HassJob[..., None]) -> None:
        # Whoever else is on the bus need not wait for Home Assistant's own attempts as well.
        self._entry.async_cancel_retry_setup()
        task = self._hass.async_create_background_task(
            self._async_ask(), f"{self._entry.title} awaited", eager_start=False
        )
        self._cancel = task.cancel

    @callback
    def _async_entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Stop when the entry is set up again, by whomever, or is removed or disabled."""
        if entry is self._entry and entry.state is not ConfigEntryState.SETUP_RETRY:
            self._unsubscribe()
            self._cancel()

    async def _async_ask(self) -> None:
        """Ask for the meter, and see to it that its entry shows what comes of that."""
        begun = self._hass.loop.time()
        data = await async_resolved(self._hass, self._entry.data)
        try:
            await self._async_read(data)
        except (HomeAssistantError, MeterError) as err:
            failure = await async_failure(self._hass, err, data)
        else:
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)
            return
        self._health.failed(failure[0], begun, self._hass.loop.time())
        await async_note_silence(self._hass, self._entry, *failure)
        if failure == self._latest != self._told:
            # It is another reason by now, and not just for once: the entry is to tell that one.
            self._hass.config_entries.async_schedule_reload(self._entry.entry_id)
            return
        self._latest = failure
        self._async_schedule()

    async def _async_read(self, data: Mapping[str, Any]) -> None:
        """Read the entry's meter; another one only as far as it takes to know that.

        Raises MeterError, or HomeAssistantError if the link is in use with other settings.
        """
        async with async_get_temporary_unit(
            self._hass, link_params(data), data[CONF_UNIT_ID]
        ) as unit:
            # A refusal is an answer, too.
            with suppress(ReadRefusedError):
                await read_registers(attentive_unit(unit, data, missing=True), BASE_ADDRESSES[0], 2)
            meter = await identify(unit, data)
            if meter.identity.serial_number != self._entry.unique_id:
                raise AnotherMeterError("the serial number is another")
            await meter.read()
