"""Does a register count up? Some meters keep the energy exported as a negative 32-bit number.

Read as what SunSpec says it is, such a register begins at 0 and goes on from 2^32 downwards: it
would show millions of kWh that sink. A register in the upper half of its range may be one of them,
or may honestly have come so far. So it is left out of a reading until it has moved twice in a row
in one direction, each time by a little, or another of the meter's registers up there has: they all
count alike. That is kept, so that it has to be found out once; and two contrary movements are
believed again, should a meter be set up anew. Energy imported is not known to be kept like that by
any meter.

This is a pure state machine: states are immutable, and nothing here knows how they are kept.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
import math
from typing import Final

from ..phases import PARTS, PHASES
from ..sunspec import PerPhase, Reading

_COUNTS: Final = 2**32
_HALF: Final = 2**31
_LARGEST_MOVEMENT: Final = 2**16
"""Counts; more than this at once is no consumption between two polls but something else."""
_ENOUGH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDirection:
    """Which way one register has been seen to count."""

    last: int | None = None
    """counts; None before the first reading"""
    run: int = 0
    """Movements in a row: upwards if positive, downwards if negative"""
    downwards: bool | None = None
    """None until it is known"""

    def after(self, counts: int) -> CountDirection:
        """Return what is known after another reading of the register."""
        before = counts if self.last is None else self.last
        movement = (counts - before + _HALF) % _COUNTS - _HALF
        moved = replace(self, last=counts)
        if movement == 0 or abs(movement) > _LARGEST_MOVEMENT:
            return moved
        step = 1 if movement > 0 else -1
        run = self.run + step if self.run * step > 0 else step
        run = max(-_ENOUGH, min(_ENOUGH, run))
        if abs(run) == _ENOUGH:
            return replace(moved, run=run, downwards=run < 0)
        return replace(moved, run=run)

    def counted(self, counts: int, *, like: bool | None) -> int | None:
        """Return how many counts a register stands for; None while nobody can tell.

        ``like`` is whether another register of the meter counts downwards, if that is known.
        """
        downwards = like if self.downwards is None else self.downwards
        if counts < _HALF:
            return counts
        if downwards is None:
            return None
        return _COUNTS - counts if downwards else counts


type CountDirections = Mapping[str, CountDirection]
"""What is known of a meter's registers of energy exported, in total and by phase."""


def counting_up(senses: CountDirections, reading: Reading) -> tuple[CountDirections, Reading]:
    """Return what is known after a reading, and the reading with exports that count upwards.

    Counters that are floats say themselves whether they are negative.
    """
    values, step = reading.energy_exported, reading.energy_resolution
    if step is None:
        sizes = {part: value and abs(value) for part, value in asdict(values).items()}
        return senses, replace(reading, energy_exported=PerPhase(**sizes))
    counts = {
        part: round(value / step) for part in PARTS if (value := getattr(values, part)) is not None
    }
    seen = {part: senses.get(part, CountDirection()).after(count) for part, count in counts.items()}
    after = {**senses, **seen}
    decided = {sense.downwards for sense in after.values()} - {None}
    like = decided.pop() if len(decided) == 1 else None
    parts: dict[str, float | None] = {}
    for part, count in counts.items():
        known = after[part].counted(count, like=like)
        # A value that stands for itself is not to be rounded.
        parts[part] = getattr(values, part) if known == count else known and known * step
    return after, replace(reading, energy_exported=_summed(values, PerPhase(**parts)))


def _summed(values: PerPhase, counted: PerPhase) -> PerPhase:
    """Return the counters with a total that still is the sum of its phases, if it was."""
    phases = [part for part in PHASES if getattr(values, part) is not None]
    if not phases or values.total != math.fsum(getattr(values, part) for part in phases):
        return counted
    parts = [getattr(counted, part) for part in phases]
    return replace(counted, total=None if None in parts else math.fsum(parts))


def count_directions_as_dict(senses: CountDirections) -> dict[str, bool]:
    """Return what has been found out, as JSON can hold it: whether a register counts downwards."""
    return {k: sense.downwards for k, sense in senses.items() if sense.downwards is not None}


def count_directions_from_dict(stored: Mapping[str, bool]) -> CountDirections:
    """Return what ``senses_as_dict`` described."""
    return {key: CountDirection(downwards=downwards) for key, downwards in stored.items()}
