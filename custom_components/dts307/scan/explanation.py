"""Why a scan has found nothing that was searched for."""

from homeassistant.core import HomeAssistant

from ..connection import Failure, async_failure
from ..meter.bus_scan import MeterScan, cause_of, results_text


async def async_explain(hass: HomeAssistant, scan: MeterScan, *, own: bool) -> Failure:
    """Explain why a scan for new meters, or for an entry's ``own`` meter, has found nothing."""
    devices = {"devices": results_text(scan.results)}
    if scan.error is None and any(result.identity for result in scan.results):
        return Failure("other_meters" if own else "only_known_meters", devices)
    cause = cause_of(scan)
    if isinstance(cause, str):
        return Failure(cause, devices if cause == "no_meter_among" else {})
    return await async_failure(hass, *cause)
