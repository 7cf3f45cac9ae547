"""Sum up what a house consumes, from the meters at its grid connection, inverters and batteries."""

from collections.abc import Callable, Mapping
from functools import partial
import logging
from typing import Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import DOMAIN
from ..coordinator import Dts307ConfigEntry
from ..meter.house_balance import House, HousePoint
from ..options import MeterOptions, ProductionCounter, Role

_LOGGER = logging.getLogger(__name__)

_INTO_HOUSE: Final = {ProductionCounter.EXPORTED: -1, ProductionCounter.IMPORTED: 1}


class HouseCoordinator(DataUpdateCoordinator[House | None]):
    """Announces what a house consumes, and polls nothing.

    Its data is None while that is not known: a meter does not answer, or has just begun to.
    """

    config_entry: Dts307ConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: Dts307ConfigEntry, begun: Callable[[], None]
    ) -> None:
        """Sum up for the meter at the grid; ``begun`` is called when there are others to add."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=f"{entry.title} house")
        self.data = None
        self._begun = begun
        self._signs: Mapping[str, int] = {}
        self._leave_entries: list[CALLBACK_TYPE] = []
        self._leave_meters: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> None:
        """Follow all meters of the house until the entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed
            )
        )
        entry.async_on_unload(self._async_leave)
        self._async_choose()

    @callback
    def _async_entry_changed(self, _change: ConfigEntryChange, _entry: ConfigEntry) -> None:
        self._async_choose()

    @callback
    def _async_choose(self) -> None:
        """Choose the members again, as entries come, go and change their roles."""
        signs = house_members(self.hass, self.config_entry)
        if signs == self._signs:
            return
        self._async_leave()
        self._signs = signs
        if signs:
            self.config_entry.runtime_data.store.house.async_begin(signs)
            self._begun()
        for entry in self._entries():
            self._leave_entries.append(entry.async_on_state_change(self._async_follow))
        self._async_follow()

    @callback
    def _async_follow(self) -> None:
        """Follow the members that are loaded."""
        _call_all(self._leave_meters)
        for entry in self._entries():
            if _is_loaded(entry):
                read = partial(self._async_read, entry)
                self._leave_meters.append(entry.runtime_data.async_add_listener(read))
        self._async_publish(self.data)

    @callback
    def _async_leave(self) -> None:
        _call_all(self._leave_entries)
        _call_all(self._leave_meters)

    @callback
    def _async_read(self, entry: Dts307ConfigEntry) -> None:
        """Add the latest reading of a member."""
        house = None
        if (point := _point(entry, self.hass.loop.time())) is not None:
            house = self.config_entry.runtime_data.store.house.async_add(entry.entry_id, point)
        self._async_publish(house)

    @callback
    def _async_publish(self, house: House | None) -> None:
        everyone = bool(self._signs) and all(
            _is_loaded(entry) and _point(entry, 0) is not None for entry in self._entries()
        )
        self.data = house if everyone else None
        self.async_update_listeners()

    def _entries(self) -> list[Dts307ConfigEntry]:
        entries = self.hass.config_entries.async_entries(DOMAIN)
        return [entry for entry in entries if entry.entry_id in self._signs]


def house_members(hass: HomeAssistant, grid: ConfigEntry) -> Mapping[str, int]:
    """Return the signs of the meters whose sum is what the house consumes, by entry ID.

    A sign is 1 if what the meter imports flows into the house, and -1 if what it exports does.
    There are none if ``grid`` is not the only meter at the grid, without a meter of a solar
    inverter or a battery, and until the counter of a solar production is found.
    """
    signs: dict[str, int] = {}
    for entry in hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    ):
        options = MeterOptions.parse(entry.options)
        if options.role is Role.GRID:
            if entry is not grid:
                return {}
            signs[entry.entry_id] = 1
        elif options.role is Role.BATTERY:
            signs[entry.entry_id] = -1
        elif options.role is Role.SOLAR:
            if options.production_counter is None:
                return {}
            signs[entry.entry_id] = _INTO_HOUSE[options.production_counter]
    return signs if len(signs) > 1 and grid.entry_id in signs else {}


def _is_loaded(entry: Dts307ConfigEntry) -> bool:
    return entry.state is ConfigEntryState.LOADED


def _point(entry: Dts307ConfigEntry, at: float) -> HousePoint | None:
    """Return the latest reading of a member, read ``at`` this instant; None if it has none."""
    meter = entry.runtime_data
    if not meter.last_update_success or meter.data is None:
        return None
    reading = meter.data.reading
    imported, exported = reading.energy_imported.total, reading.energy_exported.total
    if imported is None or exported is None:
        return None
    return HousePoint(
        at=at,
        energy=imported - exported,
        gross=imported + exported,
        resolution=reading.energy_resolution or 0.0,
        power=reading.power.total,
    )


def _call_all(callbacks: list[CALLBACK_TYPE]) -> None:
    while callbacks:
        callbacks.pop()()
