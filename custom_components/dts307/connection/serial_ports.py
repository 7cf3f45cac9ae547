"""One port is one port: a serial port goes by the name that outlasts replugging and restarts.

Linux numbers adapters as they come: /dev/ttyUSB0 is whichever was found first. Besides, each has
lasting names: one that tells its make and serial number (by-id), and one that tells the socket that
it is plugged into (by-path). Home Assistant tells its shared connections apart by the name of the
port, so that it is always opened under the same one, whatever the config entry calls it.
"""

from collections.abc import Mapping
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.components.usb import SerialDevice, scan_serial_ports
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..issues import async_raise_issue, async_withdraw_issue
from ..meter import MeterError
from ..meter.errors import PortInUseError
from .link import failure_key, link_holders, link_params
from .port_users import async_entry_names, async_port_holders, resolve

_LINKS: Final = Path("/dev/serial")
"""Where udev puts the lasting names (its 60-serial.rules)."""

_UNSTABLE: Final = "unstable_port"
_LINK_IN_USE: Final = "link_in_use"


class PortChangedError(Exception):
    """The port does not go by these names any more."""


async def async_stable_name(hass: HomeAssistant, device: str) -> str:
    """Return the name of a serial port that lasts; what is no port of this machine stays as is."""
    return await hass.async_add_executor_job(_stable_name, device)


async def async_resolved(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return config entry data in which a serial port goes by its lasting name."""
    if CONF_DEVICE not in data:
        return dict(data)
    return {**data, CONF_DEVICE: await async_stable_name(hass, data[CONF_DEVICE])}


async def async_failure(
    hass: HomeAssistant, err: MeterError | HomeAssistantError, data: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """Return the translation key, with its placeholders, that explains a failure and what to do.

    Home Assistant's error is that the link of these config entry data is in use with other
    settings. Who uses a link or a port is told if it is known.
    """
    if isinstance(err, MeterError) and not isinstance(err, PortInUseError):
        return failure_key(err, data), {}
    data = await async_resolved(hass, data)
    sharing = link_holders(link_params(data))
    if isinstance(err, PortInUseError):
        key = failure_key(err, data)
        names = await async_port_holders(hass, data[CONF_DEVICE], apart_from=sharing)
    else:
        key = _LINK_IN_USE
        names = await async_entry_names(hass, sharing)
    if not names:
        return key, {}
    return f"{key}_by", {"holder": ", ".join(names)}


async def async_leads_elsewhere(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Tell whether the port that an entry names has another lasting name than it is opened under.

    So it is when the adapter was exchanged for another one, or has got a twin.
    """
    data = await async_resolved(hass, entry.data)
    if not await hass.async_add_executor_job(os.path.exists, data.get(CONF_DEVICE, "")):
        return False
    infos = async_get_connection_info(hass)
    opened = [info.endpoint for info in infos if entry.entry_id in info.units]
    return bool(opened) and link_params(data).endpoint not in opened


async def async_check_port_name(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask to let an entry, whose own meter has answered, name its port by a name that lasts."""
    device = entry.data.get(CONF_DEVICE, "")
    if stable := await hass.async_add_executor_job(_better_name, device):
        names = {"device": device, "stable": stable}
        async_raise_issue(hass, entry, _UNSTABLE, question=names, placeholders=names)
    else:
        async_withdraw_issue(hass, entry, _UNSTABLE)


async def async_rename_port(
    hass: HomeAssistant, entry: ConfigEntry, device: str, stable: str
) -> None:
    """Let an entry name its port by the name that lasts; all else stays.

    Raises PortChangedError if the one name does not lead to the other any more.
    """
    data = await async_resolved(hass, entry.data)
    if (entry.data.get(CONF_DEVICE), data.get(CONF_DEVICE)) != (device, stable):
        raise PortChangedError
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_reload(entry.entry_id)


def _stable_name(device: str) -> str:
    """Return the first lasting name of a port, or else the name that was given."""
    return next(iter(_lasting_names(device)), device)


def _better_name(device: str) -> str | None:
    """Return the lasting name of a port that goes by one that does not last.

    What a udev rule of the owner's calls it lasts as well.
    """
    own = Path(device).is_symlink() and _LINKS not in Path(device).parents
    names = _lasting_names(device)
    return None if own or device in names else next(iter(names), None)


def _lasting_names(device: str) -> list[str]:
    """Return the lasting names of a port, the best first; none if there is no such port.

    Adapters without a serial number share one name by-id, which leads to any of them.
    """
    port = resolve(device)
    if not Path(port).exists():
        return []
    by_id, by_path = (
        [str(link) for link in sorted((_LINKS / kind).glob("*")) if resolve(str(link)) == port]
        for kind in ("by-id", "by-path")
    )
    return by_path if by_id and _has_twin(port) else by_id + by_path


def _has_twin(port: str) -> bool:
    """Tell whether a port's name by-id is also that of another port, which goes without one."""
    ports = scan_serial_ports()
    nameless = [_kind(each) for each in ports if each.device == each.resolved_device]
    return any(_kind(each) in nameless for each in ports if each.resolved_device == port)


def _kind(port: SerialDevice) -> tuple[object, ...]:
    """Return what a port's name by-id is made of."""
    return port.manufacturer, port.description, port.serial_number, port.interface_num
