"""Names of whatever is using a serial port."""

from collections.abc import Collection, Mapping
from contextlib import suppress
import os
from pathlib import Path

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.components.usb import (
    SerialDevice,
    USBDevice,
    async_get_serial_port_consumers,
    async_scan_serial_ports,
)
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.loader import async_get_integration

from .modbus_internals import yaml_hubs
from .system_paths import async_system_paths


async def async_port_users(
    hass: HomeAssistant, device: str, *, apart_from: Collection[str] = ()
) -> list[str]:
    """Return the names of whatever is using a serial port, or is set up to use it.

    These are config entries except those in ``apart_from``, apps, Modbus hubs in
    configuration.yaml, and other programs on this machine.
    """
    processes = async_system_paths(hass).processes
    port = await hass.async_add_executor_job(resolve, device)
    entry_ids, apps = await _async_consumers(hass, port)
    excluded = {*apart_from, *_async_disconnected(hass)}
    hubs = {
        f'modbus "{name}" (configuration.yaml)': str(endpoint[1])
        for name, endpoint in yaml_hubs(hass).items()
    }
    return [
        *await async_entry_names(hass, [each for each in entry_ids if each not in excluded]),
        *apps,
        *await hass.async_add_executor_job(_resolving_to, port, hubs),
        *await hass.async_add_executor_job(_programs, processes, port),
    ]


async def async_only_free_port(hass: HomeAssistant) -> str | None:
    """Return the only USB port that nothing is set up to use; None if there is none or several."""
    ports = await async_scan_serial_ports(hass)
    usb = [port for port in ports if isinstance(port, USBDevice)]
    claims = await async_get_serial_port_consumers(hass, usb)
    free = [port.device for port in usb if not claims.get(port.device)]
    return free[0] if len(free) == 1 else None


async def async_entry_names(hass: HomeAssistant, entry_ids: Collection[str]) -> list[str]:
    """Return the names of config entries, except those that are waiting to be set up."""
    entries = [hass.config_entries.async_get_entry(entry_id) for entry_id in entry_ids]
    return [
        await _async_entry_name(hass, entry)
        for entry in entries
        if entry is not None and entry.state is not ConfigEntryState.SETUP_RETRY
    ]


def resolve(device: str) -> str:
    """Resolve the symbolic links of a port's path; a URL is returned unchanged."""
    return device if "://" in device else os.path.realpath(device)


async def _async_consumers(hass: HomeAssistant, port: str) -> tuple[list[str], list[str]]:
    """Return the IDs of the config entries and the names of the apps that claim a port."""
    serial = SerialDevice(device=port, serial_number=None, manufacturer=None, description=None)
    claims = await async_get_serial_port_consumers(hass, [serial])
    active = [claim for claim in claims.get(port, []) if claim.active]
    entry_ids = [claim.config_entry_id for claim in active if claim.config_entry_id is not None]
    return entry_ids, [claim.title for claim in active if claim.config_entry_id is None]


@callback
def _async_disconnected(hass: HomeAssistant) -> set[str]:
    """Return the IDs of entries whose Modbus connections are closed."""
    infos = async_get_connection_info(hass)
    connected = {entry_id for info in infos if info.connected for entry_id in info.units}
    return {entry_id for info in infos for entry_id in info.units} - connected


async def _async_entry_name(hass: HomeAssistant, entry: ConfigEntry) -> str:
    integration = await async_get_integration(hass, entry.domain)
    return f"{entry.title} ({integration.name})"


def _resolving_to(port: str, devices: Mapping[str, str]) -> list[str]:
    """Return the keys of the devices that resolve to a port."""
    return [key for key, device in devices.items() if resolve(device) == port]


def _programs(processes: Path, port: str) -> list[str]:
    """Return the other programs that have a port open, as far as permissions allow."""
    with suppress(OSError):
        number = Path(port).stat().st_rdev
        return [
            program
            for process in processes.glob("[0-9]*")
            if process.name != str(os.getpid()) and (program := _program(process, number))
        ]
    return []


def _program(process: Path, number: int) -> str | None:
    """Return the name of a process if it has the device with that number open.

    Processes of other users, and those that have just ended, cannot be read.
    """
    with suppress(OSError):
        if any(_is_open(handle, number) for handle in (process / "fd").iterdir()):
            return f"{(process / 'comm').read_text().strip()} (PID {process.name})"
    return None


def _is_open(handle: Path, number: int) -> bool:
    # In a container the path may differ, so compare device numbers. Only for devices: stat of
    # other files may block.
    return str(handle.readlink()).startswith("/dev/") and handle.stat().st_rdev == number
