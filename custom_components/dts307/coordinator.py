"""Poll one meter, validate its readings, and report its outages."""

import asyncio
from datetime import timedelta
from functools import partial
import logging
from traceback import walk_tb
from types import CodeType
from typing import cast, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from modbus_connection import ModbusUnit

from .connection import (
    Failure,
    MeterAddress,
    async_check_port_path,
    async_failure,
    async_has_other_path,
    async_identify,
    async_store_request_limit,
    async_stored_request_limit,
)
from .const import DEFAULT_NAME, DOMAIN, MANUFACTURER, UNEXPECTED_ERROR
from .identification import serial_number_of
from .lifecycle import (
    async_continue_outage,
    async_end_outage,
    async_raise_replaced,
    async_withdraw_replaced,
)
from .meter import Meter, MeterError, Reading
from .meter.modbus import ConnectionHealth
from .meter.reading_gaps import GapFinder
from .meter.session import MeterSession
from .meter.sharing import RegisterImage
from .meter.validation import believed_totals
from .meter_events import Outage, async_report
from .options import MeterOptions, Role
from .snapshot import Snapshot
from .solar import async_locate_production, production
from .stores import MeterStore

_LOGGER = logging.getLogger(__name__)

type Dts307ConfigEntry = ConfigEntry[Dts307Coordinator]


class Dts307Coordinator(DataUpdateCoordinator[Snapshot]):
    """Polls one meter. Its data is the latest Snapshot, or None before the first reading."""

    config_entry: Dts307ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: Dts307ConfigEntry,
        address: MeterAddress,
        unit: ModbusUnit,
    ) -> None:
        """Prepare to poll the meter on ``unit``, which is at ``address``."""
        self.options = MeterOptions.parse(entry.options)
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            # Meters of one model have one title; their unit IDs differ.
            name=f"{entry.title} (unit {address.unit_id})",
            update_interval=timedelta(seconds=self.options.poll_interval),
            # A value that stays may have to be written all the same, for the sake of its mean.
            always_update=True,
        )
        self.address = address
        self._limit = async_stored_request_limit(hass, entry, address)
        self._session = MeterSession(
            unit,
            serial_number_of(entry),
            partial(async_identify, hass, unit, self._limit),
            self._async_identified,
            utcnow=dt_util.utcnow,
        )
        self._polling = asyncio.Lock()
        self._is_finishing = False
        self._logged_places: set[tuple[CodeType, int]] = set()
        self.store = MeterStore(hass, entry, self.options)
        self.counters = self.store.counters
        self.installation = self.store.installation
        self.alarms = self.store.alarms
        self.billing = self.store.billing
        self._gaps = GapFinder.starting(self.options.poll_interval, None)
        self.connection = ConnectionCoordinator(hass, entry, self.name, self._session.health)

    @property
    def meter(self) -> Meter | None:
        """The meter as it was last identified; None until it has been."""
        return self._session.meter

    @property
    def latest_image(self) -> RegisterImage | None:
        """The registers of the last accepted reading; None before the first."""
        return None if self.data is None else self.data.image

    @property
    def serial_number(self) -> str:
        """The serial number of the entry's own meter; empty if it has none."""
        return serial_number_of(self.config_entry)

    @property
    def device_info(self) -> DeviceInfo:
        """The device; what only the meter knows is left out until the meter has answered.

        The device registry keeps those values from earlier runs.
        """
        entry = self.config_entry
        identifiers = {(DOMAIN, str(entry.unique_id))}
        serial_number = serial_number_of(entry) or None
        if self.meter is None:
            return DeviceInfo(
                identifiers=identifiers, name=entry.title, serial_number=serial_number
            )
        identity = self.meter.identity
        return DeviceInfo(
            identifiers=identifiers,
            name=entry.title,
            serial_number=serial_number,
            manufacturer=identity.manufacturer or MANUFACTURER,
            model=identity.model or DEFAULT_NAME,
            sw_version=identity.version or None,
        )

    async def async_load(self) -> None:
        """Load what was stored of the meter."""
        await self.store.async_load()
        self._gaps = GapFinder.starting(self.options.poll_interval, self.counters.last_read)

    async def async_finish(self) -> None:
        """Stop polling, and store the meter's state.

        Wait for a poll that is under way, so that it cannot overwrite newer stored data.
        """
        self._is_finishing = True
        await self.async_shutdown()
        async with self._polling:
            await self.store.async_finish()

    @override
    async def _async_update_data(self) -> Snapshot:
        async with self._polling:
            begun = self.hass.loop.time()
            try:
                return await self._async_poll(begun)
            except UpdateFailed:
                raise
            except Exception as err:
                # A defect must not end the polling.
                failure = await self._async_failed_unexpectedly(err, begun)
                raise failure.as_error(UpdateFailed) from err
            finally:
                pause = self.connection.data.pause(self.options.poll_interval)
                self.update_interval = timedelta(seconds=pause)

    async def _async_poll(self, begun: float) -> Snapshot:
        """Read the meter, and return what follows.

        Raises UpdateFailed if it could not be read.
        """
        try:
            reading = await self._async_validated_read()
        except MeterError as err:
            failure = await self._async_failed(err)
            raise failure.as_error(UpdateFailed) from err
        if self.options.role is Role.SOLAR and self.options.production_counter is None:
            self.options = async_locate_production(self.hass, self.config_entry, reading)
        snapshot = self._async_snapshot(reading, begun)
        async_end_outage(self.hass, self.config_entry)
        async_store_request_limit(self.hass, self.config_entry, self._limit)
        return snapshot

    async def _async_failed(self, err: MeterError) -> Failure:
        """Update issues after a failed poll, and return its explanation."""
        _LOGGER.debug("Reading %s failed: %s", self.name, err)
        entry = self.config_entry
        failure = await async_failure(self.hass, err, self.address.bus)
        if other := self._session.other:
            await async_raise_replaced(self.hass, entry, other, self.counters)
            async_end_outage(self.hass, entry)
        else:
            await async_continue_outage(self.hass, entry, failure)
        # An entry that is being unloaded or removed must not be set up again.
        if not self._is_finishing and await async_has_other_path(self.hass, entry):
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return failure

    async def _async_failed_unexpectedly(self, err: Exception, begun: float) -> Failure:
        """Log an exception that only a defect can raise, and explain it.

        Its traceback is logged once for each place that raises, also if it comes and goes.
        """
        self._session.fail_unexpectedly(UNEXPECTED_ERROR, begun)
        *_, (frame, line) = walk_tb(err.__traceback__)
        if (place := (frame.f_code, line)) not in self._logged_places:
            self._logged_places.add(place)
            _LOGGER.error("Unexpected error while reading %s", self.name, exc_info=err)
        failure = Failure(UNEXPECTED_ERROR, {})
        await async_continue_outage(self.hass, self.config_entry, failure)
        return failure

    @callback
    def _async_snapshot(self, reading: Reading, begun: float) -> Snapshot:
        """Put together what follows from a validated reading, begun at this loop time."""
        self._async_find_gap(reading)
        billing, demand = self.billing.async_check(reading, self.counters.registers)
        return Snapshot(
            reading=reading,
            ct_faults=self.installation.ct_faults,
            alarms=self.alarms.async_check(reading),
            billing=billing,
            demand=demand,
            ledger=self.billing.ledger,
            production=production(reading, self.options),
            image=RegisterImage.of(cast(Meter, self.meter), reading, begun),
        )

    @callback
    def _async_find_gap(self, reading: Reading) -> None:
        """Report a time in which nothing was read, once its energy is known."""
        clock = self.store.clock.current
        totals = believed_totals(reading, self.counters.registers, clock.now)
        self._gaps, gap = self._gaps.after(totals, clock)
        if gap is not None:
            flowed = gap.energy.imported != 0 or gap.energy.exported != 0
            estimated = self.billing.estimated_within(gap.begin, gap.end) if flowed else None
            async_report(self.hass, self.config_entry, Outage(gap, estimated))

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        self.connection.async_update_listeners()

    async def _async_validated_read(self) -> Reading:
        """Read the meter, and return only counters that passed validation.

        A counter that was never read before needs two reads, which may follow each other at once.
        """
        reading = await self._async_validated_once()
        if self.counters.needs_second_reading:
            return await self._async_validated_once(whole=True)
        return reading

    async def _async_validated_once(self, *, whole: bool = False) -> Reading:
        reading = await self._session.read(whole=whole)
        self.store.clock.async_tick()
        return self.counters.async_check(self.installation.async_check(reading))

    async def _async_identified(self, meter: Meter) -> None:
        """Update device and issues after the entry's own meter was identified."""
        self._async_update_device(meter)
        async_withdraw_replaced(self.hass, self.config_entry)
        await self.counters.async_keep_first_sight(None)
        await async_check_port_path(self.hass, self.config_entry)

    @callback
    def _async_update_device(self, meter: Meter) -> None:
        """Update the device with what the meter reports.

        It may have been created while the meter was silent.
        """
        identity, registry = meter.identity, dr.async_get(self.hass)
        for device in dr.async_entries_for_config_entry(registry, self.config_entry.entry_id):
            registry.async_update_device(
                device.id,
                manufacturer=identity.manufacturer or MANUFACTURER,
                model=identity.model or DEFAULT_NAME,
                sw_version=identity.version or None,
            )


class ConnectionCoordinator(DataUpdateCoordinator[ConnectionHealth]):
    """Updates the entities that show how the connection to a meter is doing; it polls nothing.

    It is separate, because these entities stay available while the meter is not, and change when
    one failure follows another, which Dts307Coordinator does not announce.
    """

    def __init__(
        self, hass: HomeAssistant, entry: Dts307ConfigEntry, name: str, health: ConnectionHealth
    ) -> None:
        """Announce changes of ``health``."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"{name} connection")
        self.data = health

    @override
    async def _async_update_data(self) -> ConnectionHealth:
        return self.data
