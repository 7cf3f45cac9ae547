"""A believable house, the same at every run."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulator import House, MeterConfig, Role, Tweak
from simulator.house import Sample
from simulator.meter import Meter, Site
from simulator.sky import clear_sky, elevation

from .conftest import NOON

DAY = int(datetime(2026, 6, 22, tzinfo=UTC).timestamp())
MINUTES = range(DAY, DAY + 86400, 60)


def load(sample: Sample) -> float:
    return sum(flow.load_w for flow in sample.phases)


def solar(sample: Sample) -> float:
    return sum(flow.solar_w for flow in sample.phases)


def test_time_and_seed_are_all_that_matters() -> None:
    assert [House().at(t) for t in MINUTES[:50]] == [House().at(t) for t in MINUTES[:50]]
    assert House().at(DAY) != House(seed=308).at(DAY)


def test_a_day_of_load() -> None:
    house = House()
    days = [[load(house.at(t + d * 86400)) for t in MINUTES] for d in range(7)]
    for day in days:
        assert 12_000 < sum(day) / 60 < 50_000  # Wh
        assert 130 < min(day) < 450
        assert max(day) > 2_500

    def mean(first: int, last: int) -> float:
        return sum(sum(day[first * 60 : last * 60]) for day in days) / (last - first) / 60 / 7

    night, morning, evening = mean(1, 5), mean(6, 8), mean(18, 22)
    assert morning > 1.3 * night
    assert evening > 1.5 * night


def test_the_refrigerator_cycles() -> None:
    quiet = [House().at(t).phases[0].load_w for t in range(DAY, DAY + 4 * 3600, 30)]
    jumps = [after - before for before, after in pairwise(quiet)]
    assert sum(100 < jump < 140 for jump in jumps) >= 3
    assert sum(-140 < jump < -100 for jump in jumps) >= 3


def test_phases_differ() -> None:
    flows = House().at(DAY + 20 * 3600).phases
    assert len({round(flow.load_w) for flow in flows}) == 3
    assert len({round(flow.volts, 2) for flow in flows}) == 3


def test_a_day_of_sun() -> None:
    house = House()
    production = [solar(house.at(t)) for t in MINUTES]
    assert max(production) > 0.6 * house.solar_peak
    assert max(production) <= 1.04 * house.solar_peak
    assert production.index(max(production)) == pytest.approx(720, abs=240)
    # At night the inverter itself draws a little.
    assert -20 < production[0] < 0


def test_the_sun_stands_as_it_should() -> None:
    june, december = datetime(2026, 6, 21, 12, tzinfo=UTC), datetime(2026, 12, 21, 12, tzinfo=UTC)
    assert elevation(june, 40) == pytest.approx(1.284, abs=0.01)  # 90 - 40 + 23.44 degrees
    assert elevation(december, 40) == pytest.approx(0.4636, abs=0.01)
    assert elevation(june + timedelta(hours=12), 40) < 0
    assert clear_sky(june + timedelta(hours=12), 40) == 0
    summer = datetime(2026, 6, 21, 13, tzinfo=ZoneInfo("America/New_York"))
    assert elevation(summer, 40) == pytest.approx(elevation(june, 40), abs=0.001)


def test_clouds_come_and_go() -> None:
    shares = []
    for day in range(30):
        noon = datetime.fromtimestamp(DAY + day * 86400 + 43200, UTC)
        made = solar(House().at(noon.timestamp()))
        shares.append(made / House().solar_peak / clear_sky(noon, 40))
    assert min(shares) < 0.6
    assert max(shares) > 0.9


def test_voltage_sags_under_load_and_rises_under_export() -> None:
    at = DAY + 43200
    calm = House(tweaks=(Tweak(load_factor=0, sun=0),) * 3).at(at).phases[0].volts
    loaded = House(tweaks=(Tweak(extra_watts=10_000, sun=0),) * 3).at(at).phases[0].volts
    exporting = House(tweaks=(Tweak(load_factor=0, sun=1),) * 3).at(at).phases[0].volts
    assert loaded < calm - 3
    assert exporting > calm + 1
    assert calm == pytest.approx(120, rel=0.02)


def test_nominal_values_are_parameters() -> None:
    sample = House(nominal_voltage=230, nominal_frequency=50).at(DAY)
    assert sample.phases[0].volts == pytest.approx(230, rel=0.02)
    hertz = [House(nominal_frequency=50).at(t).hertz for t in MINUTES[:200]]
    assert all(49.95 < value < 50.05 for value in hertz)
    assert len(set(hertz)) == 200


def test_grid_and_solar_meters_see_the_same_sun() -> None:
    site = Site(House(tweaks=(Tweak(load_factor=0),) * 3))
    grid = Meter(MeterConfig(model=213), site, int(NOON.timestamp()))
    solar_meter = Meter(MeterConfig(model=211, role=Role.SOLAR), site, int(NOON.timestamp()))
    for _ in range(20):
        assert grid.truth()["WphA"] == solar_meter.truth()["WphA"] < 0
        grid.advance(600)
        solar_meter.advance(600)


def test_the_inverter_draws_a_little_at_night() -> None:
    midnight = DAY + 86400
    site = Site(House(phases=1))
    meter = Meter(MeterConfig(model=201, role=Role.SOLAR), site, midnight)
    assert 0 < meter.truth()["W"] < 20


def test_fewer_phases_carry_the_same_house() -> None:
    at = DAY + 20 * 3600
    assert load(House(phases=1).at(at)) == pytest.approx(load(House(phases=3).at(at)))


def test_tweaks_add_up() -> None:
    house = House().tweaked({"A": {"extra_watts": 500}})
    house = house.tweaked({"A": {"load_factor": 2}, "B": {"sun": 0.5}})
    assert house.tweaks == (Tweak(load_factor=2, extra_watts=500), Tweak(sun=0.5), Tweak())
    before, after = House().at(DAY).phases[0].load_w, house.at(DAY).phases[0].load_w
    assert after == pytest.approx(2 * before + 500)
    assert house.tweaked({"B": {"sun": None}}).tweaks[1] == Tweak()


@pytest.mark.parametrize(
    "wrong",
    [
        {"D": {"sun": 1}},
        {"AB": {"sun": 1}},
        {"A": {"moon": 1}},
        {"A": {"sun": 1.1}},
        {"A": {"sun": True}},
        {"A": {"load_factor": None}},
        {"A": {"load_factor": float("nan")}},
        {"A": {"extra_watts": -1}},
        {"A": {"extra_watts": "much"}},
    ],
)
def test_impossible_tweaks_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        House().tweaked(wrong)


def test_a_house_has_only_its_phases() -> None:
    with pytest.raises(ValueError, match="'B'"):
        House(phases=1).tweaked({"B": {"sun": 1}})
