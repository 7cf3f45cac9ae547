"""A meter that is away while Home Assistant starts; waiting is skipped."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
import logging
from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter import Meter
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.diary import FOUND_WITHIN, Diary, becomes
from tests.integration.home import entry_for, state_of
from tests.integration.timing import change_timing
from tests.lines import SPEED, network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("skip_waiting")

TIMEOUT = 1.1
"""Seconds that two registers are waited for at 2400 baud."""
LONG = 150.0
"""Seconds; Home Assistant's own attempts would be rarer than every 30 s by then."""


@pytest.fixture(autouse=True)
def slow_line(hass: HomeAssistant) -> None:
    """Wait for answers as long as at 2400 baud."""
    change_timing(hass, link={"response": TIMEOUT})


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, whatever its meter does."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED


async def link_becomes(hass: HomeAssistant, device: Device, reason: str) -> None:
    """Wait until a meter's entities show a reason, which must not take longer than to find it."""
    await becomes(hass, lambda: state_of(hass, device, "link_state") == reason)


async def test_found_soon_after_it_has_come(hass: HomeAssistant) -> None:
    """However long it was away; until then it costs the others on the bus 5 % at most."""
    there, away = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    away.silent = True
    async with network(there, away, framing=Framing.RTU) as line:
        await begin(hass, entry_for(there, network_data(line), scan_interval=2))
        entry = entry_for(away, network_data(line, unit_id=101))
        await begin(hass, entry)
        away.requests = diary = Diary(hass.loop.time)
        await asyncio.sleep(LONG)
        assert state_of(hass, away, "link_state") == "meter_silent"
        pauses = [later - earlier for earlier, later in pairwise(diary.times)]
        assert len(pauses) >= 5
        assert all(TIMEOUT / pause <= 0.05 for pause in pauses[-3:])
        away.silent = False
        await link_becomes(hass, away, "ok")
        assert state_of(hass, away, "power") == str(away.meter_model().W.cvalue)


async def test_an_adapter_that_starts_after_home_assistant(hass: HomeAssistant) -> None:
    """The entities show the present reason, not the first one."""
    device = Device()
    async with network(device) as line:
        await line.close()
        await begin(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, "link_state") == "host_refuses"
        device.silent = True
        await line.open()
        await link_becomes(hass, device, "meter_silent")
        device.silent = False
        await link_becomes(hass, device, "ok")


async def test_a_port_that_is_in_use(hass: HomeAssistant) -> None:
    """An entry that cannot share the port is retried by Home Assistant, and names who has it."""
    one, other = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    async with serial(one, other, speed=None) as line:
        holder = entry_for(one, serial_data(line))
        await begin(hass, holder)
        entry = entry_for(other, serial_data(line, unit_id=101, speed=SPEED // 2))
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await asyncio.sleep(LONG)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "link_in_use_by"
        await hass.config_entries.async_unload(holder.entry_id)
        await asyncio.sleep(LONG)
        assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_a_meter_that_refuses_at_first(hass: HomeAssistant) -> None:
    """While it starts, say: it answers, but not yet what it is asked for."""
    device = Device()
    device.refusal = ExcCodes.DEVICE_FAILURE
    async with network(device) as line:
        await begin(hass, entry_for(device, network_data(line)))
        await asyncio.sleep(LONG)
        device.refusal = None
        await link_becomes(hass, device, "ok")


async def test_another_meter_comes(hass: HomeAssistant) -> None:
    """It is not taken for the own one; its owner is asked, and the own one found again."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        device.silent = True
        await begin(hass, entry)
        await asyncio.sleep(FOUND_WITHIN)
        device.write("SN", "S30799999")
        device.silent = False
        issues, issue_id = ir.async_get(hass), f"meter_replaced_{entry.entry_id}"
        await becomes(hass, lambda: issues.async_get_issue(DOMAIN, issue_id) is not None)
        assert hass.states.get("sensor.dts_307_link").state == "another_meter"  # type: ignore[union-attr]
        device.write("SN", entry.unique_id)
        await link_becomes(hass, device, "ok")
        assert issues.async_get_issue(DOMAIN, issue_id) is None


@pytest.mark.parametrize("while_loaded", [False, True])
async def test_an_exception_that_nobody_expected(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    while_loaded: bool,  # noqa: FBT001 - a parameter
) -> None:
    """It is logged once, with its traceback, and polling goes on until it does not occur again."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        if while_loaded:
            await begin(hass, entry)
            device.silent = True
            await link_becomes(hass, device, "meter_silent")
            device.silent = False
        caplog.clear()
        with monkeypatch.context() as patch:

            async def fail(*_args: object, **_more: object) -> None:
                raise ValueError("a defect")

            patch.setattr(Meter, "identify", fail)
            if not while_loaded:
                await begin(hass, entry)
            await link_becomes(hass, device, "unexpected_error")
            await asyncio.sleep(LONG)
        tracebacks = [r for r in caplog.records if r.exc_info and r.levelno >= logging.WARNING]
        assert len(tracebacks) == 1
        assert tracebacks[0].levelno == logging.ERROR
        assert "a defect" in caplog.text
        await link_becomes(hass, device, "ok")
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)


async def stop(hass: HomeAssistant, _entry: MockConfigEntry) -> None:
    await hass.async_stop(force=True)


@pytest.mark.parametrize("give_up", [remove, disable, stop])
async def test_no_longer_waited_for(
    hass: HomeAssistant,
    give_up: Callable[[HomeAssistant, MockConfigEntry], Coroutine[Any, Any, None]],
) -> None:
    """The meter is not asked any more, and the connection is closed, even with an answer due."""
    device = Device()
    device.silent = True
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await begin(hass, entry)
        device.asked.clear()
        await device.asked.wait()
        await give_up(hass, entry)
        device.requests.clear()
        if give_up is not stop:
            # Home Assistant 2026.10 leaves its connections open when it stops.
            assert async_get_connection_info(hass) == []
        await asyncio.sleep(FOUND_WITHIN)
        assert device.requests == []
