"""Where the operating system lists serial ports and processes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPaths:
    """The folders that are read; tests fill some of their own."""

    persistent_ports: Path = Path("/dev/serial")
    """the persistent paths that udev makes (its 60-serial.rules)"""
    processes: Path = Path("/proc")


DATA_SYSTEM_PATHS: HassKey[SystemPaths] = HassKey(f"{DOMAIN}_system_paths")
_DEFAULT: Final = SystemPaths()


@callback
def async_system_paths(hass: HomeAssistant) -> SystemPaths:
    """Return where the operating system lists things."""
    return hass.data.get(DATA_SYSTEM_PATHS, _DEFAULT)
