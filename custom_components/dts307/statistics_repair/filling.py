"""Fill in the hours of outages, once Home Assistant has compiled the first hour after them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
import logging
from typing import Final

from homeassistant.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED, UnitOfEnergy
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..coordinator import Dts307ConfigEntry
from ..descriptions import COST_SENSORS
from ..meter.intervals import (
    EXPORTED,
    HOUR,
    IMPORTED,
    HourEnd,
    Refill,
    Row,
    cost_refills,
    refills,
)
from ..stores import ReplacedRows
from .recorded_hours import RecordedHours, can_convert, converted

_LOGGER = logging.getLogger(__name__)

_COMPILED_AFTER: Final = 300.0
"""s after the end of an hour, from which on Home Assistant does not touch its row any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyValues:
    """What a sensor shows at the end of each hour, so that its statistics can be completed."""

    key: str
    """the sensor's"""
    unit: str
    """of the values"""
    async_hours: Callable[[float, float], Awaitable[Sequence[HourEnd]]]
    """returns the hours that end between two instants in s, as far as they are known"""
    refills: Callable[
        [Sequence[HourEnd], Mapping[float, Row]], tuple[Sequence[Refill], float | None]
    ]
    """returns what is wrong in their rows, and up to when these are right"""


def energy_values(entry: Dts307ConfigEntry) -> Sequence[HourlyValues]:
    """Return the values of the two energy counters, one of which also counts production."""
    billing = entry.runtime_data.billing
    return [
        HourlyValues(
            key=f"energy_{name}",
            unit=UnitOfEnergy.WATT_HOUR,
            async_hours=partial(billing.async_hour_ends, name),
            refills=refills,
        )
        for name in (IMPORTED, EXPORTED)
    ]


def cost_values(hass: HomeAssistant, entry: Dts307ConfigEntry) -> Sequence[HourlyValues]:
    """Return the values of the costs for which a price is chosen."""
    keeper = entry.runtime_data.store.cost
    return [
        HourlyValues(
            key=COST_SENSORS[name].key,
            unit=hass.config.currency,
            async_hours=partial(keeper.async_hour_ends, name),
            refills=cost_refills,
        )
        for name in keeper.sources
    ]


@callback
def async_fill_outages(hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
    """Check the statistics of a meter after each hour, unless the owner has turned that off.

    Nothing happens without a recorder: it is its event that starts a check.
    """
    coordinator = entry.runtime_data
    if not coordinator.options.fill_outages:
        coordinator.store.replaced_rows.async_forget_checked()
        return
    filling = _Filling(hass, entry)
    entry.async_on_unload(
        hass.bus.async_listen(
            EVENT_RECORDER_5MIN_STATISTICS_GENERATED, filling.async_statistics_generated
        )
    )


class _Filling:
    """Checks the statistics of one meter."""

    def __init__(self, hass: HomeAssistant, entry: Dts307ConfigEntry) -> None:
        self._hass = hass
        self._entry = entry
        self._kept = entry.runtime_data.store.replaced_rows
        self._values = [*energy_values(entry), *cost_values(hass, entry)]
        self._checked = 0.0
        """s; the end of the hours that were checked last"""

    @callback
    def async_statistics_generated(self, _event: Event) -> None:
        """Check the statistics once an hour, when wall time is trusted."""
        now = dt_util.utcnow().timestamp()
        end = (now - _COMPILED_AFTER) // HOUR * HOUR
        if end == self._checked or not self._entry.runtime_data.store.clock.current.is_settled:
            return
        self._checked = end
        self._entry.async_create_background_task(
            self._hass, self._async_check(end), "fill in the hours of an outage"
        )

    async def _async_check(self, end: float) -> None:
        """Check all statistics up to an instant in s."""
        async with self._kept.changing:
            for values in self._values:
                await self._async_check_values(values, end)

    async def _async_check_values(self, values: HourlyValues, end: float) -> None:
        start = self._kept.checked.get(values.key)
        if start is None or start > end:
            # Nothing is known of earlier hours, or the clock was ahead.
            self._kept.async_set_checked(values.key, end)
            return
        hours = await values.async_hours(start, end)
        recorded = await RecordedHours.async_read(
            self._hass, self._entry, values.key, start - HOUR, end
        )
        if recorded is None or not can_convert(recorded.unit, values.unit):
            return
        rows = {
            start: converted(row, recorded.unit, values.unit)
            for start, row in recorded.rows.items()
        }
        found, checked = values.refills(hours, rows)
        for refill in found:
            await self._async_fill(values, recorded, refill)
        if checked is not None:
            self._kept.async_set_checked(values.key, checked)

    async def _async_fill(
        self, values: HourlyValues, recorded: RecordedHours, refill: Refill
    ) -> None:
        """Keep what is there, and then replace it."""
        rows, replaced = (
            [converted(row, values.unit, recorded.unit) for row in each]
            for each in (refill.rows, refill.replaced)
        )
        # What is there is kept without rounding.
        replaced = [recorded.rows.get(row.start, row) for row in replaced]
        await self._kept.async_keep(
            ReplacedRows(key=values.key, unit=recorded.unit, rows=tuple(replaced))
        )
        await recorded.async_import(self._hass, rows)
        _LOGGER.info(
            "Filled in %d hours of an outage in the statistics %s",
            len(rows),
            recorded.metadata["statistic_id"],
        )
