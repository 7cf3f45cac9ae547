"""Phases whose current transformer (CT) is reversed, or is on another phase.

At night no solar plant exports. A phase whose power is negative at night while the total is
positive has such a CT. docs/internals/reversed-ct.md explains why.
"""

from collections.abc import Mapping, Set as AbstractSet
import math
from typing import Final

from ..phases import PHASES, TOTAL
from .power_span import PowerSpan

_ONE_WAY_SHARE: Final = 0.25
"""Share of what flows on all phases that the total has to keep, for the phases to be judged. A
battery on one phase that supplies the others leaves hardly anything."""

_SUSPECT_AFTER: Final = 6 * 3600.0
"""s for which a phase has to be opposite to become suspect."""

_ACQUITTAL_FACTOR: Final = 10.0
"""How much more a second of import says for a phase than a second of export says against it. So a
phase that imports for one eleventh of the time never becomes suspect."""


def suspects_after(
    opposite_seconds: Mapping[str, float],
    suspects: AbstractSet[str],
    span: PowerSpan,
    polarity: int,
) -> tuple[Mapping[str, float], frozenset[str]]:
    """Return the opposite seconds and the suspect phases after a span in the dark.

    ``opposite_seconds`` is for how many seconds each phase was opposite, less what spoke for it.
    ``polarity`` is 1 if the meter gives import a positive power, and -1 otherwise.

    Batteries, cars and generators may export at night too. So a phase is only opposite while it
    exports without a break and another one imports, and only while the total flows one way: then
    not all phases export, and no battery supplies the other phases.
    """
    flows = {phase: span.flows[phase] for phase in PHASES}
    exchanged = sum(abs(flow.net) for flow in flows.values() if not math.isnan(flow.net))
    if abs(span.flows[TOTAL].net) < _ONE_WAY_SHARE * exchanged:
        return opposite_seconds, frozenset(suspects)
    imported = {
        phase: polarity * flow.net
        for phase, flow in flows.items()
        # A phase's own counters must not contradict, if it has any and they have moved.
        if flow.is_clear(span.seconds) and polarity * flow.net * span.counted(phase) >= 0
    }
    if max(imported.values(), default=0) <= 0:
        return opposite_seconds, frozenset(suspects)
    opposite_seconds, suspects = dict(opposite_seconds), set(suspects)
    for phase, energy in imported.items():
        if energy < 0 and abs(energy) != flows[phase].gross:
            continue
        seconds = -_ACQUITTAL_FACTOR * span.seconds if energy > 0 else span.seconds
        seconds += opposite_seconds.get(phase, 0.0)
        opposite_seconds[phase] = max(0.0, min(_SUSPECT_AFTER, seconds))
        if opposite_seconds[phase] == _SUSPECT_AFTER:
            suspects.add(phase)
        elif opposite_seconds[phase] == 0:
            suspects.discard(phase)
    return opposite_seconds, frozenset(suspects)
