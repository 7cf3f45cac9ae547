"""The past fits the present."""

import itertools

import pytest

from simulator import MeterConfig, Role, Simulator, SimulatorConfig

from .conftest import NOON

START = int(NOON.timestamp())
HOUR = 3600


@pytest.fixture(scope="module")
def world() -> Simulator:
    return Simulator(
        SimulatorConfig(
            meters=[
                MeterConfig(days_in_service=60),
                MeterConfig(model=201, unit=101, role=Role.SOLAR, days_in_service=60),
            ],
            start=NOON,
        )
    )


def test_the_past_ends_where_the_counters_begin(world: Simulator) -> None:
    for meter, past in zip(world.meters, world.history(START - 48 * HOUR), strict=True):
        assert past.serial == meter.serial
        assert len(past.spans) == 48
        last = past.spans[-1]
        assert last.start + last.seconds == START
        assert last.import_reading_wh == meter.truth()["TotWhImp"] > 0
        assert last.export_reading_wh == meter.truth()["TotWhExp"] > 0


def test_readings_rise_by_what_each_hour_counted(world: Simulator) -> None:
    for past in world.history(START - 48 * HOUR):
        for before, after in itertools.pairwise(past.spans):
            assert after.start == before.start + HOUR
            rise = after.import_reading_wh - before.import_reading_wh
            assert rise == pytest.approx(after.import_wh)
            rise = after.export_reading_wh - before.export_reading_wh
            assert rise == pytest.approx(after.export_wh)
            assert after.mean_w == pytest.approx(after.import_wh - after.export_wh)
            assert after.min_w <= after.mean_w <= after.max_w


def test_the_past_may_end_before_the_start(world: Simulator) -> None:
    whole = world.history(START - 5 * HOUR)[0].spans
    part = world.history(START - 5 * HOUR, START - 2 * HOUR)[0].spans
    assert [span.import_reading_wh for span in part] == pytest.approx(
        [span.import_reading_wh for span in whole[:3]]
    )


def test_a_last_span_may_be_short(world: Simulator) -> None:
    spans = world.history(START - HOUR - 600, START)[0].spans
    assert [span.seconds for span in spans] == [HOUR, 600]


def test_the_past_looks_like_the_present() -> None:
    yesterday = NOON.replace(day=21)
    world = Simulator(SimulatorConfig(meters=[MeterConfig()], start=yesterday))
    later = Simulator(SimulatorConfig(meters=[MeterConfig(days_in_service=30)], start=NOON))
    world.clock.advance(86400, step=60)
    lived = world.meters[0].counters
    told = later.history(START - 24 * HOUR, resolution=60)[0].spans
    assert sum(span.import_wh for span in told) == pytest.approx(lived.exact("TotWhImp"))
    assert sum(span.export_wh for span in told) == pytest.approx(lived.exact("TotWhExp"))


def test_the_past_does_not_exceed_the_counters() -> None:
    young = Simulator(SimulatorConfig(meters=[MeterConfig()], start=NOON))
    with pytest.raises(ValueError, match="begins with less energy"):
        young.history(START - 48 * HOUR)


@pytest.mark.parametrize(("start", "end"), [(START, START - 1), (START - 9, START + 1)])
def test_the_past_is_past(world: Simulator, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="the past ends"):
        world.history(start, end)
