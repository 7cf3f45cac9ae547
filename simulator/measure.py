"""Measure the house as a meter does: in integers of its own resolution, so that sums stay exact.

Every quantity is in thousandths of its unit (mW, mV, mA, mHz; power factor in thousandths). Names
are those of the SunSpec wye model 203.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, isqrt, sqrt
from typing import NamedTuple

from .accuracy import Accuracy, Seen
from .house import PHASES, PhaseFlow, Sample

QUANTITIES = ("A", "V", "Hz", "W", "VA", "VAR", "PF")


class Role(StrEnum):
    """Where the meter is installed: at the grid connection, or at the solar inverter."""

    GRID = "grid"
    SOLAR = "solar"


class Wiring(NamedTuple):
    """What a meter measures in one kind of service."""

    phases: str
    pairs: tuple[str, ...]
    neutral: bool


SINGLE = Wiring("A", (), neutral=True)
SPLIT = Wiring("AB", ("AB",), neutral=True)
WYE = Wiring("ABC", ("AB", "BC", "CA"), neutral=True)
DELTA = Wiring("ABC", ("AB", "BC", "CA"), neutral=False)


@dataclass(frozen=True)
class Resolution:
    """The step of each quantity in thousandths of its unit.

    `counts` is the largest number of steps a register can hold (None: no limit). A quantity that
    needs more at some instant gets steps ten times as wide, until it fits.
    """

    steps: Mapping[str, int]
    counts: int | None

    def step(self, quantity: str, largest: float) -> int:
        """Return the step of a quantity whose largest value is `largest` thousandths."""
        step = self.steps[quantity]
        if self.counts is not None:
            # Totals are sums of rounded phases, so they can be some steps higher.
            while largest > step * (self.counts - 5):
                step *= 10
        return step


# 10 mA, 0.1 V, 10 mHz, 1 W, 0.1 %: values of a house fit an int16 with a scale factor then.
INT16_RESOLUTION = Resolution(
    {"A": 10, "V": 100, "Hz": 10, "W": 1000, "VA": 1000, "VAR": 1000, "PF": 1}, counts=32767
)
# An eighth of a watt is exact both in binary, as float32 needs it, and in milliwatts.
FLOAT32_RESOLUTION = Resolution(
    {"A": 1, "V": 1, "Hz": 1, "W": 125, "VA": 125, "VAR": 125, "PF": 1}, counts=None
)


class Measurement(NamedTuple):
    """What the meter shows at one instant: values by point name, and the step of each quantity."""

    values: Mapping[str, int]
    steps: Mapping[str, int]


def see(sample: Sample, role: Role, wiring: Wiring) -> list[Seen]:
    """Return what truly passes through a meter on each phase; positive is import.

    At the inverter, production is export.
    """
    return [_seen(flow, role) for flow in sample.phases[: len(wiring.phases)]]


def see_inexactly(phases: Sequence[Seen], accuracy: Accuracy, timestamp: int) -> list[Seen]:
    """Return what a meter of this accuracy sees instead at a Unix time."""
    return [accuracy.of(seen, phase, timestamp) for phase, seen in enumerate(phases)]


def measure(
    phases: Sequence[Seen], hertz: float, wiring: Wiring, resolution: Resolution
) -> Measurement:
    """Measure what the meter sees.

    The total is the net of the phases, as a bi-directional revenue meter counts it. Total apparent
    power is the vector sum.
    """
    watts, reactive = [seen.watts for seen in phases], [seen.var for seen in phases]
    volts, amps = [seen.volts for seen in phases], [seen.amps for seen in phases]
    line = {pair: _line_volts(volts, pair, wiring) for pair in wiring.pairs}
    steps = {
        "A": resolution.step("A", 1000 * sum(amps)),
        "V": resolution.step("V", 1000 * max(*line.values(), *volts, 0)),
        "Hz": resolution.step("Hz", 1000 * hertz),
        "W": resolution.step("W", _largest(watts)),
        "VA": resolution.step("VA", 1000 * hypot(sum(map(abs, watts)), sum(map(abs, reactive)))),
        "VAR": resolution.step("VAR", _largest(reactive)),
        "PF": resolution.steps["PF"],
    }
    values = {"Hz": _round(1000 * hertz, steps["Hz"])}
    for phase, seen in zip(wiring.phases, phases, strict=True):
        values[f"Wph{phase}"] = _round(1000 * seen.watts, steps["W"])
        values[f"VARph{phase}"] = _round(1000 * seen.var, steps["VAR"])
        values[f"Aph{phase}"] = _round(1000 * seen.amps, steps["A"])
        if wiring.neutral:
            values[f"PhVph{phase}"] = _round(1000 * seen.volts, steps["V"])
    for pair, between in line.items():
        values[f"PhVph{pair}"] = _round(1000 * between, steps["V"])
    for name in ("W", "VAR", "A"):
        values[name] = sum(values[f"{name}ph{phase}"] for phase in wiring.phases)
    for suffix in ("", *(f"ph{phase}" for phase in wiring.phases)):
        w, var = values["W" + suffix], values["VAR" + suffix]
        values["VA" + suffix] = va = _nearest(isqrt(w * w + var * var), steps["VA"])
        values["PF" + suffix] = max(-1000, min(1000, round(1000 * w / va))) if va else 1000
    if wiring.neutral:
        phase_volts = [values[f"PhVph{phase}"] for phase in wiring.phases]
        values["PhV"] = _round(sum(phase_volts) / len(phase_volts), steps["V"])
    if wiring.pairs:
        line_volts = [values[f"PhVph{pair}"] for pair in wiring.pairs]
        values["PPV"] = _round(sum(line_volts) / len(line_volts), steps["V"])
    return Measurement(values, steps)


_LOADED = 0.05
_LOW_POWER_FACTOR = 0.5


class Event:
    """Bits of the SunSpec point Evt that this meter raises."""

    UNDER_VOLTAGE = 1 << 3
    LOW_PF = 1 << 4
    OVER_CURRENT = 1 << 5
    OVER_VOLTAGE = 1 << 6


def events(
    sample: Sample,
    measurement: Measurement,
    wiring: Wiring,
    *,
    nominal_voltage: float,
    service_current: float,
) -> int:
    """Return the event bits: beyond 10 % of nominal voltage, above the service current, PF < 0.5.

    A low power factor counts only from 5 % of the service current on: an idle inverter is no event.
    """
    bits = 0
    for phase, flow in zip(wiring.phases, sample.phases, strict=False):
        amps = measurement.values[f"Aph{phase}"] / 1000
        factor = measurement.values[f"PFph{phase}"] / 1000
        if flow.volts < 0.9 * nominal_voltage:
            bits |= Event.UNDER_VOLTAGE
        if flow.volts > 1.1 * nominal_voltage:
            bits |= Event.OVER_VOLTAGE
        if amps > service_current:
            bits |= Event.OVER_CURRENT
        if amps >= _LOADED * service_current and abs(factor) < _LOW_POWER_FACTOR:
            bits |= Event.LOW_PF
    return bits


def _seen(flow: PhaseFlow, role: Role) -> Seen:
    """Return what passes through the meter on a phase."""
    if role is Role.SOLAR:
        watts, var = -flow.solar_w, -flow.solar_var
    else:
        watts, var = flow.load_w - flow.solar_w, flow.load_var - flow.solar_var
    return Seen(flow.volts, hypot(watts, var) / flow.volts, watts, var)


def _line_volts(volts: Sequence[float], pair: str, wiring: Wiring) -> float:
    """Return the voltage between phases, opposite in a split service, else 120 degrees apart."""
    one, other = (volts[PHASES.index(phase)] for phase in pair)
    if wiring is SPLIT:
        return one + other
    return sqrt(one * one + other * other + one * other)


def _largest(phases: list[float]) -> float:
    """Return the largest magnitude among phases and their total, in thousandths."""
    return 1000 * max(abs(sum(phases)), *(abs(phase) for phase in phases))


def _round(value: float, step: int) -> int:
    """Return the multiple of `step` nearest to `value`."""
    return round(value / step) * step


def _nearest(value: int, step: int) -> int:
    """Return the multiple of `step` nearest to an integer, in exact integer arithmetic."""
    return (value + step // 2) // step * step
