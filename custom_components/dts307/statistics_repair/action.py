"""The action that restores the statistics as they were before an outage was filled in."""

from math import isclose
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
import voluptuous as vol

from ..actions import SPAN_FIELDS, entry_of, span_of
from ..const import DOMAIN
from ..coordinator import Dts307ConfigEntry
from ..meter.intervals import HOUR, Row
from ..stores import ReplacedRows
from .recorded_hours import RecordedHours, can_convert, converted

RESTORE_STATISTICS: Final = "restore_statistics"


@callback
def async_register_restore(hass: HomeAssistant) -> None:
    """Register the action."""

    async def restore(call: ServiceCall) -> ServiceResponse:
        start, end = span_of(call)
        hours = await _async_restore(hass, entry_of(call), start.timestamp(), end.timestamp())
        if not hours:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="nothing_to_restore"
            )
        return {"restored_hours": hours}

    hass.services.async_register(
        DOMAIN,
        RESTORE_STATISTICS,
        restore,
        schema=vol.Schema(SPAN_FIELDS),
        supports_response=SupportsResponse.OPTIONAL,
    )


async def _async_restore(
    hass: HomeAssistant, entry: Dts307ConfigEntry, start: float, end: float
) -> int:
    """Restore the outages that overlap a time, each as a whole; return the number of hours."""
    kept = entry.runtime_data.store.replaced_rows
    hours = 0
    async with kept.changing:
        for replaced in kept.between(start, end):
            if restored := await _async_restore_outage(hass, entry, replaced):
                await kept.async_drop(replaced)
            hours += restored
    return hours


async def _async_restore_outage(
    hass: HomeAssistant, entry: ConfigEntry, replaced: ReplacedRows
) -> int:
    """Restore one outage; return the number of hours, 0 if its statistics are gone."""
    first, last = replaced.rows[0].start, replaced.rows[-1].start
    recorded = await RecordedHours.async_read(hass, entry, replaced.key, first, last + HOUR)
    if recorded is None or not can_convert(replaced.unit, recorded.unit):
        return 0
    rows = [
        _adjusted(converted(row, replaced.unit, recorded.unit), recorded.rows[row.start])
        for row in replaced.rows
        if row.start in recorded.rows
    ]
    await recorded.async_import(hass, rows)
    return len(rows)


def _adjusted(row: Row, current: Row) -> Row:
    """Return a row with what the owner has added to the sum since it was replaced."""
    if isclose(row.offset, current.offset, rel_tol=1e-9, abs_tol=1e-6):
        return row
    return Row(start=row.start, state=row.state, sum=row.state - current.offset)
