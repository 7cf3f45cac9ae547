"""A reading of a meter at one instant, in SI units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
import math
from typing import Any, Final

from ..phases import PHASES
from .models import (
    APPARENT_ENERGY_SCALE,
    ENERGY_SCALE,
    FAST_BLOCKS,
    REACTIVE_ENERGY_SCALE,
    SCALE_RANGE,
    SLOW_BLOCKS,
    MeterEvent,
    Quantity,
    ScaleBlock,
)

_POWER_FACTOR_OVERSHOOT: Final = 1.01
"""The most that a meter's rounding makes of a power factor of 1."""

_POWER_FACTOR_EVIDENCE: Final = tuple(
    quantity.points
    for name in ("power_factor", "power", "apparent_power")
    for block in FAST_BLOCKS
    for quantity in block.quantities
    if quantity.name == name
)

_PHASE_PAIRS: Final = {1: 1, 2: 1, 3: 3}
"""How many line-to-line voltages there are, by the number of phases (for 1: L1 to L2)."""

_PHASE_BOUND_UNITS: Final = ("Wh", "VAh")
"""Energy in one direction passes some phase in that direction. So if the total is counted and no
phase is, the meter has no such counters per phase. This does not hold for reactive energy: the
total may be in a quadrant that no phase is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerPhase:
    """A quantity in total (voltages and power factor: on average) and per phase.

    Line-to-line voltages AB, BC and CA are in the fields a, b and c. None means that the meter does
    not implement the value, or that its model does not have the phase.
    """

    total: float | None = None
    a: float | None = None
    b: float | None = None
    c: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The values of a meter at one instant (SunSpec models 201-204 and 211-214).

    Positive power is import once ``with_import_positive`` has been applied; ``Meter.read`` returns
    the meter's own sign. Reactive energy is counted by quadrant: Q1 and Q2 while reactive energy is
    imported, Q3 and Q4 while it is exported. Apparent and reactive energies and the event flags may
    be up to a minute older than the rest (see Meter.read).
    """

    current: PerPhase
    """A"""
    voltage_line_to_neutral: PerPhase
    """V"""
    voltage_line_to_line: PerPhase
    """V"""
    frequency: float | None
    """Hz"""
    power: PerPhase
    """W"""
    apparent_power: PerPhase
    """VA"""
    reactive_power: PerPhase
    """var"""
    power_factor: PerPhase
    """-1 to 1"""
    energy_imported: PerPhase
    """Wh"""
    energy_exported: PerPhase
    """Wh"""
    apparent_energy_imported: PerPhase
    """VAh"""
    apparent_energy_exported: PerPhase
    """VAh"""
    reactive_energy_q1: PerPhase
    """varh"""
    reactive_energy_q2: PerPhase
    """varh"""
    reactive_energy_q3: PerPhase
    """varh"""
    reactive_energy_q4: PerPhase
    """varh"""
    events: MeterEvent | None
    phases: int
    """how many phases the meter model measures"""
    energy_resolution: float | None
    """Wh per count of the energy counters; None if they are floats"""
    apparent_energy_resolution: float | None
    """VAh, likewise"""
    reactive_energy_resolution: float | None
    """varh, likewise"""
    resolutions: Mapping[str, float] = field(default_factory=dict, compare=False)
    """one count of each instantaneous quantity, by its field, in its unit; floats have none"""
    whole: bool = field(default=True, compare=False)
    """whether apparent and reactive energies and event flags are of this instant, too"""
    registers: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """the meter model as the meter sent it, with its header; where ``whole`` is false, the end of
    the model is as old as the values in it"""

    @property
    def energy_net(self) -> float | None:
        """Energy imported minus energy exported, in Wh."""
        imported, exported = self.energy_imported.total, self.energy_exported.total
        if imported is None or exported is None:
            return None
        return imported - exported


type PointValues = Mapping[str, float | None]


def reading_from_points(
    points: PointValues, events: MeterEvent | None, phases: int, registers: tuple[int, ...] = ()
) -> Reading:
    """Return the Reading for the scaled values of all of a meter model's points.

    ``phases`` is how many phases the model measures; values of other phases are ignored. The
    ``registers`` are what the points were decoded from.
    """
    return Reading(
        registers=registers,
        events=events,
        phases=phases,
        apparent_energy_resolution=_resolution(points, APPARENT_ENERGY_SCALE, absent=1.0),
        reactive_energy_resolution=_resolution(points, REACTIVE_ENERGY_SCALE, absent=1.0),
        **_fast_values(points, phases),
        **_quantities(SLOW_BLOCKS, points, phases),
    )


def with_fast_points(latest: Reading, points: PointValues, registers: tuple[int, ...]) -> Reading:
    """Return the Reading for the points of FAST_BLOCKS; the rest is of the latest whole one."""
    return replace(
        latest,
        whole=False,
        registers=registers + latest.registers[len(registers) :],
        **_fast_values(points, latest.phases),
    )


def _fast_values(points: PointValues, phases: int) -> dict[str, Any]:
    """Return the fields of a Reading that every poll reads."""
    points = {**points, **_power_factor_ratios(points, phases)}
    values = _quantities(FAST_BLOCKS, points, phases)
    values["frequency"] = values["frequency"].total
    values["energy_resolution"] = _resolution(points, ENERGY_SCALE, absent=None)
    values["resolutions"] = _resolutions(points)
    return values


def _quantities(blocks: Sequence[ScaleBlock], points: PointValues, phases: int) -> dict[str, Any]:
    return {
        quantity.name: _per_phase(quantity, points, phases)
        for block in blocks
        for quantity in block.quantities
    }


def _resolutions(points: PointValues) -> dict[str, float]:
    """Return the value of one count of each instantaneous quantity."""
    resolutions: dict[str, float] = {}
    for block in FAST_BLOCKS:
        absent = 1.0 if block.scale_optional else None
        resolution = _resolution(points, block.scale_point, absent=absent)
        if resolution is not None:
            resolutions |= {q.name: resolution for q in block.quantities if not q.counter}
    return resolutions


def _resolution(points: PointValues, scale: str, *, absent: float | None) -> float | None:
    """Return the value of one count; None without a valid scale factor.

    ``absent`` is that value if the meter does not implement the scale factor.
    """
    if scale not in points:
        return None
    exponent = points[scale]
    if exponent is None:
        return absent
    if not SCALE_RANGE[0] <= exponent <= SCALE_RANGE[1]:
        return None
    return float(10**exponent)


def _per_phase(quantity: Quantity, points: PointValues, phases: int) -> PerPhase:
    """Return one quantity; a missing total is computed from the phases if all are known."""
    total, *parts = (_finite(points[point]) for point in quantity.points)
    if quantity.name == "voltage_line_to_line":
        phases = _PHASE_PAIRS[phases]
    parts = parts[:phases]
    if quantity.unit in _PHASE_BOUND_UNITS and total and not any(parts):
        parts = [None] * len(parts)
    known = [value for value in parts if value is not None]
    if total is None and parts and len(known) == len(parts):
        total = math.fsum(known) / (len(known) if quantity.averaged else 1)
    return PerPhase(total=total, **dict(zip(PHASES, parts, strict=False)))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _power_factor_ratios(points: PointValues, phases: int) -> dict[str, float | None]:
    """Return the power factors from -1 to 1, whether the meter states ratios or percent.

    The specification demands percent in the integer models; meters in the field send either.
    """
    stated = [
        tuple(_finite(points[point]) for point in slot)
        for slot in zip(*_POWER_FACTOR_EVIDENCE, strict=True)
    ][: phases + 1]
    divisor = 100 if _is_percent(stated) else 1
    factors = _POWER_FACTOR_EVIDENCE[0]
    return {point: _clamped(slot[0], divisor) for point, slot in zip(factors, stated, strict=False)}


def _is_percent(stated: Sequence[tuple[float | None, ...]]) -> bool:
    """Return whether power factors are percent, given each with its power and apparent power.

    Power divided by apparent power of the same instant shows which of the two fits better. All
    phases vote, because at a small load a rounded power says little. Without such evidence, values
    above 1 must be percent.
    """
    largest = max((abs(factor) for factor, _, _ in stated if factor is not None), default=0.0)
    pairs = [
        (abs(factor), abs(power / apparent))
        for factor, power, apparent in stated
        if factor
        and power is not None
        and apparent
        and abs(power) <= _POWER_FACTOR_OVERSHOOT * abs(apparent)
    ]
    if not pairs:
        return largest > _POWER_FACTOR_OVERSHOOT
    # Each phase has at most one vote, however far off its value is.
    as_percent = math.fsum(min(1.0, abs(factor / 100 - ratio)) for factor, ratio in pairs)
    as_ratio = math.fsum(min(1.0, abs(factor - ratio)) for factor, ratio in pairs)
    return as_percent < as_ratio


def _clamped(factor: float | None, divisor: int) -> float | None:
    if factor is None or abs(factor) > _POWER_FACTOR_OVERSHOOT * divisor:
        return None
    # Rounding removes the binary noise of the division by 100; no meter resolves 12 decimals.
    unit = factor if divisor == 1 else round(factor / divisor, 12)
    return max(-1.0, min(1.0, unit))
