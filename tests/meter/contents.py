"""Random contents of meter models that a real meter could have: hypothesis strategies."""

from fractions import Fraction
import math
from typing import Any

from hypothesis import HealthCheck, Phase, settings, strategies as st

from .published import FLOAT_MODELS, PHASES, QUANTITIES, canonical, published_points

whole_maps = settings(
    # One example fills a whole register map, and each runs in an event loop of its own.
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # To shrink a whole register map takes minutes; the blob repeats the example as it is.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    print_blob=True,
)

type RawPoints = dict[str, Any]
"""What stands in a model's points, unscaled, by canonical name; None is "not implemented"."""

PYSUNSPEC2_FLOAT_TRAP = 0x7FC00000
"""A float of this value is a number, but pysunspec2 compares it with the bits of NaN."""

_FLOATS = st.floats(width=32).filter(lambda value: value != PYSUNSPEC2_FLOAT_TRAP)
_RAW: dict[str, st.SearchStrategy[float | None]] = {
    "int16": st.integers(-0x7FFF, 0x7FFF) | st.none(),
    "acc32": st.integers(0, 0xFFFF_FFFF) | st.sampled_from([0x8000_0000, 0xFFFF_FFFF, 0]),
    "sunssf": st.integers(-10, 10) | st.none(),
    "bitfield32": st.integers(0, 0xFFFF_FFFE) | st.none(),
    "float32": _FLOATS | st.none(),
}

_ELECTRICAL_SCALES = st.integers(-3, 2)
_PERCENT_SCALES = st.integers(-2, 0) | st.none()


@st.composite
def meter_contents(draw: st.DrawFn, model_id: int) -> RawPoints:
    """Draw raw values for all points of a meter model behind its header.

    Anything goes, but for power factors: they agree with the powers beside them, in percent in the
    integer models and as ratios in the float models, because the library judges them by that.
    """
    points = published_points(model_id)
    raw: RawPoints = {
        name: draw(_RAW[point.type]) for name, point in points.items() if name not in {"id", "l"}
    }
    if model_id not in FLOAT_MODELS:
        raw["w_sf"] = draw(_ELECTRICAL_SCALES)
        raw["va_sf"] = raw["w_sf"] if draw(st.booleans()) else draw(_ELECTRICAL_SCALES)
        raw["pf_sf"] = draw(_PERCENT_SCALES)
    _agree_on_power_factors(draw, model_id, raw)
    return raw


def _agree_on_power_factors(draw: st.DrawFn, model_id: int, raw: RawPoints) -> None:
    for slot in range(PHASES[model_id] + 1):
        factor, power, apparent = (
            canonical(QUANTITIES[quantity][slot])
            for quantity in ("power_factor", "power", "apparent_power")
        )
        watts, volt_amperes = (_amount(model_id, raw, point) for point in (power, apparent))
        if watts is None or not volt_amperes:
            ratio = draw(st.none() | st.fractions(Fraction(2, 100), 1))
        elif abs(watts) <= abs(volt_amperes):
            ratio = watts / abs(volt_amperes)
        else:
            raw[apparent] = ratio = None
        raw[factor] = None if ratio is None else _stated(model_id, raw, ratio)


def _amount(model_id: int, raw: RawPoints, point: str) -> Fraction | None:
    """Return what a point says, exactly."""
    value = raw[point]
    if value is None or not math.isfinite(value):
        return None
    scale_point = published_points(model_id)[point].scale_point
    scale = raw[canonical(scale_point)] if scale_point else 0
    return Fraction(value) * Fraction(10) ** int(scale or 0)


def _stated(model_id: int, raw: RawPoints, ratio: Fraction) -> float:
    """Return how a meter of this model states a power factor."""
    if model_id in FLOAT_MODELS:
        return float(ratio)
    return round(100 * ratio / Fraction(10) ** int(raw["pf_sf"] or 0))
