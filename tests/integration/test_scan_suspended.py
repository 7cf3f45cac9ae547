"""Entries whose meters do not answer are suspended for a scan, and resumed after it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.scan.suspension import DATA_SUSPENDED
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_refused,
    begin,
    choose,
    entry_for,
    let_pass,
    load,
    submit,
)
from tests.integration.scanning import watch
from tests.integration.timing import change_timing
from tests.lines import serial_data
from tests.uart import UartLine, uart

LOADED = ConfigEntryState.LOADED

pytestmark = pytest.mark.usefixtures("skip_waiting")


@asynccontextmanager
async def panel(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> AsyncIterator[tuple[UartLine, list[MockConfigEntry]]]:
    """Serve two meters with an entry each; if ``silent``, change the baud rate of their bus."""
    devices = [Device(), Device(MeterConfig(unit=101))]
    async with uart(monkeypatch, *devices, baud=9600) as line:
        entries = [
            entry_for(device, serial_data(line, unit_id=device.unit, speed=9600))
            for device in devices
        ]
        for entry in entries:
            await load(hass, entry)
        if silent:
            line.baud = 19200
            for entry in entries:
                await entry.runtime_data.async_refresh()
                assert not entry.runtime_data.last_update_success
        line.tried.clear()
        yield line, entries


async def test_the_baud_rate_of_a_whole_bus_was_changed(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one meter is found again, the other entries on its bus follow."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        entry = entries[0]
        result = await choose(hass, await entry.start_reconfigure_flow(hass), "serial")
        known = answers(serial_data(line, unit_id=entry.data["unit_id"], speed=9600))
        result = await submit(hass, result, known)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done(wait_background_tasks=True)
        assert [entry.data["baudrate"] for entry in entries] == [19200] * 2
        assert [entry.data["unit_id"] for entry in entries] == [100, 101]
        assert [entry.state for entry in entries] == [LOADED] * 2
        assert not hass.data[DATA_SUSPENDED]


async def test_entries_that_work_are_not_suspended(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan for another meter shares their connection, at their baud rate."""
    async with panel(hass, monkeypatch, silent=False) as (line, entries):
        result = await submit(
            hass, await begin(hass, "serial"), answers(serial_data(line, unit_id=7, speed=38400))
        )
        assert_refused(result, "serial", "only_known_meters")
        assert {speed for speed, _ in line.tried} == {9600}
        assert [entry.state for entry in entries] == [LOADED] * 2


async def test_another_scan_at_once(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries that are being resumed after the first are suspended again."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        line.baud = 1200
        known = answers(serial_data(line, unit_id=7, speed=9600))
        result = await begin(hass, "serial")
        for _ in range(2):
            line.tried.clear()
            result = await hass.config_entries.flow.async_configure(result["flow_id"], known)
            result = (await watch(hass, result))[-1]
            assert_refused(result, "serial", "nothing_found_serial")
            assert {speed for speed, _ in line.tried} == {9600, 19200}
        await hass.async_block_till_done(wait_background_tasks=True)
        assert [entry.state for entry in entries] == [LOADED] * 2
        assert not any(entry.runtime_data.last_update_success for entry in entries)
        assert not hass.data[DATA_SUSPENDED]


async def test_another_scan_waits_until_the_entries_are_resumed(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would miss them, and they would open the connection during the scan."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        line.baud = 1200
        known = answers(serial_data(line, unit_id=7, speed=9600))
        go_on = asyncio.Event()
        reload = hass.config_entries.async_reload

        async def reload_later(entry_id: str) -> bool:
            await go_on.wait()
            return await reload(entry_id)

        monkeypatch.setattr(hass.config_entries, "async_reload", reload_later)
        configure = hass.config_entries.flow.async_configure
        result = await begin(hass, "serial")
        result = (await watch(hass, await configure(result["flow_id"], known)))[-1]
        assert_refused(result, "serial", "nothing_found_serial")
        again = hass.async_create_task(configure(result["flow_id"], known))
        begun, _ = await asyncio.wait([again], timeout=5)
        assert not begun
        go_on.set()
        result = await again
        assert hass.data[DATA_SUSPENDED] == {entry.entry_id for entry in entries}
        await watch(hass, result)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert [entry.state for entry in entries] == [LOADED] * 2


async def test_an_entry_that_refuses_to_unload(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be set up again, and the others are resumed."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        line.baud = 1200
        stuck, other = entries
        unload_platforms = hass.config_entries.async_unload_platforms

        async def unload(entry: ConfigEntry, platforms: Iterable[Platform]) -> bool:
            return entry is not stuck and await unload_platforms(entry, platforms)

        with monkeypatch.context() as patch:
            patch.setattr(hass.config_entries, "async_unload_platforms", unload)
            known = answers(serial_data(line, unit_id=7, speed=9600))
            result = await submit(hass, await begin(hass, "serial"), known)
            await hass.async_block_till_done(wait_background_tasks=True)
        assert result["step_id"] == "serial"
        assert stuck.state is ConfigEntryState.FAILED_UNLOAD
        assert other.state is LOADED
        assert not hass.data[DATA_SUSPENDED]
        await stuck.runtime_data.async_finish()


@pytest.mark.parametrize("speed", [19200, 1200])
async def test_an_entry_is_reloaded_during_the_scan(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, speed: int
) -> None:
    """It waits for the end of the scan, and is set up then."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        line.baud = speed
        entry = entries[0]
        result = await choose(hass, await entry.start_reconfigure_flow(hass), "serial")
        known = answers(serial_data(line, unit_id=entry.data["unit_id"], speed=9600))
        result = await hass.config_entries.flow.async_configure(result["flow_id"], known)
        assert not await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "being_searched"
        result = (await watch(hass, result))[-1]
        await hass.async_block_till_done(wait_background_tasks=True)
        if speed == 19200:
            assert result["reason"] == "reconfigure_successful"
            assert [entry.state for entry in entries] == [LOADED] * 2
        else:
            assert_refused(result, "serial", "nothing_found_serial")
            assert entry.state is LOADED
            assert not entry.runtime_data.last_update_success
            line.baud = 9600
            await let_pass(hass, 60)
            assert entry.runtime_data.last_update_success
        assert not hass.data[DATA_SUSPENDED]


async def test_the_window_is_left_open(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry is resumed as it was, after a while."""
    change_timing(hass, entries_resume=0.1)
    async with panel(hass, monkeypatch, silent=False) as (line, entries):
        entry = entries[0]
        result = await choose(hass, await entry.start_reconfigure_flow(hass), "serial")
        known = answers(serial_data(line, speed=9600))
        await hass.config_entries.flow.async_configure(result["flow_id"], known)
        await hass.async_block_till_done(wait_background_tasks=True)
        await let_pass(hass, 1)
        assert entry.state is LOADED
        assert not hass.data[DATA_SUSPENDED]
        hass.config_entries.flow.async_abort(result["flow_id"])
        await hass.async_block_till_done(wait_background_tasks=True)
        assert len(async_get_connection_info(hass)) == 1
