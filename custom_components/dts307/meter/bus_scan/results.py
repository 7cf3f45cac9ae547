"""Scan results as text that needs no translation."""

from collections.abc import Sequence
from typing import Final

from ..address import BusAddress
from ..modbus import ScanResult

_MOST_LISTED: Final = 8
"""The most devices that a text lists."""


def results_text(results: Sequence[ScanResult[BusAddress]]) -> str:
    """Return the found devices as text, shortened if there are many."""
    devices = list(map(result_text, results))
    text = ", ".join(devices[:_MOST_LISTED])
    return f"{text} …" if len(devices) > _MOST_LISTED else text


def result_text(result: ScanResult[BusAddress]) -> str:
    """Return a device's identity, unit ID and bus settings as text."""
    place = f"#{result.unit_id}, {result.settings.settings_text}"
    if (identity := result.identity) is None:
        return place
    known = filter(None, (identity.manufacturer, identity.model, identity.serial_number))
    who = " ".join(known)
    return f"{who} ({place})" if who else place
