"""The blueprint that sets a number to the surplus, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall
from pymodbus.constants import ExcCodes
import pytest

from tests.integration.blueprints import AMPERES, HEATER, MINUTE, House, sunny_house

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
    house = following
    for surplus, expected in ((0, 9), (330, 10), (329, 10), (600, 12), (-2000, 6), (9000, 16)):
        house.exports(surplus)
        await house.passes(MINUTE // 2)
        assert float(house.shows(AMPERES)) == expected, surplus


async def test_the_car_takes_what_the_site_would_export(following: House) -> None:
    """With a car that follows, it comes to rest, and buys nothing."""
    house = following
    produced = 3000
    for _ in range(10):
        house.exports(produced - 230 * float(house.shows(AMPERES)))
        await house.passes(MINUTE // 2)
    assert float(house.shows(AMPERES)) == (produced - 100) // 230


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
    for surplus, expected in ((249, 32.5), (0, 32.5), (-1, 30), (-1000, 0), (5000, 95)):
        house.exports(surplus)
        await house.passes(MINUTE // 2)
        assert float(house.shows(AMPERES)) == expected, surplus


@pytest.mark.parametrize(
    "house", [{"scan_interval": interval} for interval in (5, 20, 60)], indirect=True
)
async def test_it_comes_to_rest_however_often_the_meter_is_polled(following: House) -> None:
    """A power from before the load has followed says nothing about what is left over now."""
    house = following
    house.stride = 10
    seen: set[str] = set()
    for step in range(60):
        house.exports(3000 - 230 * float(house.shows(AMPERES)))
        await house.passes(10)
        seen.add(house.shows(AMPERES))
        if step == 40:
            seen.clear()
    assert seen == {"12.0"}


async def test_the_number_has_limits_of_its_own(house: House) -> None:
    """What it would refuse is not asked of it."""
    house.hass.states.async_set(OWN, "10", {"min": 8, "max": 13})

    async def set_value(call: ServiceCall) -> None:
        house.hass.states.async_set(OWN, str(call.data["value"]), {"min": 8, "max": 13})

    house.hass.services.async_register("number", "set_value", set_value)
    await house.automates("surplus_number", power=house.entity("sensor", "power"), number=OWN)
    for surplus, expected in ((4000, 13), (-4000, 8)):
        house.exports(surplus)
        await house.passes(MINUTE)
        assert float(house.shows(OWN)) == expected
    house.exports(1000)
    await house.passes(MINUTE)
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
    house.exports(4001)
    await house.passes(MINUTE)
    assert float(house.shows(AMPERES)) == 16
    await house.turns(HEATER, on=False)
    await house.passes(MINUTE)
    assert float(house.shows(AMPERES)) == 6
