"""What meters in the field do differently from the specification, and what becomes of it."""

from collections.abc import Iterable
from itertools import chain
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import Reading
from tests.meter.contents import whole_maps
from tests.meter.device import reading_of, values
from tests.meter.published import (
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

COUNTERS = [name for name in QUANTITIES if "energy" in name]

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_integer_model = pytest.mark.parametrize("model_id", INTEGER_MODELS)


def all_scales(model_id: int, exponent: int | None) -> dict[str, Any]:
    """Return every scale factor of a model."""
    points = published_points(model_id)
    return {name: exponent for name, point in points.items() if point.type == "sunssf"}


def own_phases(model_id: int, quantity: str) -> int:
    """Return how many phases of a quantity a model has."""
    phases = PHASES[model_id]
    return 1 if quantity == "voltage_line_to_line" and phases < 3 else phases


def every_point() -> Iterable[str]:
    """Return the points of all quantities."""
    return chain.from_iterable(QUANTITIES.values())


def every_counter() -> Iterable[str]:
    """Return the points of all energies."""
    return chain.from_iterable(QUANTITIES[name] for name in COUNTERS)


def absent(model_id: int, point: str) -> Any:
    """Return what a point says that the meter does not have.

    For a counter that is a mark from the field: 0, as the specification has it, is a reading.
    """
    counter = published_points(model_id)[canonical(point)].type == "acc32"
    return 0x8000_0000 if counter else None


async def read(model_id: int, **points: Any) -> Reading:
    """Return a reading in which every scale factor is 10^0 unless ``points`` says otherwise."""
    scales = all_scales(model_id, 0)
    return await reading_of(
        encode(model_id, **scales | {canonical(name): value for name, value in points.items()})
    )


@every_model
@settings(whole_maps, max_examples=3)
@given(data=st.data())
async def test_a_missing_total_is_the_sum_or_average_of_the_phases(
    model_id: int, data: st.DataObject
) -> None:
    for quantity, (total_point, *phase_points) in QUANTITIES.items():
        percent = quantity == "power_factor"
        phases = own_phases(model_id, quantity)
        number = st.integers(2, 100) if percent else st.integers(0, 0x7FFF)
        numbers = data.draw(st.lists(number, min_size=phases, max_size=phases))
        points = dict(zip(phase_points, numbers, strict=False))
        reading = await read(model_id, **points, **{total_point: absent(model_id, total_point)})

        seen_total, *seen_phases = values(getattr(reading, quantity))
        expected = [n / 100 if percent else n for n in numbers]
        assert seen_phases[:phases] == pytest.approx(expected), quantity
        total = math.fsum(expected) / (phases if quantity in AVERAGED_QUANTITIES else 1)
        assert seen_total == pytest.approx(total), quantity


@pytest.mark.parametrize("model_id", [203, 204, 213, 214])
@pytest.mark.parametrize("missing", [1, 2, 3])
async def test_a_total_is_not_made_up_while_a_phase_is_missing(model_id: int, missing: int) -> None:
    points = dict.fromkeys(every_point(), 50)
    for names in QUANTITIES.values():
        for point in (names[0], names[missing]):
            points[point] = absent(model_id, point)
    reading = await read(model_id, **points)
    for quantity in QUANTITIES:
        total, *phases = values(getattr(reading, quantity))
        assert total is None, quantity
        assert [value is None for value in phases] == [x == missing for x in (1, 2, 3)], quantity


@every_model
async def test_a_total_stands_as_the_meter_gives_it(model_id: int) -> None:
    totals = {points[0]: 90 for points in QUANTITIES.values()}
    reading = await read(model_id, **dict.fromkeys(every_point(), 40) | totals)
    for quantity in QUANTITIES:
        total = 0.9 if quantity == "power_factor" else 90
        assert getattr(reading, quantity).total == total, quantity


@every_model
async def test_phases_beyond_the_models_are_left_out(model_id: int) -> None:
    reading = await read(model_id, **dict.fromkeys(every_point(), 60))
    for quantity in QUANTITIES:
        phases = own_phases(model_id, quantity)
        present = [value is not None for value in values(getattr(reading, quantity))[1:]]
        assert present == [phase < phases for phase in range(3)], quantity


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
async def test_every_scale_factor_of_the_specification_is_followed(model_id: int) -> None:
    points = {"A": -5, "PhV": 7, "W": 32767, "VAR": -32767, "TotWhImp": 0xFFFF_FFFE}
    for exponent in range(-10, 11):
        reading = await reading_of(encode(model_id, **points, **all_scales(model_id, exponent)))
        assert reading.current.total == float(f"-5e{exponent}")
        assert reading.voltage_line_to_neutral.total == float(f"7e{exponent}")
        assert reading.power.total == float(f"32767e{exponent}")
        assert reading.reactive_power.total == float(f"-32767e{exponent}")
        assert reading.energy_imported.total == float(f"4294967294e{exponent}")


@every_integer_model
@pytest.mark.parametrize("unused", [0x8000_0000, 0xFFFF_FFFF])
async def test_unused_counters_are_no_counts(model_id: int, unused: int) -> None:
    reading = await read(model_id, **dict.fromkeys(every_counter(), unused))
    for name in COUNTERS:
        assert values(getattr(reading, name)) == (None,) * 4, name
    assert reading.energy_net is None


@every_integer_model
@pytest.mark.parametrize("count", [0, 1, 0x7FFF_FFFF, 0x8000_0001, 0xFFFF_FFFE])
async def test_every_other_count_is_a_reading_and_so_is_zero(model_id: int, count: int) -> None:
    reading = await read(model_id, **dict.fromkeys(every_counter(), count))
    for name in COUNTERS:
        assert values(getattr(reading, name))[:2] == (count, count), name
    assert reading.energy_net == 0


@pytest.mark.parametrize("model_id", FLOAT_MODELS)
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -math.nan, None])
async def test_floats_that_are_no_numbers_are_no_values(model_id: int, value: float | None) -> None:
    points: dict[str, Any] = dict.fromkeys([*every_point(), "Hz"], value)
    reading = await reading_of(encode(model_id, **points))
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


@every_integer_model
async def test_a_counter_that_says_neither_a_count_nor_in_what_is_absent(model_id: int) -> None:
    """Unused blocks of many meters read 0 throughout, and have no scale factor."""
    unused = {"TotVAh_SF": None, "TotVArh_SF": None}
    reading = await read(model_id, **unused | dict.fromkeys(every_counter(), 0))
    for quantity in COUNTERS:
        total = getattr(reading, quantity).total
        assert total == (0 if quantity in {"energy_imported", "energy_exported"} else None)

    reading = await read(model_id, **unused | dict.fromkeys(every_counter(), 7))
    assert {getattr(reading, quantity).total for quantity in COUNTERS} == {7}


@pytest.mark.parametrize("model_id", [203, 204, 213, 214])
async def test_phases_that_count_nothing_while_the_total_does_have_no_counters(
    model_id: int,
) -> None:
    """But one phase may well count nothing, and so may all that a quadrant has."""
    counted = {QUANTITIES[name][0]: 5_000_000 for name in COUNTERS}
    reading = await read(model_id, **dict.fromkeys(every_counter(), 0) | counted)
    for quantity in COUNTERS:
        total, *phases = values(getattr(reading, quantity))
        assert total == 5_000_000
        assert phases == [0 if "reactive" in quantity else None] * 3, quantity

    one_phase = counted | {QUANTITIES[name][1]: 5_000_000 for name in COUNTERS}
    reading = await read(model_id, **dict.fromkeys(every_counter(), 0) | one_phase)
    for quantity in COUNTERS:
        assert values(getattr(reading, quantity)) == (5_000_000, 5_000_000, 0, 0), quantity
