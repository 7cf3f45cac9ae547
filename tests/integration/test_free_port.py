"""If there is but one port that it can be, it is filled in already."""

from homeassistant.components import usb
from homeassistant.components.usb import SerialDevice, USBDevice
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.home import begin, suggested


def adapter(name: str) -> USBDevice:
    """Return a USB adapter as Home Assistant lists it."""
    return USBDevice(
        device=name,
        vid="1A86",
        pid="7523",
        serial_number=None,
        manufacturer="QinHeng",
        description="USB Serial",
    )


def on_board(name: str) -> SerialDevice:
    """Return a port of the board itself."""
    return SerialDevice(device=name, serial_number=None, manufacturer=None, description=None)


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ([], None),
        ([on_board("/dev/ttyS0")], None),
        ([on_board("/dev/ttyS0"), adapter("/dev/ttyUSB0")], "/dev/ttyUSB0"),
        ([adapter("/dev/ttyUSB0"), adapter("/dev/ttyUSB1")], None),
        ([adapter("/dev/ttyUSB0"), adapter("/dev/ttyACM0")], "/dev/ttyUSB0"),
    ],
)
async def test_the_only_free_port(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    ports: list[USBDevice | SerialDevice],
    port: str | None,
) -> None:
    """What another integration is set up to use is not free, whether it is running or not."""
    monkeypatch.setattr(usb, "scan_serial_ports", lambda: ports)
    other = MockConfigEntry(
        domain="zha",
        title="Zigbee",
        data={"device": {"path": "/dev/ttyACM0"}},
        state=ConfigEntryState.NOT_LOADED,
    )
    other.add_to_hass(hass)
    form = await begin(hass, "serial")
    assert suggested(form).get("device") == port
