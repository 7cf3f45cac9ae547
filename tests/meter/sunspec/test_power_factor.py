"""Power factors: percent or ratio on the wire, always -1 to 1 in a reading."""

from collections.abc import Sequence
from typing import Any

from hypothesis import assume, given, strategies as st
import pytest

from tests.meter.contents import whole_maps
from tests.meter.device import reading_of, values
from tests.meter.published import FLOAT_MODELS, INTEGER_MODELS, METER_MODELS, encode

NAMES = ("", "phA", "phB", "phC")

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_integer_model = pytest.mark.parametrize("model_id", INTEGER_MODELS)


async def factors(model_id: int, **points: Any) -> tuple[float | None, ...]:
    """Return the power factors of a reading of these points."""
    return values((await reading_of(encode(model_id, **points))).power_factor)


def wye(
    factors: Sequence[float | None],
    *,
    watts: Sequence[float | None] = (None,) * 4,
    volt_amperes: Sequence[float | None] = (None,) * 4,
) -> dict[str, Any]:
    """Return points of model 213 for total, A, B and C."""
    columns = zip(NAMES, factors, watts, volt_amperes, strict=True)
    return {
        point: value
        for name, factor, power, apparent in columns
        for point, value in [
            (f"PF{name}", factor),
            (f"W{name}", power),
            (f"VA{name}", apparent),
        ]
    }


@every_integer_model
@pytest.mark.parametrize(
    ("raw", "scale", "factor"),
    [
        (98, 0, 0.98),
        (98, None, 0.98),
        (-98, 0, -0.98),
        (985, -1, 0.985),
        (9876, -2, 0.9876),
        (9988, -2, 0.9988),
        (984, -1, 0.984),
        (-9876, -2, -0.9876),
        (10, 1, 1.0),
        (0, -2, 0.0),
        (100, 0, 1.0),
        (-100, 0, -1.0),
    ],
)
async def test_percent_as_the_specification_wants_it(
    model_id: int, raw: int, scale: int | None, factor: float
) -> None:
    total, *_ = await factors(model_id, PF=raw, PF_SF=scale)
    assert total == factor


@every_integer_model
@pytest.mark.parametrize(
    ("raw", "scale", "factor"),
    [(98, -2, 0.98), (-98, -2, -0.98), (985, -3, 0.985), (1, None, 1.0), (-1, 0, -1.0)],
)
async def test_a_ratio_as_meters_in_the_field_send_it(
    model_id: int, raw: int, scale: int | None, factor: float
) -> None:
    total, *_ = await factors(model_id, PF=raw, PF_SF=scale)
    assert total == factor


@pytest.mark.parametrize("model_id", FLOAT_MODELS)
@pytest.mark.parametrize(("sent", "factor"), [(0.75, 0.75), (-0.5, -0.5), (75, 0.75), (-50, -0.5)])
async def test_float_models_send_either_too(model_id: int, sent: float, factor: float) -> None:
    total, *_ = await factors(model_id, PF=sent)
    assert total == factor


@every_integer_model
@pytest.mark.parametrize(
    ("raw", "watts", "volt_amperes", "factor"),
    [
        (80, 8, 1000, 0.008),  # 0.80 percent: next to no active power
        (80, 800, 1000, 0.8),  # a ratio of 0.80
        (80, -800, 1000, 0.8),  # the sign of power says nothing about it
        (-80, 8, 1000, -0.008),
        (100, 10, 1000, 0.01),
        (100, 1000, 1000, 1.0),
        (100, 998, 1000, 1.0),
        (50, 49, 100, 0.5),
        (1, 10, 1000, 0.01),  # a ratio of 0.01
        (1, 0, 1000, 0.0001),  # 0.01 percent
        (95, 0, 30, 0.0095),  # standby: 0 W cannot go with a ratio of 0.95
    ],
)
async def test_small_values_are_decided_by_active_and_apparent_power(
    model_id: int, raw: int, watts: int, volt_amperes: int, factor: float
) -> None:
    total, *_ = await factors(model_id, PF=raw, PF_SF=-2, W=watts, W_SF=0, VA=volt_amperes, VA_SF=0)
    assert total == factor


@pytest.mark.parametrize(
    ("watts", "volt_amperes"), [(None, 1000), (800, None), (800, 0), (0, 0), (800, 500)]
)
async def test_without_usable_powers_only_percent_exceeds_one(
    watts: int | None, volt_amperes: int | None
) -> None:
    powers = {"W": watts, "W_SF": 0, "VA": volt_amperes, "VA_SF": 0}
    assert (await factors(203, PF=80, PF_SF=-2, **powers))[0] == 0.8
    assert (await factors(203, PF=80, PF_SF=0, **powers))[0] == 0.8


async def test_more_active_than_apparent_power_is_no_evidence() -> None:
    assert (await factors(213, PF=2, W=200, VA=100))[0] == 0.02


async def test_one_large_phase_makes_them_all_percent() -> None:
    assert await factors(213, **wye([0.5, 0.75, 0.25, 90])) == (0.005, 0.0075, 0.0025, 0.9)


async def test_all_phases_have_a_say_in_it() -> None:
    # The total is near zero because C feeds in what A and B draw, and rounded to nothing.
    points = wye(
        [0.5, 0.75, 0.75, -0.75],
        watts=[0, 750, 750, -750],
        volt_amperes=[2000, 1000, 1000, 1000],
    )
    assert await factors(213, **points) == (0.5, 0.75, 0.75, -0.75)
    points = wye(
        [0.5, 75, 75, -75], watts=[10, 750, 750, -750], volt_amperes=[2000, 1000, 1000, 1000]
    )
    assert await factors(213, **points) == (0.005, 0.75, 0.75, -0.75)


async def test_one_garbled_phase_does_not_outvote_the_others() -> None:
    points = wye([0.75, 0.75, 32767, 0.75], watts=[750] * 4, volt_amperes=[1000] * 4)
    assert await factors(213, **points) == (0.75, 0.75, None, 0.75)


async def test_phases_beyond_the_models_have_no_say() -> None:
    points = wye([0.75, 0.75, 90, 90], watts=[None, None, 900, 900], volt_amperes=[1000] * 4)
    assert await factors(211, **points) == (0.75, 0.75, None, None)


@pytest.mark.parametrize(
    ("raw", "scale", "factor"),
    [
        (101, 0, 1.0),
        (-101, 0, -1.0),
        (1005, -1, 1.0),
        (101, -2, 1.0),
        (-1009, -3, -1.0),
        (102, 0, None),
        (-102, 0, None),
        (1015, -1, None),
        (255, 0, None),
        (32767, -2, None),
        (-32767, 0, None),
        (32767, 10, None),
    ],
)
async def test_rounding_may_overshoot_one_and_nonsense_is_nothing(
    raw: int, scale: int, factor: float | None
) -> None:
    assert await factors(203, PF=raw, PFphA=raw, PFphB=raw, PFphC=raw, PF_SF=scale) == (factor,) * 4


async def test_a_total_that_is_missing_is_the_average_of_the_phases() -> None:
    assert await factors(213, **wye([None, 0.5, 0.75, 1.0])) == (0.75, 0.5, 0.75, 1.0)
    assert await factors(213, **wye([None, 50, 75, 100])) == (0.75, 0.5, 0.75, 1.0)


async def test_a_missing_total_does_not_decide_what_the_phases_are() -> None:
    # On average the phases have next to no power factor, by which percent and ratio look alike.
    points = wye(
        [None, 60, -59, 0], watts=[900, 600, -590, 0], volt_amperes=[1000, None, None, None]
    )
    total, *phases = await factors(213, **points)
    assert phases == [0.6, -0.59, 0.0]
    assert total == pytest.approx(0.01 / 3)


async def test_there_is_no_average_over_nonsense() -> None:
    assert await factors(213, **wye([None, 98, 120, 97])) == (None, 0.98, None, 0.97)


@every_model
async def test_a_meter_without_power_factors_has_none(model_id: int) -> None:
    assert await factors(model_id) == (None,) * 4


@every_integer_model
@pytest.mark.parametrize("scale", [-11, 11, 127, -0x7FFF])
async def test_a_scale_factor_out_of_range_leaves_no_value(model_id: int, scale: int) -> None:
    assert await factors(model_id, PF=98, PF_SF=scale) == (None,) * 4


@pytest.mark.parametrize("percent", [False, True])
@whole_maps
@given(
    ratio=st.integers(-1000, 1000),
    volt_amperes=st.integers(1000, 32767),
)
async def test_a_power_factor_fits_the_powers_beside_it(
    ratio: int, volt_amperes: int, *, percent: bool
) -> None:
    watts = round(volt_amperes * ratio / 1000)
    assume(watts)
    total, *_ = await factors(
        203,
        PF=ratio,
        PF_SF=-1 if percent else -3,
        W=watts,
        W_SF=0,
        VA=volt_amperes,
        VA_SF=0,
    )
    assert total == pytest.approx(watts / volt_amperes, abs=0.001)
