"""The blueprint that sheds loads on overload does not bring them back into the same overload."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from tests.device import Device
from tests.integration.blueprints import MINUTE, House, install
from tests.integration.home import entry_for
from tests.lines import network, network_data

HEATER, OVEN, FAN = LOADS = [f"input_boolean.{name}" for name in ("heater", "oven", "fan")]
MEMORY = "input_text.shed"
QUIET = 3 * MINUTE
HOUR = 60 * MINUTE

type Currents = tuple[float, float, float]
"""A on the phases A, B and C"""


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncIterator[House]:
    """Serve a meter with 100 A CTs, and make the automation; all loads are on."""
    freezer.move_to("2026-06-01 10:00:05+00:00")
    install(hass, tmp_path)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=100, ct_sets=1)
        house = House(hass, freezer, device, entry, stride=15)
        house.draws(50)
        await house.begins()
        await house.passes(20)
        await async_setup_component(hass, "homeassistant", {})
        await house.helpers(
            input_boolean={"heater": None, "oven": None, "fan": None},
            input_text={"shed": {"max": 100}},
        )
        for load in LOADS:
            await house.turns(load, on=True)
        await house.automates(
            "overload_shed",
            meter=house.meter,
            loads=LOADS,
            memory=MEMORY,
            quiet_for={"seconds": QUIET},
        )
        yield house
        await house.ends()


async def live(
    house: House, seconds: float, base: Currents, draws: Mapping[str, Currents]
) -> list[str]:
    """Let time pass, in which loads draw what they draw while on; return which were turned on."""
    turned_on = []
    for _ in range(round(seconds / house.stride)):
        running = [draws[load] for load in draws if house.shows(load) == STATE_ON]
        house.draws(*(sum(each) for each in zip(base, *running, strict=True)))
        off = [load for load in LOADS if house.shows(load) == STATE_OFF]
        await house.passes(house.stride)
        turned_on += [load for load in off if house.shows(load) == STATE_ON]
    return turned_on


@pytest.mark.parametrize("heater", [(40, 40, 40), (0, 40, 0), (31, 0, 0)])
async def test_a_load_comes_back_when_there_is_room_for_it(house: House, heater: Currents) -> None:
    """Not before, however long it takes; and then it leads to no overload."""
    draws: dict[str, Currents] = {HEATER: heater, OVEN: (5, 5, 5), FAN: (1, 1, 1)}
    assert await live(house, HOUR, (70, 70, 70), draws) == []
    assert house.shows(HEATER) == STATE_OFF
    assert house.shows(OVEN) == house.shows(FAN) == STATE_ON
    assert await live(house, 10 * MINUTE, (45, 45, 45), draws) == [HEATER]
    assert await live(house, 20 * MINUTE, (45, 45, 45), draws) == []
    assert house.shows(MEMORY) == ""


async def test_a_full_phase_does_not_keep_a_load_of_another_one_off(house: House) -> None:
    draws: dict[str, Currents] = {HEATER: (40, 0, 0)}
    assert await live(house, 10 * MINUTE, (70, 70, 70), draws) == []
    assert await live(house, 10 * MINUTE, (50, 92, 30), draws) == [HEATER]


async def test_a_small_load_does_not_wait_for_a_large_one(house: House) -> None:
    """Of those that fit, the one that was turned off last comes back first."""
    draws: dict[str, Currents] = {HEATER: (2, 2, 2), OVEN: (50, 50, 50), FAN: (1, 1, 1)}
    assert (
        await live(house, 1.5 * MINUTE, (80, 80, 80), {HEATER: (2, 2, 2), OVEN: (30, 30, 30)}) == []
    )
    assert house.shows(HEATER) == house.shows(OVEN) == STATE_OFF
    assert await live(house, HOUR, (85, 85, 85), draws) == [HEATER]


async def test_what_drew_little_when_it_was_shed_comes_back_less_and_less(house: House) -> None:
    """An oven that heats now and then: it is measured while it does not."""
    returns = await live(house, 10 * MINUTE, (101, 101, 101), {FAN: (0, 0, 0)})
    assert returns == []
    turned_on = []
    for _ in range(12):
        # Whatever is on draws too much again, some minutes after the overload.
        turned_on += await live(house, 4 * MINUTE, (60, 60, 60), {})
        turned_on += await live(house, MINUTE, (101, 101, 101), {})
    assert 2 <= len(turned_on) <= 8


async def test_without_the_sensor_the_waits_double(house: House) -> None:
    """Nothing is known of what a load drew, so it is tried after 3, 6, 12, 24 and 48 minutes."""
    er.async_get(house.hass).async_update_entity(
        house.entity("sensor", "current_share"), disabled_by=er.RegistryEntryDisabler.USER
    )
    await house.hass.config_entries.async_reload(house.entry.entry_id)
    await house.settles()
    turned_on = await live(house, 2 * HOUR, (70, 70, 70), {HEATER: (40, 40, 40)})
    assert turned_on == [HEATER] * 5
