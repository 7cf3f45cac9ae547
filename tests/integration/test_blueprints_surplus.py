"""The blueprints that use the surplus, against a simulated meter."""

from collections.abc import AsyncIterator
from pathlib import Path

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from pymodbus.constants import ExcCodes
import pytest

from tests.device import Device
from tests.integration.blueprints import House, install
from tests.integration.home import entry_for
from tests.lines import network, network_data

HEATER = "input_boolean.heater"
AMPERES = "input_number.amperes"
PLUG = "switch.plug"
OWN = "number.amperes"
MINUTE = 60


@pytest.fixture
async def house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    """Serve a meter that imports a little, and create what the blueprints switch and set."""
    freezer.move_to("2026-06-01 10:00:05+00:00")
    install(hass, tmp_path)
    device = Device()
    async with network(device) as line:
        options = {"scan_interval": 5, **getattr(request, "param", {})}
        entry = entry_for(device, network_data(line), direction="import_positive", **options)
        house = House(hass, freezer, device, entry, stride=20)
        house.exports(-500)
        await house.begins()
        await async_setup_component(hass, "homeassistant", {})
        await house.helpers(
            input_boolean={"heater": {"initial": False}},
            input_number={"amperes": {"min": 0, "max": 100, "initial": 10}},
        )
        yield house
        await house.ends()


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


async def test_a_lost_answer_now_and_then_does_not_keep_it_from_running(switching: House) -> None:
    """The wait pauses, and goes on where it was."""
    house = switching
    house.exports(2000)
    for times, expected in ((3, STATE_OFF), (2, STATE_ON)):
        for _ in range(times):
            await house.passes(80)
            house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
            await house.passes(20)
            house.device.refusal = None
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
        for _ in range(times):
            await house.passes(100)
            house.device.refusal = ExcCodes.ILLEGAL_FUNCTION
            await house.passes(20)
            house.device.refusal = None
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
