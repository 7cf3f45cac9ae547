"""Why a meter cannot be reached or read, as a text that names the remedy."""

from typing import Final, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..const import DOMAIN
from ..meter import MeterError
from ..meter.address import BusAddress, SerialPort
from ..meter.errors import PortInUseError, SpeaksBacnetError
from ..meter.failure_key import failure_key
from .buses import async_bus_users
from .port_users import async_entry_names, async_port_users
from .serial_ports import async_resolved_bus

_LINK_IN_USE: Final = "link_in_use"


class Failure(NamedTuple):
    """The translation key of an exception's text, and its placeholders."""

    key: str
    placeholders: dict[str, str]

    def as_error[T: HomeAssistantError](self, kind: type[T]) -> T:
        """Return an exception of this kind with the text."""
        return kind(
            translation_domain=DOMAIN,
            translation_key=self.key,
            translation_placeholders=self.placeholders,
        )


async def async_failure(hass: HomeAssistant, err: Exception, bus: BusAddress) -> Failure:
    """Explain a failure; the text names who uses the connection or the port, if that is known.

    Home Assistant's own error means that the connection is in use with other settings.
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
