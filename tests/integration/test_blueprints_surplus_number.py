"""The blueprint that sets a number to the surplus, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall
from pymodbus.constants import ExcCodes
import pytest

from tests.integration.blueprints import AMPERES, HEATER, MINUTE, House, sunny_house
from tests.integration.closed_loop import AdjustableLoad

OWN = "number.amperes"


@pytest.fixture
async def house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    async with sunny_house(hass, freezer, tmp_path, **getattr(request, "param", {})) as house:
        yield house


@pytest.fixture
async def following(house: House) -> House:
    """Make an automation that sets a wallbox to what is left over, as the blueprint proposes it."""
    await house.automates("surplus_number", power=house.entity("sensor", "power"), number=AMPERES)
    return house


async def test_the_number_follows_the_surplus(following: House) -> None:
    """The wallbox takes 230 W an ampere, 100 W are left over, and it is set to whole amperes."""
    load = AdjustableLoad(house=following, number=AMPERES)
    for surplus, expected in ((2170, 9), (2520, 10), (2340, 9), (2860, 12), (700, 6), (9000, 16)):
        await load.runs(8 * MINUTE, surplus)
        assert float(following.shows(AMPERES)) == expected, surplus


async def test_the_number_goes_down_when_the_power_is_not_known(following: House) -> None:
    house = following
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(5 * MINUTE)
    assert float(house.shows(AMPERES)) == 10
    await house.restarts()
    await house.passes(6 * MINUTE)
    assert float(house.shows(AMPERES)) == 6


async def test_the_number_in_watts_and_steps(house: House) -> None:
    await house.automates(
        "surplus_number",
        power=house.entity("sensor", "power"),
        number=AMPERES,
        watts_per_unit=10,
        lowest=0,
        highest=95,
        step=2.5,
        keep=0,
    )
    load = AdjustableLoad(house=house, number=AMPERES, watts=10)
    for surplus, expected in ((349, 32.5), (325, 32.5), (324, 30), (-1000, 0), (5000, 95)):
        await load.runs(5 * MINUTE, surplus)
        assert float(house.shows(AMPERES)) == expected, surplus


async def test_what_is_set_by_hand_is_waited_for_as_well(following: House) -> None:
    """And it is no reason to go on with what was planned before."""
    house = following
    house.exports(600)
    await house.passes(3 * MINUTE)
    assert float(house.shows(AMPERES)) == 12
    await house.hass.services.async_call(
        "input_number", "set_value", {"entity_id": AMPERES, "value": 7}, blocking=True
    )
    await house.passes(1.5 * MINUTE)
    assert float(house.shows(AMPERES)) == 7
    await house.passes(2.5 * MINUTE)
    assert float(house.shows(AMPERES)) == 9


async def test_a_number_that_does_not_obey_is_asked_again(house: House) -> None:
    house.hass.states.async_set(OWN, "10")
    asked: list[float] = []

    async def set_value(call: ServiceCall) -> None:
        asked.append(call.data["value"])

    house.hass.services.async_register("number", "set_value", set_value)
    await house.automates("surplus_number", power=house.entity("sensor", "power"), number=OWN)
    house.exports(4000)
    await house.passes(9 * MINUTE)
    assert 2 <= len(asked) <= 5
    assert set(asked) == {16}


async def test_the_number_has_limits_of_its_own(house: House) -> None:
    """What it would refuse is not asked of it."""
    house.hass.states.async_set(OWN, "10", {"min": 8, "max": 13})

    async def set_value(call: ServiceCall) -> None:
        house.hass.states.async_set(OWN, str(call.data["value"]), {"min": 8, "max": 13})

    house.hass.services.async_register("number", "set_value", set_value)
    await house.automates("surplus_number", power=house.entity("sensor", "power"), number=OWN)
    for surplus, expected in ((4000, 13), (-4000, 8)):
        house.exports(surplus)
        await house.passes(4 * MINUTE)
        assert float(house.shows(OWN)) == expected
    house.exports(1000)
    await house.passes(5 * MINUTE)
    assert float(house.shows(OWN)) > 8
    house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
    await house.passes(7 * MINUTE)
    assert float(house.shows(OWN)) == 8
    house.hass.states.async_set(OWN, STATE_UNAVAILABLE)
    house.device.refusal = None
    await house.passes(3 * MINUTE)
    assert house.shows(OWN) == STATE_UNAVAILABLE


async def test_while_the_load_is_off_the_number_stays_at_its_lowest(house: House) -> None:
    """Nothing follows it then, so that it would only go up and up."""
    power = house.entity("sensor", "power")
    await house.automates("surplus_number", power=power, number=AMPERES, load=HEATER)
    house.exports(4000)
    await house.passes(3 * MINUTE)
    assert float(house.shows(AMPERES)) == 6
    await house.turns(HEATER, on=True)
    await house.passes(MINUTE)
    assert float(house.shows(AMPERES)) == 16
    await house.turns(HEATER, on=False)
    await house.passes(MINUTE)
    assert float(house.shows(AMPERES)) == 6
