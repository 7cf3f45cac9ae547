"""Why a meter cannot be reached or read, as a text that names the remedy."""

from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..meter import LinkDownError, MeterError, MeterSilentError
from ..meter.errors import LinkLostError, PortInUseError, SpeaksBacnetError, WrongSpeedError
from .address import BusAddress, SerialPort, Transport
from .buses import async_bus_users
from .port_users import async_entry_names, async_port_users
from .serial_ports import async_resolved_bus

_LINK_IN_USE: Final = "link_in_use"

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


class Failure(NamedTuple):
    """The translation key of an exception's text, and its placeholders."""

    key: str
    placeholders: dict[str, str]


def failure_key(err: MeterError, bus: BusAddress) -> str:
    """Return the translation key of the text that explains a failure on this kind of bus."""
    if isinstance(bus, SerialPort) and bus.is_url and (key := _AT_A_URL.get(type(err))):
        return key
    if type(err) in _DEPENDS_ON_TRANSPORT:
        return f"{err.reason}_{bus.transport}"
    return err.reason


async def async_failure(
    hass: HomeAssistant, err: MeterError | HomeAssistantError, bus: BusAddress
) -> Failure:
    """Explain a failure; the text names who uses the connection or the port, if that is known.

    Home Assistant's error means that the connection is in use with other settings.
    """
    if isinstance(err, SpeaksBacnetError) and isinstance(bus, SerialPort):
        return Failure(failure_key(err, bus), {"baudrate": str(bus.baudrate)})
    if isinstance(err, MeterError) and not isinstance(err, PortInUseError):
        return Failure(failure_key(err, bus), {})
    bus = await async_resolved_bus(hass, bus)
    sharing = async_bus_users(hass, bus.params)
    if isinstance(err, PortInUseError) and isinstance(bus, SerialPort):
        key = failure_key(err, bus)
        names = await async_port_users(hass, bus.device, apart_from=sharing)
    else:
        key = _LINK_IN_USE
        names = await async_entry_names(hass, sharing)
    if not names:
        return Failure(key, {})
    return Failure(f"{key}_by", {"holder": ", ".join(names)})
