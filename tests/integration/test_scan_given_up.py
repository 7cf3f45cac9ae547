"""A scan can be cancelled at any moment, and leaves nothing open."""

import asyncio
from collections.abc import Callable
import errno

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
import pytest
import serialx

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.scan import is_suspended
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_asks_about_meter,
    begin,
    entry_for,
    follow,
    load,
    search,
    start,
    state_of,
    unknowing,
)
from tests.integration.scanning import (
    give_up,
    is_free,
    nothing_is_open,
    reconfigure,
    tasks,
    until,
    watch,
    when_free,
)
from tests.lines import network, network_data, serial, serial_data
from tests.uart import uart

pytestmark = pytest.mark.usefixtures("skip_waiting")


@pytest.mark.parametrize("requests", [0, 1, 3, 6])
async def test_on_a_serial_port(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    """The port can be used again at once."""
    device = Device(MeterConfig(unit=102))
    async with uart(monkeypatch, device, baud=9600) as line:
        entered = unknowing(serial_data(line))
        result = await start(hass, await begin(hass, "serial"), entered)
        await until(lambda: len(line.tried) >= requests)
        await give_up(hass, result)
        asked = len(line.tried)
        assert asked <= requests + 1
        assert is_free(line.path)
        assert nothing_is_open(hass)
        assert hass.config_entries.flow.async_progress() == []

        known = answers(serial_data(line, speed=9600, unit_id=102))
        assert_asks_about_meter(await search(hass, "serial", known))


async def test_while_a_device_is_identified(hass: HomeAssistant) -> None:
    """It has answered once and is silent since, while the scan holds the shared connection."""
    device = Device()
    async with serial(device) as line:
        entered = answers(serial_data(line))
        result = await start(hass, await begin(hass, "serial"), entered)
        await device.asked.wait()
        device.silent = True
        await until(lambda: len(device.requests) == 2)
        assert not nothing_is_open(hass)
        await give_up(hass, result)
        assert nothing_is_open(hass)
        await when_free(line.path)
        device.silent = False
        assert_asks_about_meter(await search(hass, "serial", entered))


@pytest.mark.parametrize("framing", Framing)
async def test_on_the_network(hass: HomeAssistant, framing: Framing) -> None:
    """The adapter's only connection is free again at once."""
    device = Device(MeterConfig(unit=102))
    async with network(device, framing=framing) as line:
        entered = unknowing(network_data(line))
        result = await start(hass, await begin(hass, "network"), entered)
        await asyncio.sleep(0.15)
        await give_up(hass, result)
        assert nothing_is_open(hass)
        known = answers(network_data(line, unit_id=102))
        assert_asks_about_meter(await search(hass, "network", known))


async def test_while_a_port_is_waited_for(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds it."""
    asked = 0

    async def busy(*_args: object, **_settings: object) -> None:
        nonlocal asked
        asked += 1
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(serialx, "create_serial_connection", busy)
    async with serial(Device()) as line:
        entered = answers(serial_data(line))
        result = await start(hass, await begin(hass, "serial"), entered)
        await until(lambda: asked == 2)
        await give_up(hass, result)
        assert asked == 2


async def test_on_a_link_that_others_use(hass: HomeAssistant) -> None:
    """They keep it, and are still polled."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        entered = answers(serial_data(line, unit_id=102))
        result = await start(hass, await begin(hass, "serial"), entered)
        await asyncio.sleep(0.05)
        await give_up(hass, result)
        await entry.runtime_data.async_refresh()
        assert state_of(hass, device, "link_state") == "ok"


def silent(device: Device, requests: int) -> Callable[[], bool]:
    """Return whether a silent device has received so many requests."""
    device.silent = True
    device.requests.clear()
    return lambda: len(device.requests) >= requests


@pytest.mark.parametrize("requests", [0, 1, 3])
async def test_a_suspended_entry_is_resumed(hass: HomeAssistant, requests: int) -> None:
    """It is polled again as soon as the window is closed."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        enough = silent(device, requests)
        result = await start(hass, result, answers(serial_data(line)))
        assert hass.config_entries.async_loaded_entries(DOMAIN) == []
        await until(enough)
        device.silent = False
        await give_up(hass, result)
        assert entry.state is ConfigEntryState.LOADED
        assert state_of(hass, device, "link_state") == "ok"
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_an_entry_is_resumed_while_a_device_is_identified(hass: HomeAssistant) -> None:
    """The scan held the shared connection itself, with other settings than the entry's."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        device.asked.clear()
        device.requests.clear()
        result = await start(hass, result, answers(serial_data(line, speed=57600)))
        await device.asked.wait()
        device.silent = True
        await until(lambda: len(device.requests) == 2)
        assert not nothing_is_open(hass)
        device.silent = False
        await give_up(hass, result)
        assert entry.state is ConfigEntryState.LOADED


async def test_an_entry_is_resumed_if_the_window_is_closed_at_once(hass: HomeAssistant) -> None:
    """It was still being unloaded; no scan begins for a closed window."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        unloading = asyncio.Event()

        async def unload_slowly() -> None:
            await unloading.wait()

        entry.async_on_unload(unload_slowly)
        result = await reconfigure(hass, entry, "serial")
        submitting = hass.async_create_task(
            hass.config_entries.flow.async_configure(
                result["flow_id"], answers(serial_data(line, unit_id=102))
            )
        )
        await until(lambda: entry.state is not ConfigEntryState.LOADED)
        hass.config_entries.flow.async_abort(result["flow_id"])
        unloading.set()
        with pytest.raises(UnknownFlow):
            await submitting
        assert tasks("scan") == []
        await hass.async_block_till_done(wait_background_tasks=True)
        assert entry.state is ConfigEntryState.LOADED


async def test_an_entry_that_is_removed_meanwhile_is_not_resumed(hass: HomeAssistant) -> None:
    """It is not set up again."""
    device = Device()
    async with serial(device, speed=None) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        device.silent = True
        result = await start(hass, result, answers(serial_data(line)))
        await hass.config_entries.async_remove(entry.entry_id)
        await give_up(hass, result)
        assert hass.config_entries.async_entries(DOMAIN) == []
        assert nothing_is_open(hass)
        await when_free(line.path)


async def test_a_scan_that_another_window_began(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was reloaded: the old scan gives way to the new one."""
    async with uart(monkeypatch, Device(), baud=9600, parity="E") as line:
        entered = unknowing(serial_data(line))
        old = await start(hass, await begin(hass, "serial"), entered)
        watching = hass.async_create_task(watch(hass, old))
        await until(lambda: len(line.tried) == 1)
        new = await start(hass, await begin(hass, "serial"), entered)
        (*_, ended) = await watching
        assert ended["type"] is FlowResultType.ABORT
        assert ended["reason"] == "taken_over"
        assert_asks_about_meter(await follow(hass, new))
        await give_up(hass, new)
        await when_free(line.path)


@pytest.mark.parametrize("framing", ["tcp", "rtu"])
async def test_a_scan_behind_an_adapter_that_another_window_began(
    hass: HomeAssistant, framing: str
) -> None:
    """An adapter has one bus, whatever the framing."""
    async with network(Device(MeterConfig(unit=102))) as line:
        data = network_data(line, framing=framing)
        old = await start(hass, await begin(hass, "network"), answers(data))
        watching = hass.async_create_task(watch(hass, old))
        await asyncio.sleep(0.05)
        result = await search(hass, "network", answers(network_data(line, unit_id=102)))
        assert_asks_about_meter(result)
        (*_, ended) = await watching
        assert ended["reason"] == "taken_over"


async def test_an_entry_is_resumed_after_the_browser_is_closed(hass: HomeAssistant) -> None:
    """Home Assistant keeps the flow, but the meter is polled again."""
    device = Device(MeterConfig(unit=7))
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line, unit_id=7))
        await load(hass, entry)
        result = await reconfigure(hass, entry, "serial")
        await start(hass, result, answers(serial_data(line)))
        assert hass.config_entries.async_loaded_entries(DOMAIN) == []
        await hass.async_block_till_done(wait_background_tasks=True)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


@pytest.mark.parametrize("found", [False, True])
async def test_an_entry_that_was_suspended_for_a_lost_window(
    hass: HomeAssistant, *, found: bool
) -> None:
    """The page was reloaded during the scan; now the entry waits for the new scan."""
    device = Device(MeterConfig(unit=7))
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line, unit_id=7))
        await load(hass, entry)
        lost = await reconfigure(hass, entry, "serial")
        lost = await start(hass, lost, answers(serial_data(line)))
        result = await reconfigure(hass, entry, "serial")
        known = serial_data(line, unit_id=7 if found else 100)
        result = await start(hass, result, answers(known))
        assert hass.config_entries.async_loaded_entries(DOMAIN) == []
        result = await follow(hass, result)
        assert result["type"] is (FlowResultType.ABORT if found else FlowResultType.FORM)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
        await give_up(hass, lost)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_a_lost_window_is_closed_during_the_new_scan(hass: HomeAssistant) -> None:
    """It resumes nothing: the entry waits for the scan that goes on."""
    device = Device(MeterConfig(unit=7))
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line, unit_id=7))
        await load(hass, entry)
        lost = await reconfigure(hass, entry, "serial")
        lost = await start(hass, lost, answers(serial_data(line)))
        result = await reconfigure(hass, entry, "serial")
        result = await start(hass, result, answers(serial_data(line)))
        hass.config_entries.flow.async_abort(lost["flow_id"])
        for _ in range(20):
            await asyncio.sleep(0)
        assert is_suspended(hass, entry)
        await follow(hass, result)
        assert not is_suspended(hass, entry)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_an_entry_is_resumed_before_another_meter_is_asked_about(hass: HomeAssistant) -> None:
    """It was suspended for a window that is gone; the new window adds another meter."""
    device, new = Device(MeterConfig(unit=7)), Device(MeterConfig(unit=102))
    async with serial(device, new) as line:
        entry = entry_for(device, serial_data(line, unit_id=7))
        await load(hass, entry)
        lost = await reconfigure(hass, entry, "serial")
        await start(hass, lost, answers(serial_data(line)))
        result = await search(hass, "serial", answers(serial_data(line, unit_id=102)))
        assert_asks_about_meter(result)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
        await give_up(hass, result)
