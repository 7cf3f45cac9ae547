"""What a scan has found, in words that all languages share."""

from collections.abc import Sequence
from typing import Final

from ..connection import BusAddress
from ..meter.modbus import ScanResult

_MOST_TOLD: Final = 8
"""Of more devices than that, only the first are named."""


def distinct(results: Sequence[ScanResult[BusAddress]]) -> list[ScanResult[BusAddress]]:
    """Return each device once: a gateway may answer for the same meter under any unit id."""
    devices: dict[str, ScanResult[BusAddress]] = {}
    for result in results:
        serial = result.identity.serial_number if result.identity else ""
        devices.setdefault(serial or result_text(result), result)
    return list(devices.values())


def results_text(results: Sequence[ScanResult[BusAddress]]) -> str:
    """Return the devices that were found, the first of them if they are many."""
    devices = list(map(result_text, distinct(results)))
    text = ", ".join(devices[:_MOST_TOLD])
    return f"{text} …" if len(devices) > _MOST_TOLD else text


def result_text(result: ScanResult[BusAddress]) -> str:
    """Return a device in a few words that all languages share."""
    who = ""
    if result.identity is not None:
        identity = result.identity
        who = " ".join(filter(None, (identity.manufacturer, identity.model)))
        who = " ".join(filter(None, (who, identity.serial_number)))
    place = f"#{result.unit_id}, {result.settings.settings_text}"
    return f"{who} ({place})" if who else place
