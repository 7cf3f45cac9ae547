"""The blueprint that switches a load on surplus, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from pymodbus.constants import ExcCodes
import pytest

from tests.integration.blueprints import HEATER, MINUTE, House, sunny_house

PLUG = "switch.plug"


@pytest.fixture
async def house(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> AsyncIterator[House]:
    async with sunny_house(hass, freezer, tmp_path) as house:
        yield house


@pytest.fixture
async def switching(house: House) -> House:
    """Make an automation that heats on surplus, as the blueprint proposes it."""
    await house.automates("surplus_switch", meter=house.meter, load=HEATER)
    return house


async def test_the_load_runs_while_there_is_surplus(switching: House) -> None:
    house = switching
    house.exports(2000)
    await house.passes(4 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF
    await house.passes(2 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    # The heater itself takes what was left over.
    house.exports(100)
    await house.passes(20 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    house.exports(-300)
    await house.passes(2 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(2 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF


async def test_a_noon_cloud_changes_nothing(switching: House) -> None:
    house = switching
    house.exports(2000)
    await house.passes(6 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(20 * MINUTE)
    for _ in range(4):
        house.exports(-900)
        await house.passes(2 * MINUTE)
        house.exports(1200)
        await house.passes(1 * MINUTE)
        assert house.shows(HEATER) == STATE_ON


async def test_a_gap_in_the_clouds_changes_nothing(switching: House) -> None:
    house = switching
    for _ in range(4):
        house.exports(3000)
        await house.passes(4 * MINUTE)
        house.exports(200)
        await house.passes(1 * MINUTE)
        assert house.shows(HEATER) == STATE_OFF


async def test_it_runs_for_the_minimum_time(switching: House) -> None:
    house = switching
    house.exports(2000)
    await house.passes(5 * MINUTE + 20)
    assert house.shows(HEATER) == STATE_ON
    house.exports(-3000)
    await house.passes(14 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    # It looks again each minute, though the surplus crosses nothing any more.
    await house.passes(2 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF


async def answers_with_gaps(house: House, times: int, *, seconds: float) -> None:
    """Let the meter answer for some seconds and then fail for 20, several times."""
    for _ in range(times):
        await house.passes(seconds)
        house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
        await house.passes(20)
        house.device.refusal = None


async def test_a_lost_answer_now_and_then_does_not_keep_it_from_running(switching: House) -> None:
    """The wait pauses, and goes on where it was."""
    house = switching
    house.exports(2000)
    for times, expected in ((3, STATE_OFF), (2, STATE_ON)):
        await answers_with_gaps(house, times, seconds=80)
        assert house.shows(HEATER) == expected


async def test_it_does_not_run_blindly(switching: House) -> None:
    """While the meter is silent, the load is not switched on, and after a while it is off."""
    house = switching
    house.exports(2000)
    await house.passes(6 * MINUTE)
    await house.passes(20 * MINUTE)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(9 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(3 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF
    await house.passes(10 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF
    house.device.refusal = None
    await house.passes(8 * MINUTE)
    assert house.shows(HEATER) == STATE_ON


async def test_a_lost_answer_now_and_then_does_not_keep_it_running(switching: House) -> None:
    """Also not in the minimum time, in which the surplus has gone once and for all."""
    house = switching
    house.exports(2000)
    await house.passes(6 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    house.exports(-3000)
    for times, expected in ((6, STATE_ON), (4, STATE_OFF)):
        await answers_with_gaps(house, times, seconds=100)
        assert house.shows(HEATER) == expected


async def test_it_does_not_run_while_the_meter_states_no_power(switching: House) -> None:
    house = switching
    house.exports(2000)
    await house.passes(20 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    for point in ("W", "WphA", "WphB", "WphC"):
        house.device.write(point, None)
    await house.passes(9 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(3 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF


async def test_a_load_that_is_out_of_reach_now_and_then(house: House) -> None:
    """Its minimum time does not restart each time."""
    house.hass.states.async_set(PLUG, STATE_OFF)

    async def switch(call: ServiceCall) -> None:
        if house.shows(PLUG) != STATE_UNAVAILABLE:
            house.hass.states.async_set(PLUG, call.service.removeprefix("turn_"))

    for name in ("turn_on", "turn_off"):
        house.hass.services.async_register("switch", name, switch)
    await house.automates("surplus_switch", meter=house.meter, load=PLUG)
    house.exports(2000)
    await house.passes(6 * MINUTE)
    assert house.shows(PLUG) == STATE_ON
    house.exports(-3000)
    minutes = 0
    while house.shows(PLUG) == STATE_ON:
        await house.passes(4 * MINUTE)
        if house.shows(PLUG) == STATE_ON:
            house.hass.states.async_set(PLUG, STATE_UNAVAILABLE)
            await house.passes(MINUTE)
            house.hass.states.async_set(PLUG, STATE_ON)
        minutes += 5
    assert 15 <= minutes <= 20


async def test_a_load_that_does_not_obey_is_told_again(house: House) -> None:
    """Until it does."""
    house.hass.states.async_set(PLUG, STATE_ON)
    calls: list[ServiceCall] = []

    async def refuse(call: ServiceCall) -> None:
        calls.append(call)
        raise HomeAssistantError("no route")

    house.hass.services.async_register("switch", "turn_off", refuse)
    await house.automates("surplus_switch", meter=house.meter, load=PLUG, minimum_on="00:00:00")
    await house.passes(10 * MINUTE)
    assert len(calls) >= 5
    house.hass.states.async_set(PLUG, STATE_OFF)
    await house.passes(MINUTE)
    tries = len(calls)
    await house.passes(5 * MINUTE)
    assert len(calls) == tries


async def test_without_surplus_it_does_not_run(switching: House) -> None:
    await switching.passes(5 * MINUTE)
    automation = switching.hass.states.get("automation.made")
    assert automation is not None
    assert automation.attributes["last_triggered"] is None


async def test_a_restart_in_the_middle(switching: House) -> None:
    """In the wait for it to be on, and in the minimum time."""
    house = switching
    house.exports(2000)
    await house.passes(3 * MINUTE)
    await house.restarts()
    assert house.shows(HEATER) == STATE_OFF
    await house.passes(7 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    house.exports(-500)
    await house.passes(5 * MINUTE)
    await house.restarts()
    assert house.shows(HEATER) == STATE_ON
    await house.passes(4 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(8 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF


async def test_a_restart_without_the_meter(switching: House) -> None:
    """If it cannot be set up, nothing is known of the surplus either."""
    house = switching
    house.exports(2000)
    await house.passes(6 * MINUTE)
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.restarts()
    assert house.entry.runtime_data.data is None
    await house.passes(16 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF


async def test_what_is_switched_by_hand(switching: House) -> None:
    """It is treated as if it had been switched by the automation."""
    house = switching
    await house.turns(HEATER, on=True)
    await house.passes(14 * MINUTE)
    assert house.shows(HEATER) == STATE_ON
    await house.passes(2 * MINUTE)
    assert house.shows(HEATER) == STATE_OFF
