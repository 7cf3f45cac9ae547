"""Scan a serial port or a network adapter for meters."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from modbus_connection import ModbusSerialParams

from ..address import DEFAULT_UNIT_ID, BusAddress, MeterAddress, SerialPort
from ..errors import MeterError, SpeaksBacnetError
from ..modbus import (
    BusScan,
    Probe,
    ScanResult,
    ScanStage,
    UnusableSettingsError,
    network_passes,
    serial_passes,
    usual_settings,
)
from .connected_bus import ConnectedBus
from .links import Links

_LONG_STAGES: Final = (ScanStage.UNIT_IDS, ScanStage.EVERYTHING)
_UNIT_IDS_PER_UPDATE: Final = 8
"""On a serial port, a long sequence is shown every 8 unit IDs, about once a second: no flicker."""


class MeterScan:
    """A scan that is under way or has ended; a flow shows its progress."""

    def __init__(  # noqa: PLR0913 - all of them say what is searched for, and how
        self,
        links: Links,
        address: MeterAddress,
        *,
        is_wanted: Callable[[ScanResult[BusAddress]], bool],
        on_progress: Callable[[float], None],
        thorough: bool = False,
        everything: bool = False,
        only_one: bool = False,
        asked: int | None = None,
        known: Mapping[str, int] | None = None,
    ) -> None:
        """Scan the bus of ``address``, its settings and its unit ID first.

        ``meter.modbus.BusScan`` explains the other parameters.
        """
        timing = links.timing
        candidates = _candidates(links, address.bus)
        self._candidates, self._unit_id = candidates, address.unit_id
        self._timing = timing
        self._unavailable = links.unavailable
        self._bus = ConnectedBus(links)
        self._on_progress = on_progress
        plan = serial_passes if isinstance(address.bus, SerialPort) else network_passes
        unit_ids = list(dict.fromkeys((address.unit_id, DEFAULT_UNIT_ID)))
        passes = tuple(plan(candidates, unit_ids, timing=timing.scan, scan_range=timing.scan_range))
        self._scan = BusScan(
            self._bus,
            passes,
            is_wanted,
            self._note,
            thorough=thorough,
            everything=everything,
            only_one=only_one,
            asked=asked,
            known=known or {},
            timing=timing.scan,
            scan_range=timing.scan_range,
        )
        self._changed = asyncio.Event()
        self._is_wanted = is_wanted
        self.bus = address.bus
        """The bus with the settings that were entered, or at which BACnet was received."""
        self.probe = Probe(passes[0].stage, passes[0].settings, address.unit_id, 0.0)
        """The probe under way."""
        self.results: list[ScanResult[BusAddress]] = []
        self.error: Exception | None = None
        """Why the scan could not begin, or could not be completed: a MeterError, or what the links
        raise if a connection is in use with other settings."""

    @property
    def wanted(self) -> list[ScanResult[BusAddress]]:
        """The results that were searched for."""
        return [result for result in self.results if self._is_wanted(result)]

    @property
    def responds_everywhere(self) -> bool:
        """Whether something answers under every unit ID."""
        return self._scan.responds_everywhere

    @property
    def is_one_meter(self) -> bool:
        """Whether one meter answers under every unit ID."""
        return self._scan.is_one_meter

    @property
    def noisy(self) -> bool:
        """Whether bytes arrived that are not Modbus."""
        return self._bus.noisy

    async def run(self) -> None:
        """Scan to the end; the connection is closed then, also if this is cancelled."""
        try:
            async for result in self._scan.run():
                self.results.append(result)
                self._changed.set()
            if not self.results:
                await self._diagnose()
                await self._listen_for_bacnet()
        except SpeaksBacnetError as err:
            self.bus, self.error = self.probe.settings, err
        except (MeterError, self._unavailable) as err:
            self.error = err
        finally:
            self._changed.set()
        if not self.results:
            self.error = self.error or self._bus.error

    async def run_neighbours(self) -> None:
        """Scan on for meters in the same panel, after a scan that ended with the first one.

        If that fails, what was found is all there is.
        """
        settings = self.results[-1].settings
        try:
            async with self._bus.held(settings):
                async for result in self._scan.neighbours():
                    self.results.append(result)
        except MeterError, self._unavailable:
            return
        finally:
            self._changed.set()

    async def _diagnose(self) -> None:
        """Find out why nothing answers behind a gateway to Modbus TCP."""
        for settings in self._candidates:
            self.error = self.error or await self._bus.diagnose(settings, self._unit_id)

    async def _listen_for_bacnet(self) -> None:
        """Find out whether noise on a serial port is BACnet at a baud rate that Modbus has not.

        Raises SpeaksBacnetError, or another MeterError if the port cannot be opened.
        """
        if not (isinstance(self.bus, SerialPort) and self.noisy):
            return
        for baudrate in self._timing.scan_range.bacnet_baud_rates:
            settings = replace(self.bus, baudrate=baudrate, parity="N", stopbits=1)
            self._note(replace(self.probe, settings=settings))
            with suppress(UnusableSettingsError):
                async with self._bus.opened(settings, self._timing.scan.first) as listen:
                    await listen(self._unit_id)

    async def changed(self) -> None:
        """Wait until there is something else to show."""
        await self._changed.wait()
        self._changed.clear()

    def _note(self, probe: Probe[BusAddress]) -> None:
        before, self.probe = self.probe, probe
        self._on_progress(probe.progress)
        if _update_key(before) != _update_key(probe):
            self._changed.set()


def _update_key(probe: Probe[BusAddress]) -> tuple[object, ...]:
    """Return what has to change before the displayed probe is updated."""
    is_quick = isinstance(probe.settings, SerialPort) and probe.stage in _LONG_STAGES
    unit_id = probe.unit_id // _UNIT_IDS_PER_UPDATE if is_quick else probe.unit_id
    return probe.stage, probe.settings, unit_id


def _candidates(links: Links, bus: BusAddress) -> list[BusAddress]:
    """Return a bus with each of its possible settings, its own first.

    If something holds the connection already, its settings are the only ones. A temporary hold does
    not count, because it ends in a moment.
    """
    if isinstance(bus, SerialPort):
        used = links.params_in_use(bus.params.endpoint)
        if links.is_used(bus.params) and isinstance(used, ModbusSerialParams):
            return [bus.with_params(used)]
        settings = usual_settings(bus.params, scan_range=links.timing.scan_range)
        return [bus.with_params(each) for each in settings]
    used_alike = [each for each in bus.framings if links.is_used(each.params)]
    return [*(used_alike or bus.framings)]
