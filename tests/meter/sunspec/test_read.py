"""Which registers a reading asks for and when, and what it keeps from one to the next."""

import dataclasses
from itertools import pairwise

from modbus_connection import ModbusExceptionError
import pytest

from custom_components.dts307.meter import MeterEvent
from custom_components.dts307.meter.sunspec import FULL_READ_EVERY
from tests.meter.device import END, Clock, meter_with
from tests.meter.published import FLOAT_MODELS, INTEGER_MODELS, METER_MODELS, encode

HEADER = 40070
EVENTS = HEADER + 124

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_float_model = pytest.mark.parametrize("model_id", FLOAT_MODELS)

SCALES = {"W_SF": 0, "TotWh_SF": 0}


def snapshot(model_id: int, number: int, *, events: int | None = None) -> list[int]:
    """Return a model in which power and three kinds of counters are all ``number``."""
    points = {"W": number, "TotWhImp": number, "TotVAhImp": number, "TotVArhExpQ4": number}
    scales = SCALES if model_id in INTEGER_MODELS else {}
    return encode(model_id, **points, **scales, Evt=events)


def full_read(model_id: int) -> list[tuple[int, int]]:
    """Return the requests that take a whole meter model."""
    if model_id in INTEGER_MODELS:
        return [(HEADER, 107)]
    return [(HEADER, 124), (EVENTS, 3)]


def fast_read(model_id: int) -> list[tuple[int, int]]:
    """Return the request that takes a meter model up to the energy counters."""
    return [(HEADER, 55 if model_id in INTEGER_MODELS else 76)]


@every_model
async def test_a_poll_is_one_request_and_once_a_minute_a_longer_one(model_id: int) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    for polls in (12, 12, 2):
        for poll in range(polls):
            device.read_events.clear()
            await meter.read()
            assert device.requests == (fast_read if poll else full_read)(model_id)
            clock.now += FULL_READ_EVERY / 12


@every_model
@pytest.mark.parametrize(("pause", "whole"), [(39.9, False), (40.0, True), (1e6, True)])
async def test_the_whole_model_is_due_after_about_a_minute(
    model_id: int, pause: float, *, whole: bool
) -> None:
    """Earlier, if the next read would be further off."""
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1), clock=clock)
    await meter.read()
    device.read_events.clear()
    clock.now += pause
    await meter.read()
    assert device.requests == (full_read if whole else fast_read)(model_id)


@pytest.mark.parametrize("interval", [1, 5, 7, 29, 31, 39, 41, 46, 59, 60])
async def test_whole_reads_are_never_far_apart(interval: int) -> None:
    """At any poll interval, so that two of them can agree on a counter."""
    clock = Clock()
    meter, _ = await meter_with(snapshot(203, 1), clock=clock)
    whole = []
    for _ in range(200):
        if (await meter.read()).whole:
            whole.append(clock.now)
        clock.now += interval
    gaps = [later - earlier for earlier, later in pairwise(whole)]
    assert max(gaps) <= 80
    assert min(gaps) >= 40


@every_model
async def test_slow_values_are_those_of_the_last_full_read(model_id: int) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1, events=1 << 3), clock=clock)
    await meter.read()
    device.put(HEADER, snapshot(model_id, 2, events=1 << 5))

    clock.now += 5
    reading = await meter.read()
    assert (reading.power.total, reading.energy_imported.total) == (2, 2)
    assert reading.apparent_energy_imported.total == 1
    assert reading.reactive_energy_q4.total == 1
    assert reading.events == MeterEvent.UNDER_VOLTAGE

    clock.now += FULL_READ_EVERY
    reading = await meter.read()
    assert reading.apparent_energy_imported.total == 2
    assert reading.reactive_energy_q4.total == 2
    assert reading.events == MeterEvent.OVER_CURRENT


@every_model
async def test_a_fast_reading_of_an_unchanged_meter_equals_the_full_one(model_id: int) -> None:
    clock = Clock()
    meter, _ = await meter_with(snapshot(model_id, 77, events=0), clock=clock)
    full = await meter.read()
    clock.now += 5
    assert await meter.read() == full


async def test_a_reading_does_not_change_once_it_is_handed_out() -> None:
    meter, device = await meter_with(snapshot(203, 1))
    reading = await meter.read()
    device.put(HEADER, snapshot(203, 2))
    await meter.read()
    assert reading.power.total == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        reading.power.total = 3  # type: ignore[misc]


@pytest.mark.parametrize("model_id", INTEGER_MODELS)
@pytest.mark.parametrize("pause", [5, FULL_READ_EVERY])
async def test_a_value_is_scaled_with_the_factor_of_its_own_request(
    model_id: int, pause: float
) -> None:
    clock = Clock()
    before = encode(model_id, W=15000, W_SF=0, TotWhImp=5_000_000, TotWh_SF=0)
    meter, device = await meter_with(before, clock=clock)
    await meter.read()
    for watts, w_sf, counts, totwh_sf, power, energy in [
        (3100, 1, 5001, 3, 31000, 5_001_000),
        (15, 3, 50_020_000, -1, 15000, 5_002_000),
        (-32767, -2, 5_003_000, 0, -327.67, 5_003_000),
    ]:
        after = encode(model_id, W=watts, W_SF=w_sf, TotWhImp=counts, TotWh_SF=totwh_sf)
        device.put(HEADER, after)
        clock.now += pause
        reading = await meter.read()
        assert reading.power.total == power
        assert reading.energy_imported.total == energy


@every_float_model
async def test_float_models_hand_out_their_event_flags(model_id: int) -> None:
    flags = 1 << 2 | 1 << 7 | 1 << 16 | 1 << 30
    meter, _ = await meter_with(snapshot(model_id, 1, events=flags))
    events = (await meter.read()).events
    assert events == flags
    assert isinstance(events, MeterEvent)
    assert MeterEvent.POWER_FAILURE in events
    assert MeterEvent.MISSING_SENSOR in events
    assert MeterEvent.OVER_VOLTAGE not in events


@every_model
@pytest.mark.parametrize(
    ("flags", "events"), [(None, None), (0, MeterEvent(0)), (0x8000_0000, MeterEvent(1 << 31))]
)
async def test_event_flags_may_be_missing_or_quiet(
    model_id: int, flags: int | None, events: MeterEvent | None
) -> None:
    meter, _ = await meter_with(snapshot(model_id, 1, events=flags))
    assert (await meter.read()).events == events


@every_float_model
@pytest.mark.parametrize("code", [1, 2, 3, 4])
async def test_a_float_meter_that_refuses_its_event_flags_still_measures(
    model_id: int, code: int
) -> None:
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 8, events=1 << 2), clock=clock)
    device.fail_read(EVENTS, ModbusExceptionError.from_code(code))
    reading = await meter.read()
    assert (reading.power.total, reading.events) == (8, None)
    assert reading.reactive_energy_q4.total == 8

    device.fail_read(EVENTS, None)
    clock.now += FULL_READ_EVERY
    assert (await meter.read()).events == MeterEvent.POWER_FAILURE


@every_float_model
async def test_event_flags_of_a_longer_float_model_have_the_header_behind_it_as_witness(
    model_id: int,
) -> None:
    longer = [*snapshot(model_id, 1, events=1 << 4), 1, 2, 3, 4]
    longer[1] += 4
    meter, device = await meter_with(longer)
    assert (await meter.read()).events == MeterEvent.LOW_POWER_FACTOR
    assert device.requests == [(HEADER, 124), (EVENTS, 7)]


@every_float_model
async def test_event_flags_may_have_another_model_behind_them(model_id: int) -> None:
    behind = [160, 2, 0, 0, *END]
    clock = Clock()
    meter, device = await meter_with(snapshot(model_id, 1, events=1 << 4) + behind, clock=clock)
    assert [model.model_id for model in meter.chain.models] == [1, model_id, 160]
    assert (await meter.read()).events == MeterEvent.LOW_POWER_FACTOR
    assert device.requests[-1] == (EVENTS, 3)


@pytest.mark.parametrize(
    ("scales", "resolutions"),
    [
        ({}, (None, 1.0, 1.0)),
        ({"TotWh_SF": -1, "TotVAh_SF": 2, "TotVArh_SF": 0}, (0.1, 100.0, 1.0)),
        ({"TotWh_SF": 11, "TotVAh_SF": -11, "TotVArh_SF": 10}, (None, None, 1e10)),
    ],
)
async def test_the_resolution_of_counters(
    scales: dict[str, int], resolutions: tuple[float | None, ...]
) -> None:
    """Only for apparent and reactive energy does the model allow to leave the scale factor out."""
    meter, _ = await meter_with(encode(203, **scales))
    reading = await meter.read()
    assert resolutions == (
        reading.energy_resolution,
        reading.apparent_energy_resolution,
        reading.reactive_energy_resolution,
    )


async def test_float_counters_have_no_resolution() -> None:
    meter, _ = await meter_with(encode(213))
    reading = await meter.read()
    assert reading.energy_resolution is reading.reactive_energy_resolution is None
