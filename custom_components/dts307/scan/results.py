"""What a search has found, in words that all languages share."""

from collections.abc import Sequence
from typing import Final

from ..connection.link import LinkParams
from ..meter.modbus import ScanResult
from .search import link_text

_MOST_TOLD: Final = 8
"""Of more devices than that, only the first are told."""


def distinct(findings: Sequence[ScanResult[LinkParams]]) -> list[ScanResult[LinkParams]]:
    """Return each device once: a gateway may answer for the same meter under any unit id."""
    devices: dict[str, ScanResult[LinkParams]] = {}
    for finding in findings:
        serial = finding.identity.serial_number if finding.identity else ""
        devices.setdefault(serial or result_text(finding), finding)
    return list(devices.values())


def results_text(findings: Sequence[ScanResult[LinkParams]]) -> str:
    """Return the devices that were found, the first of them if they are many."""
    devices = list(map(result_text, distinct(findings)))
    text = ", ".join(devices[:_MOST_TOLD])
    return f"{text} …" if len(devices) > _MOST_TOLD else text


def result_text(finding: ScanResult[LinkParams]) -> str:
    """Return a device in a few words that all languages share."""
    who = ""
    if finding.identity is not None:
        identity = finding.identity
        who = " ".join(filter(None, (identity.manufacturer, identity.model)))
        who = " ".join(filter(None, (who, identity.serial_number)))
    place = f"#{finding.unit_id}, {link_text(finding.settings)}"
    return f"{who} ({place})" if who else place
