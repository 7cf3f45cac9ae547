"""Keep the ledger of a meter's totals, and its demand: across restarts, midnights and outages."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import (
    CONF_BILLING_DAY,
    CONF_DEMAND_WINDOW,
    DEFAULT_BILLING_DAY,
    DEFAULT_DEMAND_WINDOW,
    DOMAIN,
)
from .meter import Reading
from .meter.counters import Registers
from .meter.demand import Demand, DemandRecord, demand
from .meter.ledger import IMPORTED, Billing, Ledger, billing, points_of
from .meter.limits import counter_limits
from .meter.track import as_pair, from_pair

_STORAGE_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 60.0
_SECONDS_PER_MINUTE: Final = 60
_COUNTER: Final = "energy_imported.total"


def ledger_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the ledger of an entry's meter is kept, which is a year long."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.ledger")


def totals_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the latest totals and the demand of an entry's meter are kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.totals")


async def async_remove_billing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what was kept of a meter's totals."""
    await ledger_store(hass, entry).async_remove()
    await totals_store(hass, entry).async_remove()


class BillingKeeper:
    """The ledger and the demand of one meter in Home Assistant.

    The ledger changes once a day and is written then. In between it is enough to write the latest
    reading each minute: after Home Assistant was killed, this is the reading before whatever border
    has passed since. It takes its place in the ledger like any other.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any history; ``async_load`` brings it."""
        options = entry.options
        self._billing_day: int = options.get(CONF_BILLING_DAY, DEFAULT_BILLING_DAY)
        window: int = options.get(CONF_DEMAND_WINDOW, DEFAULT_DEMAND_WINDOW)
        self._serial_number = str(entry.unique_id)
        self._ledger_store = ledger_store(hass, entry)
        self._totals_store = totals_store(hass, entry)
        self._ledger = Ledger()
        self._demand = DemandRecord(window=window * _SECONDS_PER_MINUTE)
        self._saving_since = 0.0

    async def async_load(self) -> None:
        """Go on from what was last kept."""
        if ledger := await self._ledger_store.async_load():
            self._ledger = Ledger.from_dict(ledger)
        if totals := await self._totals_store.async_load():
            points = {name: from_pair(pair) for name, pair in totals["points"].items()}
            zone = dt_util.get_default_time_zone()
            self._ledger = self._ledger.resumed(points, totals["serial_number"], zone)
            kept = DemandRecord.from_dict(totals["demand"])
            # Blocks of another length cannot be compared with one another.
            if kept.window == self._demand.window:
                self._demand = kept

    @callback
    def async_check(self, reading: Reading, registers: Registers) -> tuple[Billing, Demand]:
        """Enter a reading whose totals may be believed, and return what follows."""
        zone = dt_util.get_default_time_zone()
        points = points_of(reading, registers)
        ledger = self._ledger.after(points, self._serial_number, zone)
        if ledger.entries != self._ledger.entries:
            ledger = ledger.collapsed(zone, self._billing_day)
            self._ledger_store.async_delay_save(self._ledger_as_dict)
        self._ledger = ledger
        if imported := points.get(IMPORTED):
            step = counter_limits(reading, _COUNTER, imported.value, None).resolution
            self._demand = self._demand.after(imported, step, zone)
        self._async_save_totals_later()
        bill = billing(ledger, zone, self._billing_day)
        return bill, demand(self._demand, bill)

    @callback
    def _async_save_totals_later(self) -> None:
        now = dt_util.utcnow().timestamp()
        # A delayed save starts its delay anew with each call, which would be for ever here. One
        # is always under way, and is carried out early when Home Assistant stops.
        if not 0 <= now - self._saving_since < _SECONDS_BETWEEN_SAVES:
            self._saving_since = now
            self._totals_store.async_delay_save(self._totals_as_dict, _SECONDS_BETWEEN_SAVES)

    async def async_save(self) -> None:
        """Keep all of it as it is now."""
        await self._ledger_store.async_save(self._ledger_as_dict())
        await self._totals_store.async_save(self._totals_as_dict())

    def _ledger_as_dict(self) -> dict[str, Any]:
        return self._ledger.as_dict()

    def _totals_as_dict(self) -> dict[str, Any]:
        return {
            "points": {name: as_pair(point) for name, point in self._ledger.latest.items()},
            "serial_number": self._serial_number,
            "demand": self._demand.as_dict(),
        }
