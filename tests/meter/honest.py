"""Registers of honest meters, with the habits of meters in the field: a hypothesis strategy."""

import math
from typing import Any

from hypothesis import strategies as st

from .published import FLOAT_MODELS, PHASES, encode

_PARTS = ("", "phA", "phB", "phC")
_POINTS = {name: [f"{name}{part}" for part in _PARTS] for name in ("A", "PhV", "W", "VA", "VAR")}
_POINTS["PPV"] = ["PPV", "PhVphAB", "PhVphBC", "PhVphCA"]
_SCALES = {"A": "A_SF", "V": "V_SF", "W": "W_SF", "VA": "VA_SF", "VAR": "VAR_SF"}
_DELTA = (204, 214)
_LARGEST_INT16 = 0x7FFF

_ABSENT = (
    *(("A",), ("PhV",), ("PPV",), ("W",)),
    *(_POINTS[name] for name in ("A", "VA", "VAR", "PhV", "PPV")),
    [point for name in ("A", "W", "VA", "VAR") for point in _POINTS[name][1:]],
)
"""Groups of points that meters in the field leave out, or have as 0."""

type Points = dict[str, Any]
"""What stands in a model's points."""

type Quantities = dict[str, list[float]]
"""What a meter measures: total, A, B and C of each quantity, in SI units."""


@st.composite
def honest_registers(draw: st.DrawFn, model_id: int) -> list[int]:
    """Draw the registers of an honest meter."""
    measured = draw(_installations(model_id))
    # A meter that nets the total of its currents states those of its phases.
    kept = _POINTS["A"][1:] if draw(st.booleans()) else []
    if kept:
        _sign_currents(measured)
    points: Points = {"Hz": draw(st.sampled_from([0, 50, 60, None]))}
    for name, scale_point in _SCALES.items():
        names = ("PhV", "PPV") if name == "V" else (name,)
        numbers = [number for each in names for number in measured[each]]
        if model_id not in FLOAT_MODELS:
            points[scale_point], numbers = draw(_counts(numbers, wraps=name == "V"))
        stated = iter(numbers)
        for each in names:
            points |= dict(zip(_POINTS[each], [next(stated) for _ in measured[each]], strict=False))
    absent = draw(st.sampled_from([0, None]))
    for group in draw(st.sets(st.sampled_from(range(len(_ABSENT))))):
        points |= {point: absent for point in _ABSENT[group] if point in points.keys() - kept}
    return encode(model_id, **points)


@st.composite
def _installations(draw: st.DrawFn, model_id: int) -> Quantities:
    """Draw what flows; each value is measured while the load was a little different."""
    phases, delta = PHASES[model_id], model_id in _DELTA
    volts, ratio = draw(st.floats(100, 300)), draw(st.sampled_from([math.sqrt(3), 2]))
    live = [1.0, *(draw(st.sampled_from([1.0, 0.97, 0.0])) for _ in range(phases - 1))]
    to_neutral = [volts * share for share in live]
    amperes = [draw(st.just(0.0) | st.floats(0, 300)) for _ in range(phases)]
    lags = [draw(st.floats(-math.pi, math.pi)) for _ in range(phases)]
    # The wattmeters of a delta service may measure between lines: 30 degrees on.
    shift, width = (math.pi / 6, math.sqrt(3)) if delta and draw(st.booleans()) else (0.0, 1.0)
    apparent = [v * a for v, a in zip(to_neutral, amperes, strict=True)]
    watts = [width * va * math.cos(lag + shift) for va, lag in zip(apparent, lags, strict=True)]
    reactive = [va * math.sin(lag) for va, lag in zip(apparent, lags, strict=True)]
    geometric = math.hypot(math.fsum(watts), math.fsum(reactive))
    flows = {
        # Some meters report the average.
        "A": [math.fsum(amperes) / draw(st.sampled_from([1, phases])), *amperes],
        "W": [math.fsum(watts), *watts],
        "VA": [draw(st.sampled_from([width * math.fsum(apparent), geometric])), *apparent],
        "VAR": [math.fsum(reactive), *reactive],
    }
    loads = st.floats(0.95, 1.05) if delta else st.floats(0.75, 1.3)
    changed = {
        name: [number * draw(loads) for number in numbers] for name, numbers in flows.items()
    }
    average = math.fsum(to_neutral) / phases
    return {
        **changed,
        "PhV": [average, *to_neutral],
        "PPV": [volts * ratio] * (4 if phases == 3 else 2),
    }


def _sign_currents(measured: Quantities) -> None:
    """Give currents the sign of their power, and net the total."""
    pairs = zip(measured["A"][1:], measured["W"][1:], strict=True)
    signed = [math.copysign(amperes, watts) for amperes, watts in pairs]
    measured["A"] = [math.fsum(signed), *signed]


@st.composite
def _counts(draw: st.DrawFn, numbers: list[float], *, wraps: bool) -> tuple[int, list[float]]:
    """Draw a scale factor, and what numbers are in counts; voltages may overflow."""
    largest = max(map(abs, numbers))
    least = math.ceil(math.log10(largest / (_LARGEST_INT16 - 1))) if largest > 1e-9 else -3
    lowest, highest = (-2, 1) if wraps else (max(-3, least), max(3, least))
    scale = draw(st.integers(lowest, highest))
    truncated = draw(st.booleans())
    counts = [
        math.trunc(number / 10**scale) if truncated else round(number / 10**scale)
        for number in numbers
    ]
    return scale, [(count + 0x8000) % 0x1_0000 - 0x8000 for count in counts]
