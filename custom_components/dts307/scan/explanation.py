"""Why a scan has found nothing that was searched for."""

from typing import Final

from homeassistant.core import HomeAssistant

from ..connection import Failure, async_failure
from ..meter import EndlessChainError, MeterBusyError, NoMeterModelError, NotSunSpecError
from .meter_scan import MeterScan
from .results import results_text

_NO_METER: Final = (NotSunSpecError, NoMeterModelError, EndlessChainError)
"""A device answers as it should, but is not a meter that can be read."""


async def async_explain(hass: HomeAssistant, scan: MeterScan, *, own: bool) -> Failure:
    """Explain why a scan for new meters, or for an entry's ``own`` meter, has found nothing."""
    if scan.error is not None:
        return await async_failure(hass, scan.error, scan.bus)
    devices = {"devices": results_text(scan.results)}
    if any(result.identity for result in scan.results):
        return Failure("other_meters" if own else "only_known_meters", devices)
    if scan.responds_everywhere:
        is_busy = all(isinstance(result.error, MeterBusyError) for result in scan.results)
        return Failure("busy_everywhere" if is_busy else "responds_everywhere", {})
    for result in scan.results:
        if result.error and not isinstance(result.error, _NO_METER):
            return await async_failure(hass, result.error, result.settings)
    if scan.results:
        return Failure("no_meter_among", devices)
    reason = "wrong_speed" if scan.noisy else "nothing_found"
    return Failure(f"{reason}_{scan.bus.transport}", {})
