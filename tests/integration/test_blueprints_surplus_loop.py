"""The blueprint that sets a number to the surplus, with a load that follows the number late.

While the surplus is steady, the number comes to rest: it settles on what the load may take, less
what one step and the owner's margin leave over, and does not swing around it.
"""

from collections.abc import AsyncIterator
import itertools
from pathlib import Path
import random

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_conversion import PowerConverter
import pytest

from tests.integration.blueprints import AMPERES, MINUTE, House, sunny_house
from tests.integration.closed_loop import AdjustableLoad

KEEP = 100
"""W; what the blueprint proposes to export still"""
LOWEST, HIGHEST = 6, 16
SETTLES = 10 * MINUTE
STEADY = 20 * MINUTE


@pytest.fixture
async def house(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> AsyncIterator[House]:
    async with sunny_house(hass, freezer, tmp_path, **getattr(request, "param", {})) as house:
        house.stride = 12
        yield house


async def follow(house: House, **inputs: object) -> None:
    """Make the automation that the blueprint proposes."""
    power = house.entity("sensor", "power")
    await house.automates("surplus_number", power=power, number=AMPERES, **inputs)


def possible(surplus: float, watts: float = 230) -> float:
    """Return what the number may be, without steps."""
    return min(max((surplus - KEEP) / watts, LOWEST), HIGHEST)


def turns(numbers: list[float]) -> int:
    """Return how often a row of numbers changes its direction."""
    rises = [later > sooner for sooner, later in itertools.pairwise(numbers)]
    return sum(sooner != later for sooner, later in itertools.pairwise(rises))


@pytest.mark.parametrize("delay", [0, 40, 200])
@pytest.mark.parametrize(("before", "after"), [(1400, 3900), (3300, 2430)])
async def test_a_late_load_comes_to_rest(
    house: House, delay: float, before: float, after: float
) -> None:
    """One change brings the load where it belongs; 200 s are more than the owner has promised."""
    await follow(house)
    load = AdjustableLoad(house=house, number=AMPERES, delay=delay)
    await load.runs(SETTLES, before)
    begun = load.elapsed
    await load.runs(STEADY, after)
    changes = load.changes_since(begun)
    assert len(changes) == 1 or (delay > 2 * MINUTE and len(changes) <= 5)
    assert 0 <= possible(after) - changes[-1] <= 1
    await load.runs(STEADY, after)
    assert len(load.changes_since(begun + STEADY)) <= (delay > 2 * MINUTE)


@pytest.mark.parametrize("house", [{"scan_interval": poll} for poll in (20, 60)], indirect=True)
@pytest.mark.parametrize("delay", [0, 40, 90])
async def test_it_comes_to_rest_however_often_the_meter_is_polled(
    house: House, delay: float
) -> None:
    await follow(house)
    load = AdjustableLoad(house=house, number=AMPERES, delay=delay)
    await load.runs(SETTLES, 1900)
    begun = load.elapsed
    await load.runs(STEADY, 3000)
    assert load.changes_since(begun) == [12]


@pytest.mark.parametrize("lag", [20, 40])
async def test_a_load_that_follows_gradually(house: House, lag: float) -> None:
    await follow(house)
    load = AdjustableLoad(house=house, number=AMPERES, lag=lag)
    await load.runs(SETTLES, 1900)
    begun = load.elapsed
    await load.runs(STEADY, 3800)
    assert len(load.changes_since(begun)) <= 2
    assert load.changes[-1][1] == 16


@pytest.mark.parametrize("delay", [10, 90])
async def test_while_the_sun_rises_the_number_only_rises(house: House, delay: float) -> None:
    """And then falls, as the sun sets. Little is imported."""
    await follow(house)
    load = AdjustableLoad(house=house, number=AMPERES, delay=delay)
    await load.runs(SETTLES, 1500)
    begun = load.elapsed
    await load.runs(STEADY, lambda now: 1500 + 2300 * (now - begun) / STEADY)
    await load.runs(STEADY, 3800)
    assert turns(load.changes_since(begun)) == 0
    assert load.changes[-1][1] == 16
    begun = load.elapsed
    await load.runs(STEADY, lambda now: 3800 - 2300 * (now - begun) / STEADY)
    await load.runs(STEADY, 1500)
    assert turns(load.changes_since(begun)) == 0
    assert load.changes[-1][1] == 6
    assert load.imported < 110


@pytest.mark.parametrize("seed", range(4))
async def test_houses_of_all_kinds_come_to_rest(house: House, seed: int) -> None:
    """Other delays, steps and appliances that swing: few changes, and less the longer it lasts."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    watts, step = chance.choice([(230, 1), (230, 2), (690, 1), (120, 0.5), (230, 0.1)])
    noise = chance.choice([0, KEEP / 2, 150])
    await follow(house, watts_per_unit=watts, step=step)
    load = AdjustableLoad(
        house=house,
        number=AMPERES,
        watts=watts,
        delay=chance.uniform(0, 90),
        lag=chance.choice([0, 0, 15]),
        noise=noise,
        chance=chance,
    )
    surplus = chance.uniform(LOWEST, HIGHEST) * watts
    await load.runs(chance.uniform(0, SETTLES), lambda _: chance.uniform(0, 20 * watts))
    begun = load.elapsed
    await load.runs(3 * STEADY, surplus)
    for twenty_minutes in range(1, 3):
        since = begun + twenty_minutes * STEADY
        changes = [at for at, _ in load.changes if since < at <= since + STEADY]
        assert len(changes) <= (2 if noise <= KEEP / 2 else 5), load
    error = possible(surplus, watts) - float(house.shows(AMPERES))
    assert -KEEP / watts <= error <= 2.5 * step + (KEEP + noise) / watts, load


async def test_a_wrong_power_of_one_unit_is_calmed_down(house: House) -> None:
    """The owner has entered one phase, and the wallbox charges on two."""
    await follow(house, watts_per_unit=230)
    load = AdjustableLoad(house=house, number=AMPERES, watts=460, delay=40)
    await load.runs(STEADY, 5000)
    begun = load.elapsed
    await load.runs(STEADY, 5000)
    changes = load.changes_since(begun)
    assert len(changes) <= 6
    assert all(9 <= number <= 12 for number in changes)


@pytest.mark.parametrize("unit", sorted(PowerConverter.VALID_UNITS, key=str))
async def test_the_power_may_be_shown_in_each_unit(house: House, unit: str) -> None:
    await follow(house)
    er.async_get(house.hass).async_update_entity_options(
        house.entity("sensor", "power"), "sensor", {"unit_of_measurement": unit}
    )
    load = AdjustableLoad(house=house, number=AMPERES)
    await load.runs(6 * MINUTE, 2900)
    power = house.hass.states.get(house.entity("sensor", "power"))
    assert power is not None
    assert power.attributes["unit_of_measurement"] == unit
    assert float(house.shows(AMPERES)) == 12
