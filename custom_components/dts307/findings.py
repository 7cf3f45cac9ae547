"""What a search has found, in words that all languages share."""

from collections.abc import Sequence
from typing import Final

from .link import LinkParams
from .meter.bus import Finding
from .search import link_text

_MOST_TOLD: Final = 8
"""Of more devices than that, only the first are told."""


def different(findings: Sequence[Finding[LinkParams]]) -> list[Finding[LinkParams]]:
    """Return each device once: a gateway may answer for the same meter under any unit id."""
    devices: dict[str, Finding[LinkParams]] = {}
    for finding in findings:
        serial = finding.identity.serial_number if finding.identity else ""
        devices.setdefault(serial or finding_text(finding), finding)
    return list(devices.values())


def findings_text(findings: Sequence[Finding[LinkParams]]) -> str:
    """Return the devices that were found, the first of them if they are many."""
    devices = list(map(finding_text, different(findings)))
    text = ", ".join(devices[:_MOST_TOLD])
    return f"{text} …" if len(devices) > _MOST_TOLD else text


def finding_text(finding: Finding[LinkParams]) -> str:
    """Return a device in a few words that all languages share."""
    who = ""
    if finding.identity is not None:
        identity = finding.identity
        who = " ".join(filter(None, (identity.manufacturer, identity.model)))
        who = " ".join(filter(None, (who, identity.serial_number)))
    place = f"#{finding.unit_id}, {link_text(finding.settings)}"
    return f"{who} ({place})" if who else place
