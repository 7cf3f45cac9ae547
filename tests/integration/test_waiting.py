"""A meter that is away while Home Assistant starts; time runs twenty times as fast."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import override

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.connection import link
from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import Device, Request
from tests.integration.home import entry_for, reason_text, state_of
from tests.integration.time_lapse import time_lapse
from tests.lines import SPEED, network, network_data, serial, serial_data

FASTER = 20
TIMEOUT = 1.1
FOUND_WITHIN = 30.0
LONG = 150.0
"""Seconds after which Home Assistant itself would wait for longer than that."""


class Diary(list[Request]):
    """The requests that reach a device, and when they do."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with an empty page."""
        super().__init__()
        self._clock = clock
        self.times: list[float] = []

    @override
    def append(self, request: Request) -> None:
        super().append(request)
        self.times.append(self._clock())


@pytest.fixture(autouse=True)
def fast_time(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let time fly, and wait for two registers as long as at 2400 baud."""
    monkeypatch.setattr(link, "_PATIENCE", TIMEOUT)
    with time_lapse(monkeypatch, hass.loop, FASTER):
        yield


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, but for the meter."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY


async def becomes(hass: HomeAssistant, true: Callable[[], bool]) -> None:
    """Wait until something is the case, which has to be before a meter must have been found."""
    begun = hass.loop.time()
    while not true():
        assert hass.loop.time() - begun < FOUND_WITHIN
        await asyncio.sleep(0.1)
    await hass.async_block_till_done()


async def reaches(hass: HomeAssistant, entry: MockConfigEntry, state: ConfigEntryState) -> None:
    """Wait until an entry is in a state."""
    await becomes(hass, lambda: entry.state is state)


async def test_found_soon_after_it_has_come(hass: HomeAssistant) -> None:
    """However long it was away; and till then it costs who else is on the bus 5 % at most."""
    there, away = Device(), Device(MeterConfig(unit=101, serial="S307101"))
    away.silent = True
    async with network(there, away, framing=Framing.RTU) as line:
        other = entry_for(there, network_data(line), scan_interval=2)
        other.add_to_hass(hass)
        await hass.config_entries.async_setup(other.entry_id)
        entry = entry_for(away, network_data(line, unit_id=101))
        await begin(hass, entry)
        away.requests = diary = Diary(hass.loop.time)
        await asyncio.sleep(LONG)
        assert entry.state is ConfigEntryState.SETUP_RETRY
        pauses = [later - earlier for earlier, later in pairwise(diary.times)]
        assert len(pauses) >= 5
        assert all(TIMEOUT / pause <= 0.05 for pause in pauses[-3:])
        away.silent = False
        await reaches(hass, entry, ConfigEntryState.LOADED)
        assert state_of(hass, away, "power") == str(away.meter_model().W.cvalue)


async def test_an_adapter_that_starts_after_home_assistant(hass: HomeAssistant) -> None:
    """The entry tells what is the matter now, and not what was at first."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await line.close()
        await begin(hass, entry)
        assert entry.error_reason_translation_key != "meter_silent_network"
        device.silent = True
        await line.open()
        await becomes(hass, lambda: entry.reason == reason_text("meter_silent_network"))
        device.silent = False
        await reaches(hass, entry, ConfigEntryState.LOADED)


async def test_a_port_that_is_in_use(hass: HomeAssistant) -> None:
    """Whoever has it with other settings lets go of it after a while."""
    one, other = Device(), Device(MeterConfig(unit=101))
    async with serial(one, other, speed=None) as line:
        holder = entry_for(one, serial_data(line))
        holder.add_to_hass(hass)
        await hass.config_entries.async_setup(holder.entry_id)
        entry = entry_for(other, serial_data(line, unit_id=101, speed=SPEED // 2))
        await begin(hass, entry)
        await asyncio.sleep(LONG)
        assert entry.error_reason_translation_key == "link_in_use_by"
        await hass.config_entries.async_unload(holder.entry_id)
        await reaches(hass, entry, ConfigEntryState.LOADED)


async def test_a_meter_that_refuses_at_first(hass: HomeAssistant) -> None:
    """While it starts, say: it answers, but not yet what it is asked for."""
    device = Device()
    device.refusal = ExcCodes.DEVICE_FAILURE
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await begin(hass, entry)
        await asyncio.sleep(LONG)
        device.refusal = None
        await reaches(hass, entry, ConfigEntryState.LOADED)


async def test_another_meter_comes(hass: HomeAssistant) -> None:
    """It is not taken for the one that is waited for; its owner is asked, and the own one found."""
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
        assert entry.state is ConfigEntryState.SETUP_RETRY
        assert entry.error_reason_translation_key == "another_meter"
        device.write("SN", entry.unique_id)
        await reaches(hass, entry, ConfigEntryState.LOADED)
        assert issues.async_get_issue(DOMAIN, issue_id) is None


async def remove(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_remove(entry.entry_id)


async def disable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)


async def stop(hass: HomeAssistant, _entry: MockConfigEntry) -> None:
    await hass.async_stop(force=True)


@pytest.mark.parametrize("while_asked", [False, True])
@pytest.mark.parametrize("give_up", [remove, disable, stop])
async def test_no_longer_waited_for(
    hass: HomeAssistant,
    give_up: Callable[[HomeAssistant, MockConfigEntry], asyncio.Future[None]],
    while_asked: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Nobody is asked any more, and the link is let go of, even with an answer still due."""
    device = Device()
    device.silent = True
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await begin(hass, entry)
        device.asked.clear()
        await device.asked.wait()
        if not while_asked:
            await becomes(hass, lambda: async_get_connection_info(hass) == [])
        await give_up(hass, entry)
        device.requests.clear()
        await asyncio.sleep(0.1)
        assert async_get_connection_info(hass) == []
        await asyncio.sleep(FOUND_WITHIN)
        assert device.requests == []
