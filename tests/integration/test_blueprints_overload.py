"""The blueprint that sheds loads on overload, against a simulated meter."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
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
        await make(house, LOADS)
        yield house
        await house.ends()


async def make(house: House, loads: list[str], **inputs: Any) -> None:
    """Make the automation, or change it."""
    inputs = {"quiet_for": {"minutes": 3}, **inputs}
    await house.automates("overload_shed", meter=house.meter, loads=loads, memory=MEMORY, **inputs)


async def relieved(house: House, amperes: float) -> None:
    """Let the overload end by what was shed last, and then let the rest of the house draw less."""
    house.draws(94)
    await house.passes(MINUTE // 2)
    house.draws(amperes)


def on(house: House) -> list[str]:
    """Return which of the loads are on."""
    return [load for load in LOADS if house.shows(load) == STATE_ON]


async def test_loads_are_shed_in_order_and_come_back_in_reverse(house: House) -> None:
    house.draws(120)
    await house.passes(MINUTE // 2)
    assert on(house) == [OVEN]
    await house.passes(MINUTE)
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
    await relieved(house, 60)
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
    house.draws(120)
    await house.passes(MINUTE)
    assert on(house) == []
    await make(house, loads=[WALLBOX, OVEN])
    house.draws(50)
    await house.passes(16 * MINUTE)
    assert on(house) == [OVEN]
    assert house.shows(MEMORY) == ""


async def test_with_nothing_to_shed_it_waits(house: House) -> None:
    for load in LOADS:
        await house.turns(load, on=False)
    house.draws(120)
    await house.passes(3 * MINUTE)
    await house.turns(WALLBOX, on=True)
    await house.passes(2 * MINUTE)
    assert house.shows(WALLBOX) == STATE_OFF


SWITCH = "switch.plug"


def service(house: House, name: str, answer: Exception | None = None) -> list[ServiceCall]:
    """Offer to switch a plug, which does not follow; return the list of calls."""
    calls: list[ServiceCall] = []

    async def switch(call: ServiceCall) -> None:
        calls.append(call)
        if answer is not None:
            raise answer

    house.hass.services.async_register("switch", name, switch)
    return calls


async def test_a_load_that_does_not_exist_holds_up_nothing(house: House) -> None:
    await make(house, [SWITCH, *LOADS])
    house.draws(120)
    await house.passes(MINUTE)
    assert on(house) == []


@pytest.mark.parametrize("state", [STATE_UNAVAILABLE, STATE_UNKNOWN])
async def test_a_load_out_of_reach_holds_up_nothing(house: House, state: str) -> None:
    house.hass.states.async_set(SWITCH, state)
    await make(house, [SWITCH, *LOADS])
    house.draws(120)
    await house.passes(MINUTE)
    assert on(house) == []


@pytest.mark.parametrize("answer", [None, HomeAssistantError("no route")])
async def test_a_load_that_does_not_obey_holds_up_nothing(
    house: House, answer: Exception | None
) -> None:
    """It is tried again and again, but after the others."""
    calls = service(house, "turn_off", answer)
    house.hass.states.async_set(SWITCH, STATE_ON)
    await make(house, [SWITCH, *LOADS])
    house.draws(120)
    await house.passes(1.5 * MINUTE)
    assert on(house) == []
    await house.turns(OVEN, on=True)
    await house.passes(2 * MINUTE)
    assert on(house) == []
    assert 2 <= len(calls) <= 4
    # It never went off, so that nothing has to wait until it is back.
    await relieved(house, 50)
    await house.passes(4.5 * MINUTE)
    assert on(house) == [OVEN]


async def test_a_load_that_fails_badly_holds_up_nothing(house: House) -> None:
    """An error that Home Assistant does not know ends a run, and each goes on with the next."""
    service(house, "turn_off", ValueError("of the integration's own"))
    house.hass.states.async_set(SWITCH, STATE_ON)
    await make(house, [SWITCH, *LOADS])
    house.draws(120)
    await house.passes(3 * MINUTE)
    assert on(house) == []


async def shed_all(house: House) -> None:
    """Let all loads be shed, and a plug after them."""
    calls = service(house, "turn_off")
    house.hass.states.async_set(SWITCH, STATE_ON)
    await make(house, [*LOADS, SWITCH])
    house.draws(120)
    while not calls:
        await house.passes(5)
    house.hass.states.async_set(SWITCH, STATE_OFF)
    assert on(house) == []


async def test_what_is_due_back_may_be_out_of_reach(house: House) -> None:
    """The others come back in the meantime, and it does when it can."""
    calls = service(house, "turn_on")
    await shed_all(house)
    house.hass.states.async_set(SWITCH, STATE_UNAVAILABLE)
    await relieved(house, 50)
    await house.passes(9 * MINUTE)
    assert on(house) == [HEATER, OVEN]
    assert calls == []
    assert house.shows(MEMORY) != ""
    house.hass.states.async_set(SWITCH, STATE_OFF)
    await house.passes(MINUTE)
    assert len(calls) == 1
    house.hass.states.async_set(SWITCH, STATE_ON)
    await house.passes(9 * MINUTE)
    assert house.shows(MEMORY) == ""


async def test_what_does_not_come_back_holds_up_nothing(house: House) -> None:
    """It is tried again after the others."""
    calls = service(house, "turn_on", HomeAssistantError("no route"))
    await shed_all(house)
    await relieved(house, 50)
    await house.passes(14 * MINUTE)
    assert on(house) == [HEATER, OVEN]
    assert len(calls) >= 2


async def test_an_overload_that_begins_while_a_load_comes_back(house: House) -> None:
    """However long that one takes to answer, the overload is seen to at once afterwards."""
    answers = asyncio.Event()

    async def turn_on(_call: ServiceCall) -> None:
        house.hass.states.async_set(SWITCH, STATE_ON)
        house.draws(120)
        await answers.wait()

    async def turn_off(_call: ServiceCall) -> None:
        house.hass.states.async_set(SWITCH, STATE_OFF)

    house.hass.services.async_register("switch", "turn_on", turn_on)
    house.hass.services.async_register("switch", "turn_off", turn_off)
    house.hass.states.async_set(SWITCH, STATE_ON)
    await make(house, [SWITCH])
    house.draws(120)
    await house.passes(MINUTE // 2)
    assert house.shows(SWITCH) == STATE_OFF
    await relieved(house, 50)
    while house.shows(SWITCH) == STATE_OFF:
        await house.passes(5)
    await house.passes(MINUTE // 2)
    assert house.shows(house.entity("binary_sensor", "overload")) == STATE_ON
    answers.set()
    await house.passes(5)
    assert house.shows(SWITCH) == STATE_OFF


async def test_another_order_of_the_loads(house: House) -> None:
    """What is noted is a load, and not its place in the list."""
    house.draws(120)
    while on(house) == [HEATER, OVEN]:
        await house.passes(5)
    house.draws(50)
    await make(house, [WALLBOX, OVEN, HEATER])
    await house.passes(5 * MINUTE)
    assert on(house) == [HEATER, OVEN]


async def test_what_is_switched_on_by_hand_is_not_brought_back_any_more(house: House) -> None:
    house.draws(120)
    await house.passes(MINUTE)
    assert on(house) == []
    house.draws(50)
    await house.passes(MINUTE // 2)
    await house.turns(OVEN, on=True)
    await house.passes(5 * MINUTE)
    await house.turns(OVEN, on=False)
    await house.passes(16 * MINUTE)
    assert on(house) == [HEATER]
    assert house.shows(MEMORY) == ""


async def test_a_plug_may_tell_late_that_it_is_off(house: House) -> None:
    """The overload is over by then; that it still seemed to run is not held against it."""
    service(house, "turn_off")
    calls = service(house, "turn_on")
    house.hass.states.async_set(SWITCH, STATE_ON)
    await make(house, [SWITCH])
    house.draws(120)
    while house.shows(MEMORY) == STATE_UNKNOWN:
        await house.passes(5)
    await relieved(house, 50)
    await house.passes(1.5 * MINUTE)
    house.hass.states.async_set(SWITCH, STATE_OFF)
    await house.passes(4 * MINUTE)
    assert calls


async def test_a_helper_of_the_usual_length_holds_many_loads(house: House) -> None:
    loads = [f"light.with_quite_a_long_name_{number}" for number in range(14)]

    async def switch(call: ServiceCall) -> None:
        for load in call.data["entity_id"]:
            house.hass.states.async_set(load, call.service.removeprefix("turn_"))

    for name in ("turn_on", "turn_off"):
        house.hass.services.async_register("light", name, switch)
    for load in loads:
        house.hass.states.async_set(load, STATE_ON)
    await make(house, loads, shed_every="00:00:01")
    house.draws(120)
    await house.passes(3 * MINUTE)
    assert {house.shows(load) for load in loads} == {STATE_OFF}
    house.draws(50)
    await house.passes(14 * 5 * MINUTE)
    assert {house.shows(load) for load in loads} == {STATE_ON}
