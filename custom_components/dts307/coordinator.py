"""Poll a meter, and tell when it stops answering and when it is back."""

import asyncio
from datetime import timedelta
import logging
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .connection.serial_ports import async_failure, async_leads_elsewhere
from .const import CONF_UNIT_ID, DEFAULT_NAME, DOMAIN, MANUFACTURER
from .meter import (
    AnotherMeterError,
    GarbledReplyError,
    MapChangedError,
    Meter,
    MeterError,
    MeterSilentError,
    Reading,
)
from .meter.errors import LinkLostError
from .meter.modbus import ConnectionHealth
from .options import MeterOptions
from .replacement import async_raise_replaced, async_withdraw_replaced
from .silence import async_end_silence, async_note_silence
from .snapshot import Snapshot
from .stores.alarms import AlarmKeeper
from .stores.billing import BillingKeeper
from .stores.counters import CounterKeeper
from .stores.installation import InstallationKeeper

_LOGGER = logging.getLogger(__name__)

type Dts307ConfigEntry = ConfigEntry[Dts307Coordinator]


class Dts307Coordinator(DataUpdateCoordinator[Snapshot]):
    """Polls one meter; its data is the latest Snapshot of it."""

    config_entry: Dts307ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry, meter: Meter) -> None:
        """Prepare to poll ``meter`` at the interval that the entry's options ask for."""
        self._interval: float = MeterOptions.parse(entry.options).poll_interval
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            # Meters of one model have one title; on a bus, their unit ids differ.
            name=f"{entry.title} (unit {entry.data[CONF_UNIT_ID]})",
            update_interval=timedelta(seconds=self._interval),
            always_update=False,
        )
        self.meter = meter
        self._polling = asyncio.Lock()
        self.guard = CounterKeeper(hass, entry)
        self.watch = InstallationKeeper(hass, entry)
        self.states = AlarmKeeper(hass, entry)
        self.billing = BillingKeeper(hass, entry)
        self.health = HealthCoordinator(hass, entry, self.name)
        identity = meter.identity
        self.device_info = DeviceInfo(
            identifiers={(DOMAIN, identity.serial_number)},
            manufacturer=identity.manufacturer or MANUFACTURER,
            model=identity.model or DEFAULT_NAME,
            name=entry.title,
            serial_number=identity.serial_number,
            sw_version=identity.version or None,
        )

    async def async_load(self) -> None:
        """Go on from what was kept of the meter."""
        await self.guard.async_load()
        await self.watch.async_load()
        await self.states.async_load()
        await self.billing.async_load()

    async def async_finish(self) -> None:
        """Poll no more, and keep what has to outlive this coordinator.

        A poll that is under way is waited for, lest it be kept later, over what somebody else
        keeps by then.
        """
        await self.async_shutdown()
        async with self._polling:
            await self.guard.async_save()
            await self.watch.async_save()
            await self.states.async_save()
            await self.billing.async_save()

    @override
    async def _async_update_data(self) -> Snapshot:
        async with self._polling:
            return await self._async_poll()

    async def _async_poll(self) -> Snapshot:
        try:
            reading = await self._async_guarded_read()
        except MeterError as err:
            if isinstance(err, AnotherMeterError):
                async_raise_replaced(self.hass, self.config_entry)
            if await self._async_is_something_else(err):
                # What is there now has to be identified anew before any of it may be believed.
                self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
            key, placeholders = await async_failure(self.hass, err, self.config_entry.data)
            await async_note_silence(self.hass, self.config_entry, key, placeholders)
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key=key,
                translation_placeholders=placeholders,
            ) from err
        finally:
            pause = self.health.data.pause(self._interval)
            self.update_interval = timedelta(seconds=pause)
        async_end_silence(self.hass, self.config_entry)
        return self._snapshot(reading)

    async def _async_is_something_else(self, err: MeterError) -> bool:
        """Tell whether a poll failed because another adapter or register map is there by now."""
        if isinstance(err, MapChangedError):
            return await self._async_is_another_map()
        return await async_leads_elsewhere(self.hass, self.config_entry)

    async def _async_is_another_map(self) -> bool:
        """Tell a meter that was set up differently, or replaced, from answers gone astray.

        Those end with the fault on the line, and the next poll is in time for that. Setting the
        entry up again is not: Home Assistant waits longer after each attempt that fails.
        """
        try:
            await self.meter.check_identity()
        except MapChangedError, AnotherMeterError:
            return True
        except MeterError:
            return False
        return False

    @callback
    def _snapshot(self, reading: Reading) -> Snapshot:
        """Put together what follows from a good reading."""
        billing, demand = self.billing.async_check(reading, self.guard.registers)
        states = self.states.async_check(reading)
        return Snapshot(reading=reading, states=states, billing=billing, demand=demand)

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        self.health.async_update_listeners()

    async def _async_guarded_read(self) -> Reading:
        """Read the meter, and let only those counts through that may be believed.

        A counter that was never read before needs two readings, which need not be far apart.
        """
        reading = await self._async_believed_read()
        if self.guard.unconfirmed:
            return await self._async_believed_read(whole=True)
        return reading

    async def _async_believed_read(self, *, whole: bool = False) -> Reading:
        reading = self.watch.async_check(await self._async_read(whole=whole))
        return self.guard.async_check(reading)

    async def _async_read(self, *, whole: bool) -> Reading:
        """Read the meter; one reply lost or mangled on the wire gets a second chance.

        So does a link that is lost: opening it anew helps, or tells why it cannot be opened.

        A meter that was not answering anyway gets none: on a shared bus, the others wait for it.
        """
        try:
            return await self._async_attempt(whole=whole)
        except LinkLostError, MeterSilentError, GarbledReplyError, MapChangedError:
            if not self.last_update_success:
                raise
            return await self._async_attempt(whole=whole)

    async def _async_attempt(self, *, whole: bool) -> Reading:
        """Read the meter once, and take note of how that went."""
        health, clock = self.health.data, self.hass.loop.time
        begun = clock()
        try:
            if not self.last_update_success:
                await self.meter.probe()
            reading = await self.meter.read(whole=whole)
            if not self.last_update_success:
                # While nothing answered, somebody may have hung up another meter in its place.
                await self.meter.check_identity()
                async_withdraw_replaced(self.hass, self.config_entry)
        except MeterError as err:
            health.failed(err.reason, begun, clock())
            raise
        health.answered(begun, clock(), dt_util.utcnow())
        return reading


class HealthCoordinator(DataUpdateCoordinator[ConnectionHealth]):
    """Keeps the entities up to date that tell how the link is doing; it polls nothing itself.

    Apart from the readings, because these entities have to stay available while the meter is not,
    and change also when one failure follows another, of which nobody else is told.
    """

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry, name: str) -> None:
        """Begin with a link of which nothing is known yet."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"{name} link")
        self.data = ConnectionHealth()

    @override
    async def _async_update_data(self) -> ConnectionHealth:
        return self.data
