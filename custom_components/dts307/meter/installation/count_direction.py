"""Whether an export register counts up. Some meters keep it as a negative 32-bit number.

Read as unsigned, as SunSpec defines it, such a register starts at 0 and continues from 2^32
downwards. A register in the upper half of its range is left out of the reading until two movements
show which way it counts.

This is a pure state machine with immutable states. They convert themselves to JSON; ``stores/``
reads and writes the files. docs/internals/count-direction.md explains why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
import math
from typing import Final

from ..phases import PARTS, PHASES
from ..sunspec import COUNTER_RANGE, PerPhase, Reading

_HALF: Final = COUNTER_RANGE // 2
_LARGEST_MOVEMENT: Final = 2**16
"""Counts; a larger movement is no consumption between two polls but something else."""
_DECIDING_MOVEMENTS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDirection:
    """Which way one register has been seen to count."""

    last: int | None = None
    """counts; None before the first read"""
    run: int = 0
    """movements in a row: upwards if positive, downwards if negative"""
    downwards: bool | None = None
    """None until it is known"""

    def after(self, counts: int) -> CountDirection:
        """Return what is known after one more read of the register, in counts."""
        if counts == self.last:
            return self
        before = counts if self.last is None else self.last
        movement = (counts - before + _HALF) % COUNTER_RANGE - _HALF
        moved = replace(self, last=counts)
        if movement == 0 or abs(movement) > _LARGEST_MOVEMENT:
            return moved
        step = 1 if movement > 0 else -1
        run = self.run + step if self.run * step > 0 else step
        run = max(-_DECIDING_MOVEMENTS, min(_DECIDING_MOVEMENTS, run))
        if abs(run) == _DECIDING_MOVEMENTS:
            return replace(moved, run=run, downwards=run < 0)
        return replace(moved, run=run)

    def counted(self, counts: int, *, others_downwards: bool | None) -> int | None:
        """Return how many counts a register stands for; None while that is unknown.

        ``others_downwards`` is whether the meter's other registers count downwards, if known: all
        of them count alike.
        """
        downwards = others_downwards if self.downwards is None else self.downwards
        if counts < _HALF:
            return counts
        if downwards is None:
            return None
        return COUNTER_RANGE - counts if downwards else counts


type CountDirections = Mapping[str, CountDirection]
"""What is known of a meter's registers of energy exported, in total and by phase."""


def with_exports_counting_up(
    directions: CountDirections, reading: Reading
) -> tuple[CountDirections, Reading]:
    """Return what is known after a reading, and the reading with exports that count upwards.

    Float counters carry their own sign.
    """
    values, resolution = reading.energy_exported, reading.energy_resolution
    if resolution is None:
        sizes = {part: value and abs(value) for part, value in asdict(values).items()}
        return directions, replace(reading, energy_exported=PerPhase(**sizes))
    counts = {
        part: round(value / resolution)
        for part in PARTS
        if (value := getattr(values, part)) is not None
    }
    seen = {
        part: directions.get(part, CountDirection()).after(count) for part, count in counts.items()
    }
    after = {**directions, **seen}
    decided = {direction.downwards for direction in after.values()} - {None}
    others_downwards = decided.pop() if len(decided) == 1 else None
    parts: dict[str, float | None] = {}
    for part, count in counts.items():
        known = after[part].counted(count, others_downwards=others_downwards)
        # A register that counts up keeps its value, which is not rounded to counts.
        parts[part] = getattr(values, part) if known == count else known and known * resolution
    counted = PerPhase(**parts)
    if counted == values:
        return after, reading
    return after, replace(reading, energy_exported=_with_total(values, counted))


def _with_total(values: PerPhase, counted: PerPhase) -> PerPhase:
    """Return the counters with a total that is the sum of its phases, if it was before."""
    phases = [part for part in PHASES if getattr(values, part) is not None]
    if not phases or values.total != math.fsum(getattr(values, part) for part in phases):
        return counted
    parts = [getattr(counted, part) for part in phases]
    return replace(counted, total=None if None in parts else math.fsum(parts))


def count_directions_as_dict(directions: CountDirections) -> dict[str, bool]:
    """Return as JSON holds it which registers count downwards, as far as it is known."""
    return {
        part: direction.downwards
        for part, direction in directions.items()
        if direction.downwards is not None
    }


def count_directions_from_dict(stored: Mapping[str, bool]) -> CountDirections:
    """Return what ``count_directions_as_dict`` described."""
    return {part: CountDirection(downwards=downwards) for part, downwards in stored.items()}
