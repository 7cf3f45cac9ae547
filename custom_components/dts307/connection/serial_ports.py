"""Open a serial port by the path that survives replugging and restarts.

Linux numbers USB adapters in the order in which it finds them, so /dev/ttyUSB0 may be another one
tomorrow. udev adds persistent paths: by-id (maker, model and serial number of the adapter) and
by-path (the socket that it is plugged into). Home Assistant shares a connection by the text of its
path, so one port always has to be opened by the same one, whatever the config entry says.
"""

from dataclasses import replace
import os
from pathlib import Path
from typing import Final

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.components.usb import SerialDevice, scan_serial_ports
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..issues import async_raise_issue, async_withdraw_issue
from ..meter.address import BusAddress, MeterAddress, SerialPort
from .port_users import resolve
from .system_paths import async_system_paths

_UNSTABLE: Final = "unstable_port"


class PortChangedError(Exception):
    """The port no longer has these paths."""


async def async_resolved_bus(hass: HomeAssistant, bus: BusAddress) -> BusAddress:
    """Return a bus whose serial port, if it has one, goes by its persistent path."""
    if not isinstance(bus, SerialPort):
        return bus
    links = async_system_paths(hass).persistent_ports
    path = await hass.async_add_executor_job(_persistent_path, links, bus.device)
    return replace(bus, device=path)


async def async_resolved(hass: HomeAssistant, address: MeterAddress) -> MeterAddress:
    """Return an address whose serial port, if it has one, goes by its persistent path."""
    return replace(address, bus=await async_resolved_bus(hass, address.bus))


async def async_has_other_path(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether an entry's port has another persistent path than the one it was opened by.

    That happens when the adapter was exchanged for another one, or when a twin was plugged in.
    """
    bus = (await async_resolved(hass, MeterAddress.parse(entry.data))).bus
    if not isinstance(bus, SerialPort):
        return False
    if not await hass.async_add_executor_job(os.path.exists, bus.device):
        return False
    infos = async_get_connection_info(hass)
    opened = [info.endpoint for info in infos if entry.entry_id in info.units]
    return bool(opened) and bus.params.endpoint not in opened


async def async_check_port_path(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Offer to store the persistent path of an entry's port, or withdraw that offer."""
    bus, links = MeterAddress.parse(entry.data).bus, async_system_paths(hass).persistent_ports
    if isinstance(bus, SerialPort) and (
        better := await hass.async_add_executor_job(_better_path, links, bus.device)
    ):
        paths = {"device": bus.device, "stable": better}
        async_raise_issue(hass, entry, _UNSTABLE, question=paths, placeholders=paths)
    else:
        async_withdraw_issue(hass, entry, _UNSTABLE)


async def async_store_persistent_path(
    hass: HomeAssistant, entry: ConfigEntry, device: str, stable: str
) -> None:
    """Store the persistent path of an entry's port; everything else stays.

    Raises PortChangedError if ``device`` no longer leads to ``stable``.
    """
    address = MeterAddress.parse(entry.data)
    resolved = await async_resolved(hass, address)
    if [_device(each) for each in (address, resolved)] != [device, stable]:
        raise PortChangedError
    hass.config_entries.async_update_entry(entry, data={**entry.data, **resolved.as_data()})
    await hass.config_entries.async_reload(entry.entry_id)


def _device(address: MeterAddress) -> str | None:
    return address.bus.device if isinstance(address.bus, SerialPort) else None


def _persistent_path(links: Path, device: str) -> str:
    """Return the best persistent path of a port, or the path that was given if there is none."""
    return next(iter(_persistent_paths(links, device)), device)


def _better_path(links: Path, device: str) -> str | None:
    """Return the persistent path of a port whose given path does not persist.

    A symbolic link from the owner's own udev rule persists, too.
    """
    own = Path(device).is_symlink() and links not in Path(device).parents
    paths = _persistent_paths(links, device)
    return None if own or device in paths else next(iter(paths), None)


def _persistent_paths(links: Path, device: str) -> list[str]:
    """Return the persistent paths of a port, the best first; none if there is no such port.

    Adapters without a serial number share one path in by-id, which leads to any of them.
    """
    port = resolve(device)
    if not Path(port).exists():
        return []
    by_id, by_path = (
        [str(link) for link in sorted((links / kind).glob("*")) if resolve(str(link)) == port]
        for kind in ("by-id", "by-path")
    )
    return by_path if by_id and _has_twin(port) else by_id + by_path


def _has_twin(port: str) -> bool:
    """Return whether another port has the same path in by-id, and therefore has none."""
    ports = scan_serial_ports()
    nameless = [_kind(each) for each in ports if each.device == each.resolved_device]
    return any(_kind(each) in nameless for each in ports if each.resolved_device == port)


def _kind(port: SerialDevice) -> tuple[object, ...]:
    """Return what a path in by-id is made of."""
    return port.manufacturer, port.description, port.serial_number, port.interface_num
