"""A port or a connection is in use: the reason names what uses it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
import fcntl
import logging
import os
from pathlib import Path
import subprocess
import sys
from typing import Any

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.components.modbus.const import DATA_MODBUS_HUBS
from homeassistant.components.usb import consumers
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.connection import MeterAddress, async_failure
from custom_components.dts307.connection.port_users import async_port_users
from custom_components.dts307.connection.system_paths import DATA_SYSTEM_PATHS, SystemPaths
from custom_components.dts307.meter.errors import MeterSilentError, PortInUseError
from simulator import MeterConfig
from simulator.server import PtyLine
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, reason_text, state_of
from tests.integration.reasons import logged
from tests.integration.scanning import load_without_meter
from tests.lines import SPEED, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")

HOLD = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""

WAITING = ConfigEntryState.SETUP_RETRY


def command(pid: int) -> str:
    """Return the system's name of a Python process."""
    name = Path(f"/proc/{pid}/comm").read_text().strip()
    assert name.startswith("python")
    return name


def device_of(line: PtyLine) -> str:
    """Return the device that the path of a line leads to."""
    return str(Path(line.path).resolve())


@asynccontextmanager
async def program(port: str) -> AsyncIterator[str]:
    """Let another program hold a port, and yield its name.

    It is waited for in threads, so that no waiting is skipped meanwhile.
    """
    pipe = subprocess.PIPE
    hold = [sys.executable, "-c", HOLD, port]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(hold, stdin=pipe, stdout=pipe)  # noqa: S603 - this interpreter

    process = await asyncio.to_thread(start)
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"held\n"
    try:
        yield f"{command(process.pid)} (PID {process.pid})"
    finally:
        await asyncio.to_thread(process.communicate)


@contextmanager
def held_by_home_assistant(port: str) -> Iterator[None]:
    """Hold a port within this process, as an integration does."""
    handle = os.open(port, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        os.close(handle)


def taken_by(holder: str) -> str:
    """Return the reason that names who uses a port."""
    return reason_text("port_in_use_by").format(holder=holder)


def reason_of(entry: MockConfigEntry) -> str:
    """Return why the latest poll of a meter has failed."""
    return str(entry.runtime_data.last_exception)


async def test_a_yaml_hub(hass: HomeAssistant) -> None:
    """A hub in configuration.yaml holds the port until its owner removes it."""
    device = Device()
    async with serial(device, speed=None) as line:
        hub = {
            "name": "cellar",
            "type": "serial",
            "port": line.path,
            "baudrate": 9600,
            "bytesize": 8,
            "method": "rtu",
            "parity": "N",
            "stopbits": 1,
            "sensors": [{"name": "SunSpec", "address": 40000, "slave": 100, "scan_interval": 0}],
        }
        assert await async_setup_component(hass, "modbus", {"modbus": [hub]})
        running = hass.data[DATA_MODBUS_HUBS]["cellar"]
        await running.event_connected.wait()
        entry = entry_for(device, serial_data(line))
        await load_without_meter(hass, entry, device, "port_in_use")
        assert reason_of(entry) == taken_by('modbus "cellar" (configuration.yaml)')
        await running.async_close()
        hass.data[DATA_MODBUS_HUBS].clear()
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


async def test_another_integration(hass: HomeAssistant) -> None:
    """It is named as its owner sees it, but only while it can hold the port."""
    device = Device()
    async with serial(device) as line:
        other = MockConfigEntry(domain="zha", title="ZBT-1", data={"device": {"path": line.path}})
        other.add_to_hass(hass)
        entry = entry_for(device, serial_data(line))
        with held_by_home_assistant(line.path):
            other.mock_state(hass, ConfigEntryState.LOADED)
            await load_without_meter(hass, entry, device, "port_in_use")
            assert reason_of(entry) == taken_by("ZBT-1 (Zigbee Home Automation)")
            for state in (WAITING, ConfigEntryState.NOT_LOADED):
                other.mock_state(hass, state)
                assert await async_port_users(hass, line.path) == []
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


async def test_an_app(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Home Assistant knows the port from its options."""
    async with serial(Device()) as line:
        apps = {
            "zigbee2mqtt": {
                "name": "Zigbee2MQTT",
                "options": {"serial": {"port": line.path}},
                "state": "started",
            }
        }
        monkeypatch.setattr(consumers, "is_hassio", lambda _hass: True)
        monkeypatch.setattr(consumers, "get_addons_info", lambda _hass: apps)
        assert await async_port_users(hass, line.path) == ["Zigbee2MQTT"]


async def test_another_program(hass: HomeAssistant) -> None:
    """When another program takes the port over, the reason names that one."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        async with program(line.path) as first:
            await load_without_meter(hass, entry, device, "port_in_use")
            assert reason_of(entry) == taken_by(first)
        async with program(line.path) as second:
            for _ in range(3):
                await let_pass(hass, 60)
            assert reason_of(entry) == taken_by(second)
        for _ in range(2):
            await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


async def test_while_the_meters_are_polled(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """It is logged once, and entries that share the connection do not blame each other."""
    one, other = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    async with serial(one, other, link=tmp_path / "meter") as line:
        entries = [
            entry_for(one, serial_data(line)),
            entry_for(other, serial_data(line, unit_id=101)),
        ]
        for entry in entries:
            await load(hass, entry)
        await line.close()
        await line.open()
        async with program(line.path) as name:
            caplog.clear()
            for _ in range(3):
                await let_pass(hass, 30)
                assert state_of(hass, one, "link_state") == "port_in_use"
            lines = logged(caplog, logging.WARNING)
            assert len(lines) == 2
            assert all(taken_by(name) in line for line in lines)
        for _ in range(2):
            await let_pass(hass, 60)
        assert state_of(hass, one, "link_state") == "ok"


async def test_an_entry_of_our_own_by_another_name(hass: HomeAssistant, tmp_path: Path) -> None:
    """The owner's own link to a port is used as it is, so it has its own connection."""
    one, other = Device(), Device(MeterConfig(unit=101))
    async with serial(one, other, link=tmp_path / "meter") as line:
        data = serial_data(line) | {"device": device_of(line)}
        await load(hass, entry_for(one, data))
        entry = entry_for(other, serial_data(line, unit_id=101))
        await load_without_meter(hass, entry, other, "port_in_use")
        assert reason_of(entry) == taken_by("DTS 307 (Measurlogic DTS 307)")


async def test_entries_that_wait_for_the_same_port(hass: HomeAssistant, tmp_path: Path) -> None:
    """They are loaded, but neither has the port, so neither is blamed for it."""
    one, other = Device(), Device(MeterConfig(unit=101))
    async with serial(one, other, link=tmp_path / "meter") as line:
        data = serial_data(line)
        entries = {
            one: entry_for(one, data | {"device": device_of(line)}),
            other: entry_for(other, data | {"unit_id": 101}),
        }
        async with program(line.path) as name:
            for device, entry in entries.items():
                await load_without_meter(hass, entry, device, "port_in_use")
            await let_pass(hass, 60)
            assert {reason_of(entry) for entry in entries.values()} == {taken_by(name)}


async def test_an_unknown_user(hass: HomeAssistant) -> None:
    """Then the reason lists what it may be."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        with held_by_home_assistant(line.path):
            await load_without_meter(hass, entry, device, "port_in_use")
            assert reason_of(entry) == reason_text("port_in_use")


async def test_programs_that_cannot_be_seen(hass: HomeAssistant, tmp_path: Path) -> None:
    """One has just ended, and one belongs to another user; the others are found."""
    hass.data[DATA_SYSTEM_PATHS] = SystemPaths(processes=tmp_path)
    async with serial(Device()) as line:
        handles = {"7": [], "8": [line.path], "9": ["socket:[1]", "/dev/null", line.path]}
        for number, targets in handles.items():
            folder = tmp_path / number / "fd"
            folder.mkdir(parents=True)
            for at, target in enumerate(targets):
                (folder / str(at)).symlink_to(target)
        (tmp_path / "10").mkdir()
        (tmp_path / "9" / "comm").write_text("mbpoll\n")
        assert await async_port_users(hass, line.path) == ["mbpoll (PID 9)"]
    assert await async_port_users(hass, line.path) == []


def other_speed(data: dict[str, Any]) -> dict[str, Any]:
    """Return config entry data for the same port at another speed."""
    return data | {"baudrate": SPEED // 2}


async def test_a_link_with_other_settings(hass: HomeAssistant) -> None:
    """Entries that use it are named; a form that tries it has no name."""
    one, other = Device(), Device(MeterConfig(unit=101))
    async with serial(one, other, speed=None) as line:
        data = serial_data(line)
        entry = entry_for(other, other_speed(serial_data(line, unit_id=101)))
        async with async_get_temporary_unit(hass, MeterAddress.parse(data).bus.params, 100):
            await load(hass, entry, WAITING)
            assert entry.reason == reason_text("link_in_use")
        await load(hass, entry_for(one, data))
        for _ in range(3):
            await let_pass(hass, 60)
        holder = "DTS 307 (Measurlogic DTS 307)"
        assert entry.reason == reason_text("link_in_use_by").format(holder=holder)


async def test_for_a_form(hass: HomeAssistant) -> None:
    """The reason is the same for an address that no entry has yet."""
    async with serial(Device()) as line:
        bus = MeterAddress.parse(serial_data(line)).bus
        assert await async_failure(hass, MeterSilentError(), bus) == ("meter_silent_serial", {})
        async with program(line.path) as name:
            failure = await async_failure(hass, PortInUseError(), bus)
            assert failure == ("port_in_use_by", {"holder": name})
