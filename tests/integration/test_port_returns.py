"""A serial port that is back is used at once, however long the poll interval is."""

from collections.abc import Callable
import logging
from pathlib import Path
import socket

from homeassistant.components.usb import USBDevice, async_register_serial_port_scanner
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import HomeAssistant
import pytest

from simulator.server import Framing
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")

AT_ONCE = 2.0
"""s"""

SELDOM = {"scan_interval": 60}
"""A poll interval that no test waits for."""


def usb_port(device: str) -> USBDevice:
    """Return what Home Assistant finds of an adapter."""
    return USBDevice(
        device=device,
        vid="0403",
        pid="6001",
        serial_number="A10K",
        manufacturer="FTDI",
        description="FT232R",
    )


async def report(hass: HomeAssistant, device: str) -> None:
    """Let Home Assistant's usb integration find an adapter, and report it."""
    async_register_serial_port_scanner(hass, lambda _hass: [usb_port(device)])
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def failed_polls(caplog: pytest.LogCaptureFixture) -> Callable[[], int]:
    """Return how many polls have failed so far."""
    caplog.set_level(logging.DEBUG, "custom_components.dts307")
    return lambda: sum("Reading" in each and "failed" in each for each in caplog.messages)


async def test_an_adapter_is_plugged_in_again(
    hass: HomeAssistant, tmp_path: Path, failed_polls: Callable[[], int]
) -> None:
    """Its port is looked for, which needs no poll, each time that it vanishes."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        await load(hass, entry_for(device, serial_data(line), **SELDOM))
        for _ in range(2):
            await line.close()
            await let_pass(hass, 61)
            assert state_of(hass, device, "link_state") == "port_missing"
            failed = failed_polls()
            for _ in range(3):
                await let_pass(hass, AT_ONCE)
            assert failed_polls() == failed
            await line.open()
            await let_pass(hass, AT_ONCE)
            assert state_of(hass, device, "link_state") == "ok"
        device.requests.clear()
        await let_pass(hass, AT_ONCE)
        assert not device.requests


async def test_an_adapter_that_is_missing_at_the_start(hass: HomeAssistant, tmp_path: Path) -> None:
    """It need not have been there before."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        data = serial_data(line)
        await line.close()
        await load(hass, entry_for(device, data, **SELDOM))
        assert state_of(hass, device, "link_state") == "port_missing"
        await line.open()
        await let_pass(hass, AT_ONCE)
        assert state_of(hass, device, "link_state") == "ok"


async def test_a_port_without_an_adapter(
    hass: HomeAssistant, tmp_path: Path, failed_polls: Callable[[], int]
) -> None:
    """A container may keep the name of a port whose adapter is gone. It is tried once."""
    path = tmp_path / "meter"
    device = Device()
    async with serial(device, link=path) as line:
        data = serial_data(line)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        await load(hass, entry_for(device, data, **SELDOM))
        assert state_of(hass, device, "link_state") == "port_missing"
        failed = failed_polls()
        for _ in range(3):
            await let_pass(hass, AT_ONCE)
        assert failed_polls() == failed + 1


async def test_an_entry_that_is_unloaded(
    hass: HomeAssistant, tmp_path: Path, failed_polls: Callable[[], int]
) -> None:
    """Its port is not looked for."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        data = serial_data(line)
        await line.close()
        entry = entry_for(device, data, **SELDOM)
        await load(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
        await line.open()
        failed = failed_polls()
        await let_pass(hass, AT_ONCE)
        assert not device.requests
        assert failed_polls() == failed


@pytest.mark.parametrize(("suffix", "state"), [("", "ok"), ("1", "host_refuses")])
async def test_a_port_that_only_home_assistant_knows(
    hass: HomeAssistant, suffix: str, state: str
) -> None:
    """It has no path on this machine, such as one of an ESPHome device: usb reports its return."""
    device = Device()
    async with network(device, framing=Framing.RTU) as line:
        url = f"socket://{line.host}:{line.port}"
        data = {**NO_SETTINGS, "device": url}
        await line.close()
        await load(hass, entry_for(device, data, **SELDOM))
        assert state_of(hass, device, "link_state") == "host_refuses"
        await line.open()
        await report(hass, url + suffix)
        assert state_of(hass, device, "link_state") == state


async def test_a_port_that_is_reported_while_the_meter_answers(hass: HomeAssistant) -> None:
    """Home Assistant reports every adapter once, after its start."""
    device = Device()
    async with serial(device) as line:
        await load(hass, entry_for(device, serial_data(line), **SELDOM))
        device.requests.clear()
        await report(hass, line.path)
        assert not device.requests


NO_SETTINGS = {
    "transport": "serial",
    "baudrate": 9600,
    "parity": "none",
    "stopbits": 1,
    "unit_id": 100,
}
"""Of a port that leads to an adapter with settings of its own."""
