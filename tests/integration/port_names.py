"""A folder that stands in for /dev, with devices and names of theirs that come and go."""

from pathlib import Path

from homeassistant.core import HomeAssistant

from custom_components.dts307.connection.system_paths import DATA_SYSTEM_PATHS, SystemPaths

BY_ID = "serial/by-id/usb-FTDI_FT232R_A10K-if00-port0"
BY_PATH = "serial/by-path/pci-0000:00:14.0-usb-0:2:1.0"


class PortNames:
    """Gives devices names, as udev does."""

    def __init__(self, hass: HomeAssistant, folder: Path) -> None:
        """Let the integration look for names in the folder."""
        self._folder = folder
        hass.data[DATA_SYSTEM_PATHS] = SystemPaths(persistent_ports=folder / "serial")

    def __call__(self, link: str, device: str | Path) -> str:
        """Give a device a name, which may have been another one's before; return its path."""
        path = self._folder / link
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(device)
        return str(path)


def plug(device: str | Path) -> str:
    """Create a device that no program opens."""
    Path(device).touch()
    return str(device)


def unplug(*names: str) -> None:
    """Take a device away, or names of one."""
    for path in names:
        Path(path).unlink()
