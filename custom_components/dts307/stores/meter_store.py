"""Everything that is stored of one meter."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..meter.validation import FirstSight
from ..options import MeterOptions, Role
from .alarms import FILE_ALARMS, AlarmKeeper
from .billing import FILE_LEDGER, FILE_TOTALS, BillingKeeper
from .clock import ClockKeeper
from .cost import FILE_COST, CostKeeper
from .counters import FILE_COUNTERS, CounterKeeper
from .house import FILE_HOUSE, HouseKeeper
from .installation import FILE_INSTALLATION, InstallationKeeper
from .interval_file import async_remove_intervals
from .kept_state import async_remove
from .replaced_rows import FILE_REPLACED_ROWS, ReplacedRowsKeeper
from .state_saver import StateSaver

_FILES: Final = (
    FILE_COUNTERS,
    FILE_INSTALLATION,
    FILE_ALARMS,
    FILE_LEDGER,
    FILE_TOTALS,
    FILE_HOUSE,
    FILE_COST,
    FILE_REPLACED_ROWS,
)


class MeterStore:
    """The keepers of one meter, whose files are written together."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, options: MeterOptions) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._saver = StateSaver(hass, entry)
        self.clock = ClockKeeper()
        self.counters = CounterKeeper(hass, entry, options, self._saver, self.clock)
        self.installation = InstallationKeeper(hass, entry, options, self._saver, self.clock)
        self.alarms = AlarmKeeper(hass, entry, options, self._saver, self.clock)
        self.billing = BillingKeeper(hass, entry, options, self._saver, self.clock)
        self.house = HouseKeeper(hass, entry, self._saver)
        self.cost = CostKeeper(hass, entry, options, self._saver, self.billing)
        self.replaced_rows = ReplacedRowsKeeper(hass, entry, self._saver)
        self._is_at_grid = options.role is Role.GRID

    async def async_load(self) -> None:
        """Restore what was stored, and write what changes from now on."""
        await self.clock.async_load(self._hass)
        await self.billing.async_load()
        await self.counters.async_load(self.billing.ledger)
        await self.installation.async_load()
        await self.alarms.async_load()
        await self.replaced_rows.async_load()
        if self._is_at_grid:
            await self.house.async_load()
        await self.cost.async_load()
        self._saver.async_begin()

    async def async_finish(self) -> None:
        """Write everything; nothing more is shown or written after that."""
        await self._saver.async_finish()


async def async_carry_to_new_meter(
    hass: HomeAssistant, entry: ConfigEntry, sight: FirstSight, *, from_zero: bool
) -> None:
    """Let another meter continue an entry's counters and bill; the entry must not be loaded.

    The meter counts from its first ``sight``, or ``from_zero``.
    """
    saver, clock = StateSaver(hass, entry), ClockKeeper()
    options = MeterOptions.parse(entry.options)
    counters = CounterKeeper(hass, entry, options, saver, clock)
    billing = BillingKeeper(hass, entry, options, saver, clock)
    await clock.async_load(hass)
    await billing.async_load()
    await counters.async_load(billing.ledger)
    billing.carry_to_new_meter(sight, counters.carry_to_new_meter(sight, from_zero=from_zero))
    await saver.async_finish()
    # How the old meter was wired and how it counted says nothing about the new one.
    await async_remove(hass, entry, FILE_INSTALLATION)


async def async_remove_stores(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove all that is stored of an entry's meter."""
    for file in _FILES:
        await async_remove(hass, entry, file)
    await async_remove_intervals(hass, entry)
