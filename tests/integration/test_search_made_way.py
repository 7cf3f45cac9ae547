"""Entries whose meters do not answer make way for a search, and come back after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.scan import suspension
from custom_components.dts307.scan.suspension import DATA_ASIDE
from simulator.meter import MeterConfig
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
from tests.integration.searching import watch
from tests.lines import serial_data
from tests.uart import UartLine, uart

LOADED, WAITING = ConfigEntryState.LOADED, ConfigEntryState.SETUP_RETRY


@asynccontextmanager
async def panel(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> AsyncIterator[tuple[UartLine, list[MockConfigEntry]]]:
    """Serve two meters with an entry each, and perhaps change the speed of their bus then."""
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


async def test_the_speed_of_a_whole_bus_was_changed(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When one meter is found again, the others on its bus are as well."""
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
        assert not hass.data[DATA_ASIDE]


async def test_who_answers_stays(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for another meter asks beside those that are read, at their speed."""
    async with panel(hass, monkeypatch, silent=False) as (line, entries):
        result = await submit(
            hass, await begin(hass, "serial"), answers(serial_data(line, unit_id=7, speed=38400))
        )
        assert_refused(result, "serial", "only_known_meters")
        assert {speed for speed, _ in line.tried} == {9600}
        assert [entry.state for entry in entries] == [LOADED] * 2


async def test_another_search_at_once(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries that are coming back from the first make way once more."""
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
        assert [entry.state for entry in entries] == [WAITING] * 2
        assert not hass.data[DATA_ASIDE]


@pytest.mark.parametrize("speed", [19200, 1200])
async def test_reloaded_while_it_is_searched_for(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, speed: int
) -> None:
    """The entry leaves the link to the search, and goes on when that has ended."""
    async with panel(hass, monkeypatch, silent=True) as (line, entries):
        line.baud = speed
        entry = entries[0]
        result = await choose(hass, await entry.start_reconfigure_flow(hass), "serial")
        known = answers(serial_data(line, unit_id=entry.data["unit_id"], speed=9600))
        result = await hass.config_entries.flow.async_configure(result["flow_id"], known)
        assert not await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is WAITING
        assert entry.error_reason_translation_key == "being_searched"
        result = (await watch(hass, result))[-1]
        await hass.async_block_till_done(wait_background_tasks=True)
        if speed == 19200:
            assert result["reason"] == "reconfigure_successful"
            assert [entry.state for entry in entries] == [LOADED] * 2
        else:
            assert_refused(result, "serial", "nothing_found_serial")
            assert entry.state is WAITING
            assert entry.error_reason_translation_key != "being_searched"
        assert not hass.data[DATA_ASIDE]


async def test_nobody_looks_at_what_was_found(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry goes on as before, after a while."""
    monkeypatch.setattr(suspension, "_COMES_BACK_WITHIN", 0.1)
    async with panel(hass, monkeypatch, silent=False) as (line, entries):
        entry = entries[0]
        result = await choose(hass, await entry.start_reconfigure_flow(hass), "serial")
        known = answers(serial_data(line, speed=9600))
        await hass.config_entries.flow.async_configure(result["flow_id"], known)
        await hass.async_block_till_done(wait_background_tasks=True)
        await let_pass(hass, 1)
        assert entry.state is LOADED
        assert not hass.data[DATA_ASIDE]
        hass.config_entries.flow.async_abort(result["flow_id"])
        await hass.async_block_till_done(wait_background_tasks=True)
        assert len(async_get_connection_info(hass)) == 1
