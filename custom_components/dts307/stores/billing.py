"""Keep the ledger of a meter's totals, and its demand: across restarts, midnights and outages."""

from collections.abc import Callable, Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..meter import Reading
from ..meter.intervals import (
    IMPORTED,
    Billing,
    Demand,
    DemandRecord,
    Ledger,
    Samples,
    as_pair,
    billing,
    demand,
    from_pair,
    samples_of,
)
from ..meter.validation import Registers, counter_limits
from ..options import MeterOptions

_LOGGER = logging.getLogger(__name__)

_STORAGE_VERSION: Final = 1
_SECONDS_BETWEEN_SAVES: Final = 60.0
_COUNTER: Final = "energy_imported.total"


def ledger_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the ledger of an entry's meter is kept, which is a year long."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.ledger")


def totals_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return where the latest totals and the demand of an entry's meter are kept."""
    return Store(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}.totals")


async def async_remove_billing(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what was kept of a meter's totals."""
    for store in (ledger_store(hass, entry), totals_store(hass, entry)):
        await store.async_remove()
        await _aside(hass, store).async_remove()


def _aside(hass: HomeAssistant, store: Store[dict[str, Any]]) -> Store[dict[str, Any]]:
    """Return where the content of a store is kept that could not be read."""
    return Store(hass, _STORAGE_VERSION, f"{store.key}.unreadable")


class BillingKeeper:
    """The ledger and the demand of one meter in Home Assistant.

    The ledger changes once a day, or when the clock is set, and is written then. In between it is
    enough to write the latest reading each minute: after Home Assistant was killed, this is the
    reading before whatever border has passed since. It takes its place in the ledger like any
    other.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin without any history; ``async_load`` brings it."""
        self._hass = hass
        self._name = entry.title
        options = MeterOptions.parse(entry.options)
        self._billing_day = options.billing_day
        self._serial_number = str(entry.unique_id)
        self._ledger_store = ledger_store(hass, entry)
        self._totals_store = totals_store(hass, entry)
        self._ledger = Ledger()
        self._demand = DemandRecord(window=options.demand_window)
        self._saving_since = 0.0

    async def async_load(self) -> None:
        """Go on from what was last kept."""
        if ledger := await self._async_kept(
            self._ledger_store, Ledger.from_dict, "the readings of past midnights, and all credit"
        ):
            self._ledger = ledger
        if totals := await self._async_kept(
            self._totals_store, _totals, "the readings of the last minutes, and all peak demands"
        ):
            points, serial_number, kept = totals
            zone = dt_util.get_default_time_zone()
            self._ledger = self._ledger.resumed(points, serial_number, zone)
            # Blocks of another length cannot be compared with one another.
            if kept.window == self._demand.window:
                self._demand = kept

    async def _async_kept[T](
        self, store: Store[dict[str, Any]], read: Callable[[Mapping[str, Any]], T], content: str
    ) -> T | None:
        """Return what a store has kept; what cannot be read is put aside, and is as good as none.

        A bill that begins anew is a pity, but no reason to show nothing of the meter any more.
        """
        if (stored := await store.async_load()) is None:
            return None
        try:
            return read(stored)
        except (KeyError, TypeError, ValueError) as err:
            aside = _aside(self._hass, store)
            await aside.async_save(stored)
            _LOGGER.error(  # noqa: TRY400 - where in the file it is says nothing to the owner
                "Net metering of %s has lost %s, as what was kept in %s cannot be read (%r); "
                "it begins anew, and the old content is now in %s",
                self._name,
                content,
                store.path,
                err,
                aside.path,
            )
        return None

    @callback
    def async_check(self, reading: Reading, registers: Registers) -> tuple[Billing, Demand]:
        """Enter a reading whose totals may be believed, and return what follows."""
        zone = dt_util.get_default_time_zone()
        points = samples_of(reading, registers, dt_util.utcnow().timestamp())
        ledger = self._ledger.after(points, self._serial_number, zone)
        if ledger.kept != self._ledger.kept:
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
            "points": {name: as_pair(point) for name, point in self._ledger.newest.items()},
            "serial_number": self._serial_number,
            "demand": self._demand.as_dict(),
        }


def _totals(stored: Mapping[str, Any]) -> tuple[Samples, str, DemandRecord]:
    points = {name: from_pair(pair) for name, pair in dict(stored["points"]).items()}
    return points, str(stored["serial_number"]), DemandRecord.from_dict(stored["demand"])
