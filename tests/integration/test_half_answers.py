"""Meters that answer some requests and not others, or not with the same map; waiting is skipped."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pymodbus.constants import ExcCodes
import pytest

from simulator import MeterConfig
from tests.device import Device, Request
from tests.integration.diary import Diary, becomes
from tests.integration.home import entry_for, load, state_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

OUTAGE = 150.0
"""Seconds in which a meter that answers is polled thirty times."""
HEADER = Request(40070, 2)
"""Of the meter model, which is the second of its map."""

MOST_OF_A_HEADER = 6
"""Registers that are read of it, with those that make a request differ from one that failed."""


class FalteringDevice(Device):
    """A device that falls silent in the middle of its map while ``faltering``."""

    faltering = False

    @property
    def silent(self) -> bool:
        """Whether it swallows the latest request."""
        asked = self.requests[-1].address if self.requests else 0
        return self.faltering and asked == HEADER.address

    @silent.setter
    def silent(self, _silent: bool) -> None:
        pass


class ShiftingDevice(Device):
    """A device whose header is that of another model whenever more than the header is read."""

    shifting = False

    @property
    def registers(self) -> dict[int, int]:
        """What it answers the latest request with."""
        if self.shifting and self.requests[-1].count > MOST_OF_A_HEADER:
            return self._registers | {HEADER.address: 213}
        return self._registers

    @registers.setter
    def registers(self, registers: dict[int, int]) -> None:
        self._registers = registers


class LossyDevice(Device):
    """A device that swallows a certain request the first time it arrives."""

    lost: Request | None = None

    @property
    def silent(self) -> bool:
        """Whether it swallows the latest request."""
        return (
            bool(self.requests)
            and self.requests.count(self.requests[-1]) == 1
            and (self.requests[-1] == self.lost)
        )

    @silent.setter
    def silent(self, _silent: bool) -> None:
        pass


async def shows(hass: HomeAssistant, device: Device, reason: str) -> None:
    """Wait until the entities show a reason."""
    await becomes(hass, lambda: state_of(hass, device, "link_state") == reason)


@pytest.mark.parametrize("at_start", [False, True])
async def test_it_falls_silent_in_the_middle_of_its_map(
    hass: HomeAssistant, *, at_start: bool
) -> None:
    """It counts as silent, so that it does not cost the others on its bus more than that."""
    device = FalteringDevice()
    async with network(device) as line:
        device.faltering = at_start
        await load(hass, entry_for(device, network_data(line)))
        device.faltering = True
        await shows(hass, device, "meter_silent")
        await asyncio.sleep(OUTAGE)
        device.requests = diary = Diary(hass.loop.time)
        await asyncio.sleep(OUTAGE)
        assert state_of(hass, device, "link_state") == "meter_silent"
        assert 0 < [each.address for each in diary].count(HEADER.address) < 20
        device.faltering = False
        await shows(hass, device, "ok")
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_one_reply_is_lost_after_it_was_identified(hass: HomeAssistant) -> None:
    """It has answered, so what it measures is read again, and shown as soon as it is set up."""
    healthy = Device(MeterConfig(serial="S30700001"))
    async with network(healthy) as line:
        await load(hass, entry_for(healthy, network_data(line)))
    lossy = LossyDevice()
    lossy.lost = healthy.requests[-1]
    async with network(lossy) as line:
        await load(hass, entry_for(lossy, network_data(line)))
        assert lossy.lost in lossy.requests
        assert state_of(hass, lossy, "link_state") == "ok"
        assert state_of(hass, lossy, "power") == device_power(lossy)


async def test_its_map_never_fits(hass: HomeAssistant) -> None:
    """What is read and what was identified differ each time; nothing of it is shown."""
    device = ShiftingDevice()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.shifting = True
        await shows(hass, device, "map_changed")
        await asyncio.sleep(OUTAGE)
        assert state_of(hass, device, "link_state") == "map_changed"
        device.shifting = False
        await shows(hass, device, "ok")


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("base", [50000, 0])
async def test_its_map_moves(hass: HomeAssistant, base: int, *, offline: bool) -> None:
    """It refuses the registers where its map was, and is found at once where it is now."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        if offline:
            device.silent = True
            await shows(hass, device, "meter_silent")
        device.become(MeterConfig(base=base))
        device.write("W", 1234)
        device.silent = False
        await becomes(hass, lambda: state_of(hass, device, "power") == device_power(device))
        assert state_of(hass, device, "link_state") == "ok"
        assert entry.state is ConfigEntryState.LOADED


def device_power(device: Device) -> str:
    """Return the power that a device measures, as its sensor shows it."""
    return str(device.meter_model().W.cvalue)


async def test_another_meter_has_its_map_elsewhere(hass: HomeAssistant) -> None:
    """It is recognized as another one nevertheless."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        own = Device()
        device.silent = True
        await shows(hass, own, "meter_silent")
        device.become(MeterConfig(base=50000, serial="S30799999"))
        device.silent = False
        await shows(hass, own, "another_meter")


async def test_it_refuses_everything(hass: HomeAssistant) -> None:
    """A meter that is known is not taken for another device, however long it takes to start."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.refusal = ExcCodes.DEVICE_FAILURE
        await shows(hass, device, "read_refused")
        reasons: set[str] = set()
        for _ in range(30):
            await asyncio.sleep(1)
            reasons.add(state_of(hass, device, "link_state"))
        assert reasons == {"read_refused"}
        device.refusal = None
        await shows(hass, device, "ok")


@pytest.mark.parametrize("model", [201, 203, 213])
@pytest.mark.parametrize("role", ["grid", "solar"])
async def test_it_is_silent_when_it_is_set_up(hass: HomeAssistant, model: int, role: str) -> None:
    """What it measures is unknown until it answers; then the same entities are there at once."""

    def entities(entry: Any) -> set[str]:
        registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        return {each.unique_id.partition("_")[2] for each in registered}

    there = Device(MeterConfig(unit=101, serial="S307101", model=model))
    away = Device(MeterConfig(model=model))
    away.silent = True
    async with network(there, away) as line:
        usual = entry_for(there, network_data(line, unit_id=101), role=role)
        await load(hass, usual)
        entry = entry_for(away, network_data(line), role=role)
        await load(hass, entry)
        coordinator = entry.runtime_data
        away.silent = False
        await shows(hass, away, "ok")
        assert entities(entry) == entities(usual)
        assert entry.options == usual.options
        await asyncio.sleep(OUTAGE)
        assert entry.runtime_data is coordinator, "it was set up once more"


async def test_its_map_is_elsewhere_when_it_comes(hass: HomeAssistant) -> None:
    """It refuses the registers that it is asked for first, and is found nevertheless."""
    device = Device(MeterConfig(base=50000))
    device.silent = True
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, "link_state") == "meter_silent"
        device.silent = False
        await shows(hass, device, "ok")
        assert state_of(hass, device, "power") == device_power(device)


async def test_something_else_stays(hass: HomeAssistant) -> None:
    """What was never known as a meter is not taken for one that starts."""
    device = Device()
    async with network(device) as line:
        device.refusal = ExcCodes.ILLEGAL_ADDRESS
        await load(hass, entry_for(device, network_data(line)))
        await asyncio.sleep(OUTAGE)
        assert state_of(hass, device, "link_state") == "not_sunspec"
