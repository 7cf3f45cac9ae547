"""Why a scan has found no meter."""

from typing import Final

from ..address import BusAddress
from ..errors import EndlessChainError, MeterBusyError, NoMeterModelError, NotSunSpecError
from .meter_scan import MeterScan

_NO_METER: Final = (NotSunSpecError, NoMeterModelError, EndlessChainError)
"""A device answers as it should, but is not a meter that can be read."""


def cause_of(scan: MeterScan) -> tuple[Exception, BusAddress] | str:
    """Return why a scan has found no meter: an error on a bus, or the key of a text."""
    if scan.error is not None:
        return scan.error, scan.bus
    if scan.responds_everywhere:
        is_busy = all(isinstance(result.error, MeterBusyError) for result in scan.results)
        return "busy_everywhere" if is_busy else "responds_everywhere"
    for result in scan.results:
        if result.error and not isinstance(result.error, _NO_METER):
            return result.error, result.settings
    if scan.results:
        return "no_meter_among"
    reason = "wrong_speed" if scan.noisy else "nothing_found"
    return f"{reason}_{scan.bus.transport}"
