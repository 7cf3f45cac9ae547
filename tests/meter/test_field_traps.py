"""What meters in the field do differently from the specification, and what becomes of it."""

import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import Reading

from .device import reading_of, values
from .published import (
    AVERAGED_QUANTITIES,
    FLOAT_MODELS,
    INTEGER_MODELS,
    METER_MODELS,
    PHASES,
    QUANTITIES,
    canonical,
    encode,
    published_points,
)

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_integer_model = pytest.mark.parametrize("model_id", INTEGER_MODELS)
every_quantity = pytest.mark.parametrize("quantity", QUANTITIES)


def all_scales(model_id: int, exponent: int | None) -> dict[str, Any]:
    """Return every scale factor of a model."""
    points = published_points(model_id)
    return {name: exponent for name, point in points.items() if point.type == "sunssf"}


def own_phases(model_id: int, quantity: str) -> int:
    """Return how many phases of a quantity a model has."""
    phases = PHASES[model_id]
    return 1 if quantity == "voltage_line_to_line" and phases < 3 else phases


async def read(model_id: int, **points: Any) -> Reading:
    """Return a reading in which every scale factor is 10^0 unless ``points`` says otherwise."""
    scales = all_scales(model_id, 0)
    return await reading_of(
        encode(model_id, **scales | {canonical(name): value for name, value in points.items()})
    )


@every_model
@every_quantity
@settings(max_examples=3)
@given(data=st.data())
async def test_a_missing_total_is_the_sum_or_average_of_the_phases(
    model_id: int, quantity: str, data: st.DataObject
) -> None:
    number = st.integers(2, 100) if quantity == "power_factor" else st.integers(0, 0x7FFF)
    phases = own_phases(model_id, quantity)
    numbers = data.draw(st.lists(number, min_size=phases, max_size=phases))
    # An acc32 that is not implemented cannot be told from one that reads 0, but by these patterns.
    total_point, *phase_points = QUANTITIES[quantity]
    counter = published_points(model_id)[canonical(total_point)].type == "acc32"
    points: dict[str, Any] = dict(zip(phase_points, numbers, strict=False))
    points[total_point] = 0x8000_0000 if counter else None

    seen_total, *seen_phases = values(getattr(await read(model_id, **points), quantity))
    scale = 100 if quantity == "power_factor" else 1
    expected = [n / scale for n in numbers]
    assert seen_phases[:phases] == pytest.approx(expected)
    total = math.fsum(expected) / (phases if quantity in AVERAGED_QUANTITIES else 1)
    assert seen_total == pytest.approx(total)


@pytest.mark.parametrize("model_id", [203, 204, 213, 214])
@every_quantity
@pytest.mark.parametrize("missing", [1, 2, 3])
async def test_a_total_is_not_made_up_while_a_phase_is_missing(
    model_id: int, quantity: str, missing: int
) -> None:
    counter = published_points(model_id)[canonical(QUANTITIES[quantity][0])].type == "acc32"
    absent = 0xFFFF_FFFF if counter else None
    points = dict.fromkeys(QUANTITIES[quantity], 50)
    points[QUANTITIES[quantity][0]] = points[QUANTITIES[quantity][missing]] = absent  # type: ignore[assignment]
    reading = getattr(await read(model_id, **points), quantity)
    assert reading.total is None
    assert sum(value is None for value in values(reading)) == 2


@every_model
@every_quantity
async def test_a_total_stands_as_the_meter_gives_it(model_id: int, quantity: str) -> None:
    points = dict.fromkeys(QUANTITIES[quantity], 40) | {QUANTITIES[quantity][0]: 90}
    reading = getattr(await read(model_id, **points), quantity)
    assert reading.total == (0.9 if quantity == "power_factor" else 90)


@every_model
@every_quantity
async def test_phases_beyond_the_models_are_left_out(model_id: int, quantity: str) -> None:
    reading = getattr(await read(model_id, **dict.fromkeys(QUANTITIES[quantity], 60)), quantity)
    phases = own_phases(model_id, quantity)
    assert [value is None for value in values(reading)[1:]] == [
        phase >= phases for phase in range(3)
    ]


@every_integer_model
async def test_large_powers_come_in_tens_of_watts(model_id: int) -> None:
    reading = await read(model_id, W=-1234, WphA=-1234, W_SF=1)
    assert values(reading.power)[:2] == (-12340, -12340)


@every_integer_model
async def test_an_optional_scale_factor_that_is_missing_means_whole_units(model_id: int) -> None:
    reading = await read(
        model_id,
        Hz=60,
        VA=1500,
        VAR=-300,
        PF=98,
        TotVAhImp=70000,
        TotVArhExpQ3=5,
        **dict.fromkeys(["Hz_SF", "VA_SF", "VAR_SF", "PF_SF", "TotVAh_SF", "TotVArh_SF"]),
    )
    assert reading.frequency == 60
    assert reading.apparent_power.total == 1500
    assert reading.reactive_power.total == -300
    assert reading.power_factor.total == 0.98
    assert reading.apparent_energy_imported.total == 70000
    assert reading.reactive_energy_q3.total == 5


@every_integer_model
@pytest.mark.parametrize("exponent", [None, -11, 11, 0x7FFF])
async def test_a_mandatory_scale_factor_that_is_missing_leaves_no_value(
    model_id: int, exponent: int | None
) -> None:
    names = ("current", "voltage_line_to_neutral", "power", "energy_imported", "energy_exported")
    points = {point: 120 for name in names for point in QUANTITIES[name]}
    scales = dict.fromkeys(["A_SF", "V_SF", "W_SF", "TotWh_SF"], exponent)
    reading = await read(model_id, **points, VA=7, **scales)
    for name in names:
        assert values(getattr(reading, name)) == (None,) * 4, name
    assert reading.apparent_power.total == 7
    assert reading.energy_net is None


@every_integer_model
@pytest.mark.parametrize("exponent", range(-10, 11))
async def test_every_scale_factor_of_the_specification_is_followed(
    model_id: int, exponent: int
) -> None:
    points = {"A": -5, "PhV": 7, "W": 32767, "VAR": -32767, "TotWhImp": 0xFFFF_FFFE}
    reading = await reading_of(encode(model_id, **points, **all_scales(model_id, exponent)))
    assert reading.current.total == float(f"-5e{exponent}")
    assert reading.voltage_line_to_neutral.total == float(f"7e{exponent}")
    assert reading.power.total == float(f"32767e{exponent}")
    assert reading.reactive_power.total == float(f"-32767e{exponent}")
    assert reading.energy_imported.total == float(f"4294967294e{exponent}")


@every_integer_model
@pytest.mark.parametrize("unused", [0x8000_0000, 0xFFFF_FFFF])
async def test_unused_counters_are_no_counts(model_id: int, unused: int) -> None:
    names = [name for name in QUANTITIES if "energy" in name]
    points = {point: unused for name in names for point in QUANTITIES[name]}
    reading = await read(model_id, **points)
    for name in names:
        assert values(getattr(reading, name)) == (None,) * 4, name
    assert reading.energy_net is None


@every_integer_model
@pytest.mark.parametrize("count", [0, 1, 0x7FFF_FFFF, 0x8000_0001, 0xFFFF_FFFE])
async def test_every_other_count_is_a_reading_and_so_is_zero(model_id: int, count: int) -> None:
    names = [name for name in QUANTITIES if "energy" in name]
    points = {point: count for name in names for point in QUANTITIES[name]}
    reading = await read(model_id, **points)
    for name in names:
        assert values(getattr(reading, name))[:2] == (count, count), name
    assert reading.energy_net == 0


@pytest.mark.parametrize("model_id", FLOAT_MODELS)
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -math.nan, None])
async def test_floats_that_are_no_numbers_are_no_values(model_id: int, value: float | None) -> None:
    points: dict[str, Any] = {
        point: value for quantity in QUANTITIES.values() for point in quantity
    }
    reading = await reading_of(encode(model_id, **points, Hz=value))
    for quantity in QUANTITIES:
        assert values(getattr(reading, quantity)) == (None,) * 4
    assert reading.frequency is None


@every_model
async def test_a_meter_that_implements_nothing_says_nothing(model_id: int) -> None:
    reading = await reading_of(encode(model_id))
    for name in QUANTITIES:
        quantity = values(getattr(reading, name))
        # What pysunspec2 writes into a counter that is not there is 0, which is a reading here.
        assert set(quantity) <= ({None, 0} if "energy" in name else {None}), name
    assert (reading.frequency, reading.events, reading.energy_net) == (None, None, None)


@every_model
@pytest.mark.parametrize(
    ("imported", "exported", "net"), [(5000, 1200, 3800), (0, 0, 0), (10, 2500, -2490)]
)
async def test_net_energy_is_what_was_imported_less_what_was_exported(
    model_id: int, imported: int, exported: int, net: int
) -> None:
    reading = await reading_of(
        encode(model_id, TotWhImp=imported, TotWhExp=exported)
        if model_id in FLOAT_MODELS
        else encode(model_id, TotWhImp=imported, TotWhExp=exported, TotWh_SF=0)
    )
    assert reading.energy_net == net
