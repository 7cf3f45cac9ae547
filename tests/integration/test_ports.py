"""One adapter has several paths, and is one port by any of them."""

from pathlib import Path

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.components.usb import SerialDevice, USBDevice
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307.connection import NetworkAdapter, SerialPort, serial_ports
from custom_components.dts307.connection.serial_ports import async_resolved_bus
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.port_names import BY_ID, BY_PATH, PortNames, plug, unplug
from tests.lines import serial, serial_data

TWIN = "serial/by-id/usb-1a86_USB_Serial-if00-port0"
OTHER_PATH = "serial/by-path/pci-0000:00:14.0-usb-0:3:1.0"


@pytest.fixture
def name(hass: HomeAssistant, tmp_path: Path) -> PortNames:
    """Gives a device a name."""
    return PortNames(hass, tmp_path)


@pytest.fixture
def adapter(tmp_path: Path) -> str:
    """A device as the system numbers it."""
    return plug(tmp_path / "ttyUSB0")


async def path_of(hass: HomeAssistant, device: str) -> str:
    """Return the path by which a port is opened."""
    bus = await async_resolved_bus(hass, SerialPort(device=device, baudrate=19200, parity="E"))
    assert isinstance(bus, SerialPort)
    assert bus == SerialPort(device=bus.device, baudrate=19200, parity="E")
    return bus.device


async def test_an_adapter_on_the_network(hass: HomeAssistant) -> None:
    """It has no paths."""
    adapter = NetworkAdapter(host="gateway")
    assert await async_resolved_bus(hass, adapter) is adapter


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize(
    "device", ["socket://10.0.0.5:4001", "esphome-hass://abc/?port_name=RS485", "/dev/ttyUSB7"]
)
async def test_a_port_that_is_not_here(hass: HomeAssistant, device: str) -> None:
    """Its path stays: it is on another machine, or its adapter is not plugged in."""
    assert await path_of(hass, device) == device


@pytest.mark.usefixtures("name")
async def test_a_port_with_one_name(hass: HomeAssistant, adapter: str) -> None:
    """A port of the board itself always has the same number."""
    assert await path_of(hass, adapter) == adapter


async def test_by_id_comes_first(hass: HomeAssistant, name: PortNames, adapter: str) -> None:
    """It follows the adapter to any socket; all other paths lead to it."""
    by_id, by_path = name(BY_ID, adapter), name(BY_PATH, adapter)
    another = name("serial/by-id/usb-FTDI_FT232R_ZZZZ-if00-port0", adapter)
    own = name("meter", by_path)
    for device in (adapter, by_path, by_id, another, own):
        assert await path_of(hass, device) == by_id


async def test_by_path_comes_second(hass: HomeAssistant, name: PortNames, adapter: str) -> None:
    """It identifies the socket."""
    by_path = name(BY_PATH, adapter)
    name(BY_ID, "/dev/null")
    assert await path_of(hass, adapter) == by_path


async def test_a_name_of_the_owners_own(hass: HomeAssistant, name: PortNames, adapter: str) -> None:
    """A link from the owner's udev rule persists, too."""
    own = name("meter", adapter)
    assert await path_of(hass, own) == own


async def test_a_name_that_leads_nowhere(
    hass: HomeAssistant, name: PortNames, adapter: str
) -> None:
    """Its adapter is not plugged in, and no other one takes its place."""
    by_id = name(BY_ID, adapter)
    unplug(adapter)
    name(BY_PATH, adapter)
    assert await path_of(hass, by_id) == by_id


def interface(device: str, resolved: str, number: int = 0) -> USBDevice:
    """Return what Home Assistant finds of an adapter without a serial number."""
    return USBDevice(
        device=device,
        resolved_device=resolved,
        vid="1A86",
        pid="7523",
        serial_number=None,
        manufacturer=None,
        description="USB Serial",
        interface_num=number,
    )


async def test_two_adapters_that_are_alike(
    hass: HomeAssistant, name: PortNames, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share a path, which may lead to the other one after a restart."""
    other, lone = plug(f"{adapter}1"), plug(f"{adapter}2")
    by_id, by_path = name(TWIN, adapter), name(BY_PATH, adapter)
    other_path, lone_id = name(OTHER_PATH, other), name(BY_ID, lone)
    name("serial/by-path/pci-0000:00:14.0-usb-0:4:1.0", lone)
    found: list[SerialDevice] = [
        interface(by_id, adapter),
        SerialDevice(device=lone_id, serial_number="A10K", manufacturer="FTDI", description="UART"),
    ]
    monkeypatch.setattr(serial_ports, "scan_serial_ports", lambda: found)
    assert await path_of(hass, adapter) == by_id
    found.append(interface(other, other))
    assert await path_of(hass, adapter) == by_path
    assert await path_of(hass, by_id) == by_path
    assert await path_of(hass, other) == other_path
    assert await path_of(hass, lone) == lone_id


async def test_an_adapter_with_two_ports(
    hass: HomeAssistant, name: PortNames, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each port has its own path, although all else is the same."""
    second = plug(f"{adapter}1")
    names = {adapter: name(TWIN, adapter), second: name(f"{TWIN[:-1]}1", second)}
    found = [interface(by_id, device) for device, by_id in names.items()]
    monkeypatch.setattr(serial_ports, "scan_serial_ports", lambda: found)
    for device, by_id in names.items():
        name(f"serial/by-path/{Path(device).name}", device)
        assert await path_of(hass, device) == by_id


async def test_two_names_share_one_connection(hass: HomeAssistant, name: PortNames) -> None:
    """Two meters on one bus were entered with different paths of its port."""
    one, other = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    async with serial(one, other) as line:
        by_id = name(BY_ID, line.path)
        entries = [
            entry_for(one, serial_data(line)),
            entry_for(other, serial_data(line, unit_id=101) | {"device": by_id}),
        ]
        for entry in entries:
            await load(hass, entry)
        (info,) = async_get_connection_info(hass)
        assert info.endpoint == ("serial", by_id)
        assert info.units == {entries[0].entry_id: [100], entries[1].entry_id: [101]}
        for device in (one, other):
            device.write("W", 1234)
            await let_pass(hass)
            assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)
