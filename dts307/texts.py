"""The texts of failures and findings, which the program shares with the integration."""

from functools import cache
from importlib.resources import files
import json
from typing import Any, Final

from .meter.address import BusAddress
from .meter.errors import MeterError
from .meter.failure_key import failure_key

_OWN_TEXTS: Final = {
    "port_missing": "The serial port does not exist. Check that the adapter is plugged in. If it"
    " is, its path may have changed.",
    "port_in_use": "Another program uses the serial port, such as Home Assistant. Only one program"
    " at a time can use a port: stop that one, or use another port.",
    "port_forbidden": "You are not allowed to use the serial port. On Linux, your user often has to"
    " be in the group dialout.",
    "garbled_reply": "The answers arrive damaged. Check the baud rate and parity, the wires and the"
    " 120 ohm resistors at both ends of the bus, and that no two devices share a unit ID.",
    "no_meter_among": "Devices answer, but none of them is a SunSpec meter: {devices}. Check that"
    " the meter is connected to this bus, and that it is set to Modbus, not BACnet.",
    "another_meter": "A meter with another serial number answers here.",
}
"""Texts whose remedy in the integration is something that only Home Assistant has."""

_OWN_ISSUES: Final = {
    "power_turned": "The meter reports positive power while its export counter rises. This program"
    " and the integration invert the sign, so that positive power is import. The energy values are"
    " correct.",
    "power_unsigned": "The meter reports power with the same sign for import and export. The energy"
    " values are correct. If you can set the meter to report signed power, do so.",
    "phase_opposite": "The power on phase {phases} flows backwards while nothing feeds in. The"
    " current transformer (CT) of this phase is probably reversed, or on another phase than its"
    " voltage. Have an electrician check it.",
    "phases_swapped": "The currents of phases {phases} are a third of a turn away from their"
    " voltages, as if each current transformer (CT) measured the current of another phase. Power,"
    " power factor and energy of these phases are wrong, and so are the totals. Have an electrician"
    " check which CT, and which voltage lead, belongs to which phase.",
}
"""Texts of repairs that speak of nights, and of what only Home Assistant has."""


@cache
def translations() -> dict[str, Any]:
    """Return the integration's English texts."""
    text = files(__package__).joinpath("translations", "en.json").read_text("utf-8")
    texts: dict[str, Any] = json.loads(text)
    return texts


def failure_text(err: MeterError, bus: BusAddress) -> str:
    """Return what is wrong, and what to do about it."""
    key = failure_key(err, bus)
    text: str = _OWN_TEXTS.get(key) or translations()["exceptions"][key]["message"]
    return text.replace("{baudrate}", str(bus.baudrate))


def search_text(key: str, **placeholders: str) -> str:
    """Return why a search has found nothing, and what to do about it."""
    text: str = _OWN_TEXTS.get(key) or translations()["config"]["error"][key]
    text = text.replace("*Full search* tries", "The option --full tries")
    return text.format(**placeholders)


def issue_title(key: str, **placeholders: str) -> str:
    """Return the title of one of the integration's repairs."""
    title: str = translations()["issues"][key]["title"]
    return title.format(**placeholders)


def issue_text(key: str, **placeholders: str) -> str:
    """Return what one of the integration's repairs says, and what to do about it."""
    text: str = _OWN_ISSUES.get(key) or translations()["issues"][key]["description"]
    return text.format(**placeholders)
