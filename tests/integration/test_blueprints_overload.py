"""The blueprint that sheds loads on overload, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pymodbus.constants import ExcCodes
import pytest

from tests.device import Device
from tests.integration.blueprints import House, install
from tests.integration.home import entry_for
from tests.lines import network, network_data

LOADS = ["input_boolean.heater", "input_boolean.wallbox", "input_boolean.oven"]
HEATER, WALLBOX, OVEN = LOADS
MEMORY = "input_text.shed"
MINUTE = 60
CT_RATING = 100


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncIterator[House]:
    """Serve a meter with 100 A CTs, and make the automation; heater and oven are on."""
    freezer.move_to("2026-06-01 10:00:05+00:00")
    install(hass, tmp_path)
    device = Device()
    async with network(device) as line:
        data = network_data(line)
        house = House(
            hass, freezer, device, entry_for(device, data, ct_rating=CT_RATING, ct_sets=1)
        )
        house.draws(50)
        await house.begins()
        await house.passes(15)
        await async_setup_component(hass, "homeassistant", {})
        await house.helpers(
            input_boolean={"heater": None, "wallbox": None, "oven": None},
            input_text={"shed": {"max": 100}},
        )
        for load, on in ((HEATER, True), (WALLBOX, False), (OVEN, True)):
            await house.turns(load, on=on)
        await house.automates(
            "overload_shed",
            meter=house.meter,
            loads=LOADS,
            memory=MEMORY,
            quiet_for={"minutes": 3},
        )
        yield house
        await house.ends()


def on(house: House) -> list[str]:
    """Return which of the loads are on."""
    return [load for load in LOADS if house.shows(load) == STATE_ON]


async def test_loads_are_shed_in_order_and_come_back_in_reverse(house: House) -> None:
    house.draws(120)
    await house.passes(MINUTE // 2)
    assert on(house) == [OVEN]
    await house.passes(MINUTE // 2)
    assert on(house) == []
    house.draws(60)
    await house.passes(3 * MINUTE)
    assert on(house) == []
    await house.passes(1.5 * MINUTE)
    assert on(house) == [OVEN]
    await house.passes(1.5 * MINUTE)
    assert on(house) == [OVEN]
    await house.passes(1.5 * MINUTE)
    # The wallbox was off before, and stays so.
    assert on(house) == [HEATER, OVEN]
    await house.passes(5 * MINUTE)
    assert on(house) == [HEATER, OVEN]


async def test_no_more_is_shed_than_it_takes(house: House) -> None:
    house.draws(120)
    while on(house) == [HEATER, OVEN]:
        await house.passes(5)
    house.draws(90)
    await house.passes(2 * MINUTE)
    assert on(house) == [OVEN]


async def test_what_comes_back_too_early_goes_again(house: House) -> None:
    house.draws(120)
    await house.passes(MINUTE // 2)
    house.draws(90)
    await house.passes(5 * MINUTE)
    assert on(house) == [HEATER, OVEN]
    house.draws(120)
    await house.passes(MINUTE // 2)
    assert on(house) == [OVEN]


async def test_a_moment_of_overload_sheds_nothing(house: House) -> None:
    house.draws(150)
    await house.passes(5)
    house.draws(50)
    await house.passes(2 * MINUTE)
    assert on(house) == [HEATER, OVEN]


@pytest.mark.parametrize("amperes", [120, 50])
async def test_a_restart_in_the_middle(house: House, amperes: float) -> None:
    """It goes on shedding, or brings back what it had switched off."""
    house.draws(120)
    while on(house) == [HEATER, OVEN]:
        await house.passes(5)
    house.draws(amperes)
    await house.restarts()
    await house.passes(2 * MINUTE)
    assert on(house) == ([] if amperes > CT_RATING else [OVEN])
    house.draws(50)
    await house.passes(9 * MINUTE)
    assert on(house) == [HEATER, OVEN]


async def test_nothing_comes_back_while_the_meter_is_silent(house: House) -> None:
    house.draws(120)
    await house.passes(MINUTE // 2)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(5 * MINUTE)
    assert on(house) == [OVEN]
    house.device.refusal = None
    house.draws(50)
    await house.passes(5 * MINUTE)
    assert on(house) == [HEATER, OVEN]


async def test_what_is_not_there_any_more_is_not_brought_back(house: House) -> None:
    """The list of loads was made shorter while something was shed."""
    await house.hass.services.async_call(
        "input_text", "set_value", {"entity_id": MEMORY, "value": "1 7"}, blocking=True
    )
    await house.passes(9 * MINUTE)
    assert on(house) == LOADS
    assert house.shows(MEMORY).strip() == ""


async def test_with_nothing_to_shed_it_waits(house: House) -> None:
    for load in LOADS:
        await house.turns(load, on=False)
    house.draws(120)
    await house.passes(3 * MINUTE)
    await house.turns(WALLBOX, on=True)
    await house.passes(2 * MINUTE)
    assert house.shows(WALLBOX) == STATE_OFF
