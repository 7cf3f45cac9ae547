"""Which phases are opposite: evidence of current transformers that are reversed or exchanged.

A phase whose power is opposite in the dark, when no sun can feed in, has a current transformer that
is reversed or belongs to another phase.
"""

from collections.abc import Mapping, Set as AbstractSet
import math
from typing import Final

from ..phases import PHASES
from .power_span import PowerSpan

_ONE_WAY: Final = 0.25
"""Share of what flows on all phases that the total has to keep, for the phases to be judged. A
battery on one phase that makes up for the others leaves hardly anything."""

_SUSPICION_SECONDS: Final = 6 * 3600.0
_ACQUITTAL: Final = 10.0
"""How many times as much a span of import says for a phase as one of export against it. So a phase
that is right for one eleventh of the time never becomes suspect."""


def judged(
    opposition: Mapping[str, float], suspects: AbstractSet[str], span: PowerSpan, sign: int
) -> tuple[Mapping[str, float], frozenset[str]]:
    """Return both after what a span in the dark says, given the sign of import.

    ``opposition`` is for how many seconds a phase was opposite, less what spoke for it.

    Nobody has to feed in at night, but a battery, a car or a generator may. So a phase is only
    opposite while it exports without a break and another one imports, and only while the total
    flows one way: not all phases feed in, and no battery makes up for what they draw.
    """
    flows = {phase: span.flows[phase] for phase in PHASES}
    exchanged = sum(abs(flow.net) for flow in flows.values() if not math.isnan(flow.net))
    if abs(span.flows["total"].net) < _ONE_WAY * exchanged:
        return opposition, frozenset(suspects)
    imported = {
        phase: sign * flow.net
        for phase, flow in flows.items()
        # A phase's own counters, if it has any and they have moved, must not deny it.
        if flow.is_clear(span.seconds) and sign * flow.net * span.counted(phase) >= 0
    }
    if max(imported.values(), default=0) <= 0:
        return opposition, frozenset(suspects)
    opposition, suspects = dict(opposition), set(suspects)
    for phase, energy in imported.items():
        if energy < 0 and abs(energy) != flows[phase].gross:
            continue
        seconds = -_ACQUITTAL * span.seconds if energy > 0 else span.seconds
        seconds += opposition.get(phase, 0.0)
        opposition[phase] = max(0.0, min(_SUSPICION_SECONDS, seconds))
        if opposition[phase] == _SUSPICION_SECONDS:
            suspects.add(phase)
        elif opposition[phase] == 0:
            suspects.discard(phase)
    return opposition, frozenset(suspects)
