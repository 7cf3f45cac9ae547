"""Phases whose current transformers (CTs) are swapped: each measures the current of another phase.

A load that is switched on one phase then changes power and reactive power as no load does: the
current is about 120 degrees from the voltage. docs/internals/swapped-ct.md explains why.

This is a pure state machine with immutable states. They convert themselves to JSON; ``stores/``
reads and writes the files.
"""

import cmath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import math
from typing import Any, Final, Self

from ..phases import PHASES
from ..sunspec import Reading

_SWITCHED_WITHIN: Final = 150.0
"""s between two readings whose difference may be one load that was switched."""

_STEP: Final = 300.0
"""VA that a phase changes by, at least: more than standby loads and noise."""
_STEP_ELSEWHERE: Final = 0.2
"""Share of a step by which the other phases may change. A load between phases changes two."""

_THIRD: Final = 120.0
"""Degrees between two phases."""
_STEP_TOLERANCE: Final = 15.0
_LEVEL_TOLERANCE: Final = 25.0
"""Degrees; the loads of a house lag or lead their voltage a little."""
_PLAIN: Final = 45.0
"""Degrees; a load within this shows that a CT measures its own phase."""

_UNBALANCE: Final = 0.15
"""Share of the average by which the voltages to neutral may differ. The high leg of a delta service
has 73 % more than the others, and is not 120 degrees from them."""

_VERDICT: Final = 12
"""Steps in a row that look swapped. A plain one takes five of them back."""
_PLAIN_STEPS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CtFaults:
    """Phases ("a", "b", "c") whose CTs look wrong."""

    reversed: frozenset[str] = frozenset()
    swapped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SwappedCts:
    """What the steps of a meter's phases in the dark have shown."""

    steps: Mapping[str, int] = field(default_factory=dict)
    """by phase: steps 120 degrees behind the voltage if positive, ahead of it if negative"""
    phases: frozenset[str] = frozenset()
    """phases ("a", "b", "c") whose CTs are swapped"""
    latest: Reading | None = None
    """the reading before; like the next field, it is not stored"""
    now: float = 0.0
    """s"""

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON holds it; it changes with a step that shows something."""
        return {"steps": dict(self.steps), "swapped_phases": sorted(self.phases)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the state that ``as_dict`` described."""
        return cls(steps=dict(stored["steps"]), phases=frozenset(stored["swapped_phases"]))

    def after(self, reading: Reading, now: float, *, dark: bool) -> Self:
        """Return the state after a reading at ``now`` in s, in which import is positive.

        ``dark`` says that no solar plant can export. Otherwise nothing is learnt: power factors
        near 0 are normal where solar power nearly equals the load.
        """
        before, gap = self.latest, now - self.now
        state = replace(self, latest=reading if dark else None, now=now)
        if before is None or not dark or not 0 <= gap <= _SWITCHED_WITHIN:
            return state
        step = _single_step(_complex_powers(before), _complex_powers(reading))
        if step is None:
            return state
        phase, low, high = step
        way = _way(low, high)
        if way is None:
            return state
        count = self.steps.get(phase, 0)
        count = way + count if way else _toward_zero(count, _PLAIN_STEPS)
        steps = {**self.steps, phase: max(-_VERDICT, min(_VERDICT, count))}
        return replace(state, steps=steps, phases=_swapped(self.phases, steps))


def _complex_powers(reading: Reading) -> dict[str, complex]:
    """Return power and reactive power by phase; nothing unless the phases are 120 degrees apart.

    That cannot be measured. But three voltages to neutral that are alike belong to a wye service.
    """
    powers: dict[str, complex] = {}
    voltages = []
    for phase in PHASES:
        watts, reactive = (
            getattr(quantity, phase) for quantity in (reading.power, reading.reactive_power)
        )
        volts = getattr(reading.voltage_line_to_neutral, phase)
        if watts is None or reactive is None or not volts:
            return {}
        powers[phase] = complex(watts, reactive)
        voltages.append(volts)
    average = math.fsum(voltages) / len(voltages)
    alike = all(abs(volts - average) <= _UNBALANCE * average for volts in voltages)
    return powers if alike else {}


def _single_step(
    before: Mapping[str, complex], after: Mapping[str, complex]
) -> tuple[str, complex, complex] | None:
    """Return the only phase that has changed, with its smaller and its larger power."""
    changes = {phase: abs(after[phase] - before[phase]) for phase in before.keys() & after.keys()}
    if not changes:
        return None
    phase = max(sorted(changes), key=changes.__getitem__)
    size = changes.pop(phase)
    if size < _STEP or max(changes.values()) > _STEP_ELSEWHERE * size:
        return None
    low, high = sorted((before[phase], after[phase]), key=abs)
    return phase, low, high


def _way(low: complex, high: complex) -> int | None:
    """Return 1 or -1 for a current 120 degrees behind or ahead, 0 for a plain one, or None.

    A load that is switched on makes the power of its phase larger. Where something
    feeds in it makes it smaller, and the step is seen the other way round. So the larger power has
    to be 120 degrees from the voltage as well: what feeds in at night is nearly opposite to it.
    """
    step, level = _degrees(high - low), _degrees(high)
    if abs(step) <= _PLAIN:
        return 0
    off_step, off_level = abs(abs(step) - _THIRD), abs(abs(level) - _THIRD)
    if off_step <= _STEP_TOLERANCE and off_level <= _LEVEL_TOLERANCE and step * level > 0:
        return 1 if step > 0 else -1
    return None


def _degrees(power: complex) -> float:
    return math.degrees(cmath.phase(power))


def _toward_zero(count: int, by: int) -> int:
    return int(math.copysign(max(0, abs(count) - by), count))


def _swapped(known: frozenset[str], steps: Mapping[str, int]) -> frozenset[str]:
    """Return the phases whose CTs are swapped.

    If two CTs are swapped, one current is behind and one is ahead. If all three are, all are
    behind, or all are ahead. A verdict ends when the steps of one of its phases are taken back.
    """
    behind = {phase for phase in PHASES if steps.get(phase, 0) >= _VERDICT}
    ahead = {phase for phase in PHASES if steps.get(phase, 0) <= -_VERDICT}
    if (len(behind), len(ahead)) in {(1, 1), (3, 0), (0, 3)}:
        return frozenset(behind | ahead)
    return known if all(steps.get(phase) for phase in known) else frozenset()
