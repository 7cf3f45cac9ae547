"""The part of the setup that scans the bus at the address that was entered."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, override

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntry, ConfigFlowResult
from homeassistant.core import callback
from homeassistant.data_entry_flow import UnknownFlow
from homeassistant.util.hass_dict import HassKey

from ..connection import BusAddress, MeterAddress, NetworkAdapter
from ..const import DOMAIN
from ..flows import CONF_EVERYTHING, CONF_THOROUGH, SECTION_KNOWN
from ..meter.bus_scan import MeterScan
from ..meter.modbus import ScanResult
from .address_flow import AddressFlow
from .explanation import async_explain
from .known_meters import KnownMeters, async_known_meters
from .links import SharedLinks
from .suspension import SuspendedEntries

_SCANS: HassKey[dict[str, ScanFlow]] = HassKey(f"{DOMAIN}_scans")
"""The flow that last scanned a bus, by the port or the address of the adapter."""


class ScanFlow(AddressFlow):
    """Scans a bus for meters, and explains why it found none."""

    _scan: MeterScan
    _known = KnownMeters()
    """The meters that were set up when the scan began."""
    _scanning: asyncio.Task[None] | None = None
    _neighbours: asyncio.Task[None] | None = None
    """Asks the neighbours of the meter that was found, while a form is shown."""
    _are_neighbours_due = False
    """Whether the scan has left that for later."""
    _update: asyncio.Task[None] | None = None
    """Waits until there is something else to show."""
    _closed = False
    """Whether the window was closed, or the flow has ended."""

    def __init__(self) -> None:
        """Begin with nothing to clean up."""
        self._at_end: list[Callable[[], object]] = []
        """What to do when the window is closed, or the flow ends."""

    @cached_property
    def _suspended(self) -> SuspendedEntries:
        return SuspendedEntries(self.hass, self.context.get("entry_id"), self._async_end_scan)

    @abstractmethod
    def _is_wanted(self, result: ScanResult[BusAddress]) -> bool:
        """Return whether a device is what the flow searches for."""

    @abstractmethod
    async def _async_found(self, found: list[ScanResult[BusAddress]]) -> ConfigFlowResult:
        """Continue with the wanted devices that were found."""

    @override
    async def _async_search(self, address: MeterAddress) -> ConfigFlowResult:
        await self._async_begin(address)
        return await self.async_step_search()

    async def _async_begin(self, address: MeterAddress) -> None:
        """Begin to scan in the background."""
        bus = address.bus
        await self._suspended.async_wait()
        await self._async_end_other_scan(bus)
        await self._suspended.async_suspend(bus)
        self._known = await async_known_meters(self.hass)
        if self._closed:
            self._suspended.async_resume()
            raise UnknownFlow
        answers = self._answers or {}
        thorough = answers[SECTION_KNOWN][CONF_THOROUGH]
        is_reconfigured = self.source == SOURCE_RECONFIGURE
        # Behind an adapter, each silent neighbour takes a second. Suspended entries cannot wait.
        is_slow = isinstance(bus, NetworkAdapter) and self._suspended.is_empty
        self._are_neighbours_due = is_slow and not (thorough or is_reconfigured)
        self._scan = MeterScan(
            SharedLinks(self.hass),
            address,
            is_wanted=self._is_wanted,
            on_progress=self.async_update_progress,
            thorough=thorough,
            everything=answers.get(CONF_EVERYTHING, False),
            only_one=is_reconfigured or self._are_neighbours_due,
            asked=self._asked_unit_id,
            known=self._known.on(bus),
        )
        self._scanning = self.hass.async_create_background_task(
            self._scan.run(), f"{self.handler} scan"
        )
        self._scanning.add_done_callback(self._async_scan_ended)
        self.hass.data[_SCANS][bus.place] = self
        self._at_end.append(partial(self._async_release, bus.place))
        # A scan whose window was closed must not keep the connection.
        self._at_end.append(self._scanning.cancel)

    @callback
    def _async_release(self, place: str) -> None:
        """No longer be the flow that last scanned a place."""
        scans = self.hass.data[_SCANS]
        if scans.get(place) is self:
            del scans[place]

    async def _async_end_other_scan(self, bus: BusAddress) -> None:
        """End a scan of the same bus that goes on for a window that was left or reloaded."""
        other = self.hass.data.setdefault(_SCANS, {}).pop(bus.place, None)
        if other is not None and other is not self:
            self._suspended.async_adopt(await other.async_give_way())

    async def async_give_way(self) -> list[ConfigEntry]:
        """End the scan for another flow's; return the entries that are suspended for it."""
        entries = self._suspended.async_hand_over()
        self._are_neighbours_due = False
        await self._async_end_scan()
        return entries

    async def _async_end_scan(self) -> None:
        """End the scan, if there is one, and wait until its connection is closed."""
        for task in filter(None, (self._scanning, self._neighbours)):
            task.cancel()
            await asyncio.wait([task])

    @callback
    def _async_ask_neighbours(self) -> None:
        """Ask the neighbours of the meter that was found, while a form is shown."""
        if self._are_neighbours_due:
            self._are_neighbours_due = False
            self._neighbours = self.hass.async_create_background_task(
                self._scan.run_neighbours(), f"{self.handler} scan"
            )
            self._at_end.append(self._neighbours.cancel)

    async def _async_neighbours(self) -> list[ScanResult[BusAddress]]:
        """Return what was searched for, with what was found while a form was shown."""
        return [] if self._neighbours is None else await self._async_wanted()

    @property
    def _are_neighbours_asked(self) -> bool:
        return self._neighbours is not None and not self._neighbours.done()

    @callback
    def _async_scan_ended(self, scanning: asyncio.Task[None]) -> None:
        """Resume the suspended entries, at the latest a while after something was found.

        What was found says with which settings they go on.
        """
        if scanning.cancelled():
            return
        if self._scan.wanted:
            self._suspended.async_resume_later()
        else:
            self._suspended.async_resume()

    async def async_step_search(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the progress of the scan until it has ended."""
        if self._scanning and self._scanning.done():
            if self._scanning.cancelled():
                return self.async_show_progress_done(next_step_id="taken_over")
            # Raises what a scan does not expect, so that it shows.
            self._scanning.result()
            return self.async_show_progress_done(next_step_id="searched")
        return self._async_show_probe("search")

    async def async_step_neighbours(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the progress of asking the neighbours, until all have had their time."""
        if self._are_neighbours_asked:
            return self._async_show_probe("neighbours")
        return self.async_show_progress_done(next_step_id="more_meters")

    @callback
    def _async_show_probe(self, step_id: str) -> ConfigFlowResult:
        scan = self._scan
        probe = scan.probe
        # The frontend may request this step at any time, but one task is enough to wait.
        if self._update is None or self._update.done():
            self._update = self.hass.async_create_background_task(
                scan.changed(), f"{self.handler} scan update"
            )
        return self.async_show_progress(
            step_id=step_id,
            progress_action=probe.stage.value,
            description_placeholders={
                "settings": probe.settings.settings_text,
                "unit_id": str(probe.unit_id),
                "count": str(sum(each.identity is not None for each in scan.results)),
            },
            progress_task=self._update,
        )

    async def async_step_searched(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Continue with what was found, or explain why nothing was."""
        if self._is_entry_gone():
            return self.async_abort(reason="entry_gone")
        if found := await self._async_wanted():
            return await self._async_found(found)
        own = self.source == SOURCE_RECONFIGURE
        self._failure = await async_explain(self.hass, self._scan, own=own)
        return self._async_show_address()

    async def async_step_taken_over(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """End, because another window scans this bus."""
        return self.async_abort(reason="taken_over")

    async def _async_wanted(self) -> list[ScanResult[BusAddress]]:
        """Return what was searched for, without meters that are set up on another bus."""
        wanted = self._scan.wanted
        if self.source == SOURCE_RECONFIGURE:
            return wanted
        elsewhere = self._known.async_is_elsewhere
        return [each for each in wanted if not await elsewhere(self.hass, each)]

    @callback
    @override
    def async_remove(self) -> None:
        self._closed = True
        self._suspended.async_resume()
        for end in self._at_end:
            end()
