"""Keys of the texts that explain why a meter cannot be reached or read."""

from typing import Final

from .address import BusAddress, SerialPort, Transport
from .errors import (
    LinkDownError,
    LinkLostError,
    MeterError,
    MeterSilentError,
    SpeaksBacnetError,
    WrongSpeedError,
)

_DEPENDS_ON_TRANSPORT: Final = (
    LinkDownError,
    LinkLostError,
    MeterSilentError,
    SpeaksBacnetError,
    WrongSpeedError,
)
"""Failures whose remedy on a serial port differs from that on a network adapter."""

_AT_A_URL: Final[dict[type[MeterError], str]] = {
    LinkDownError: "link_down_url",
    LinkLostError: f"{LinkLostError.reason}_{Transport.NETWORK}",
}
"""The texts of failures of a port that another machine shares: there is nothing to plug in."""


def failure_key(err: MeterError, bus: BusAddress) -> str:
    """Return the translation key of the text that explains a failure on this kind of bus."""
    if isinstance(bus, SerialPort) and bus.is_url and (key := _AT_A_URL.get(type(err))):
        return key
    if type(err) in _DEPENDS_ON_TRANSPORT:
        return f"{err.reason}_{bus.transport}"
    return err.reason
