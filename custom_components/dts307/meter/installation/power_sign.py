"""Which sign of power is import, derived from the energy counters.

SunSpec leaves the sign of power (W) to the manufacturer, but names the counters by direction. In
spans of readings during which the total power kept its sign (``power_span``), the counters' net
votes for the one or the other sign. Three votes ahead are a verdict. Power that votes for both
signs has none, and gets that of the counter that moved last.

This is a pure state machine: states are immutable and time is passed in. They convert themselves to
JSON; ``stores/`` reads and writes the files. docs/internals/power-sign.md explains why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from ..phases import PARTS, TOTAL
from ..sunspec import Reading
from .power_span import PowerSpan, net_energy, total_counters
from .reversed_ct import suspects_after

_SPAN_SECONDS: Final = 120.0
"""s for which the sign has to hold before a span opens, and the shortest span."""

_SPAN_ENERGY: Final = 10.0
"""Wh of a span at least: ten counts of a meter that counts in Wh."""

_TOLERANCE: Final = 0.5
"""Share of a span's energy by which the counters may miss it, as power is known at the polls only.
Below 1, no net can agree with both signs."""

_VERDICT: Final = 3
"""votes"""
_LARGEST_LEAD: Final = 30
"""votes"""


class PowerSign(StrEnum):
    """What a positive power of the meter means."""

    IMPORT_POSITIVE = "import_positive"
    EXPORT_POSITIVE = "export_positive"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


_POLARITIES: Final = {PowerSign.IMPORT_POSITIVE: 1, PowerSign.EXPORT_POSITIVE: -1}
"""The polarity, 1 or -1, that import has in the meter's power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSignState:
    """What is known of the sign of a meter's power."""

    verdict: PowerSign = PowerSign.UNKNOWN
    suspect_phases: frozenset[str] = frozenset()
    """phases ("a", "b", "c") whose CT is reversed or belongs to another phase"""
    lead: int = 0
    """votes for import being positive minus votes against it, within bounds"""
    opposite_seconds: Mapping[str, float] = field(default_factory=dict)
    """s in the dark for which a phase was opposite, less what spoke for it, within bounds

    Half of it expires at dawn. So only a phase that is opposite for several hours of every night
    becomes suspect, and not for the rare minutes of many nights.
    """
    polarity: int = 0
    """1 or -1: the polarity of the power that voted last"""
    import_votes: int = 0
    export_votes: int = 0
    """votes of import and of export since that polarity changed, as many as a verdict needs"""
    last_counted: Mapping[str, int] = field(default_factory=dict)
    """of a power without a sign, by part: 1 if its import counter moved last, -1 if its export"""
    dark: bool = False
    """whether it was dark at the latest reading; like the span, it is not stored"""
    span: PowerSpan | None = None
    """the span that is in progress"""

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON holds it; it changes with a vote, and at dawn.

        The keys are the stored format and stay when fields are renamed.
        """
        return {
            "direction": self.verdict.value,
            "suspect_phases": sorted(self.suspect_phases),
            "lead": self.lead,
            "opposition": dict(self.opposite_seconds),
            "power_sign": self.polarity,
            "imports": self.import_votes,
            "exports": self.export_votes,
            "flowing": dict(self.last_counted),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> PowerSignState:
        """Return the state that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such a state.
        """
        return cls(
            verdict=PowerSign(stored["direction"]),
            suspect_phases=frozenset(stored["suspect_phases"]),
            lead=stored["lead"],
            opposite_seconds=dict(stored["opposition"]),
            polarity=stored.get("power_sign", 0),
            import_votes=stored.get("imports", 0),
            export_votes=stored.get("exports", 0),
            last_counted=stored.get("flowing", {}),
        )


def observe(
    state: PowerSignState, reading: Reading, now: float, *, dark: bool = False
) -> PowerSignState:
    """Return the state after a reading as the meter sent it: sign and counters unchanged.

    ``now`` is the time of the reading in s. ``dark`` says that no solar plant can export; phases
    are judged only then.
    """
    if state.dark and not dark:
        halved = {phase: seconds / 2 for phase, seconds in state.opposite_seconds.items()}
        state = replace(state, opposite_seconds=halved)
    if state.dark is not dark:
        state = replace(state, dark=dark)
    span = state.span
    if span is not None and state.verdict is PowerSign.UNSIGNED:
        last_counted = _last_counted(state.last_counted, span.latest, reading)
        state = replace(state, last_counted=last_counted)
    if span is None or not span.is_continued_by(reading, now):
        return replace(state, span=PowerSpan(since=now, now=now, latest=reading, dark=dark))
    moved = total_counters(reading) != total_counters(span.latest)
    span = span.extended(reading, now, dark=dark)
    complete = span.seconds >= _SPAN_SECONDS
    if span.opening is not None:
        complete = complete and abs(span.flows[TOTAL].net) >= _SPAN_ENERGY
    if not (moved and complete):
        return replace(state, span=span)
    if span.opening is not None:
        state = _after_span(state, span)
    opened = PowerSpan(since=now, now=now, latest=reading, dark=dark, opening=reading)
    return replace(state, span=opened)


def _last_counted(
    last_counted: Mapping[str, int], before: Reading, after: Reading
) -> Mapping[str, int]:
    """Return which counter of each part moved last, given two readings in a row."""
    moved = {part: net_energy(after, part) - net_energy(before, part) for part in PARTS}
    return {**last_counted, **{part: 1 if wh > 0 else -1 for part, wh in moved.items() if wh}}


def _after_span(state: PowerSignState, span: PowerSpan) -> PowerSignState:
    """Return the state after the vote of a complete span."""
    vote = _vote(span)
    if vote:
        state = _with_vote(state, span, vote)
    lead = max(-_LARGEST_LEAD, min(_LARGEST_LEAD, state.lead + vote))
    verdict = state.verdict
    if min(state.import_votes, state.export_votes) >= _VERDICT:
        verdict = PowerSign.UNSIGNED
    elif lead >= _VERDICT:
        verdict = PowerSign.IMPORT_POSITIVE
    elif lead <= -_VERDICT:
        verdict = PowerSign.EXPORT_POSITIVE
    elif verdict is PowerSign.UNSIGNED:
        verdict = PowerSign.UNKNOWN
    state = replace(state, verdict=verdict, lead=lead)
    # A span that contradicts the verdict says nothing about the phases either.
    if span.dark and vote and vote == _POLARITIES.get(verdict):
        opposite_seconds, suspects = suspects_after(
            state.opposite_seconds, state.suspect_phases, span, vote
        )
        return replace(state, opposite_seconds=opposite_seconds, suspect_phases=suspects)
    return state


def _with_vote(state: PowerSignState, span: PowerSpan, vote: int) -> PowerSignState:
    """Return the state after a vote, as far as it shows whether power has a sign at all."""
    polarity = 1 if span.flows[TOTAL].net > 0 else -1
    if polarity != state.polarity:
        state = replace(state, polarity=polarity, import_votes=0, export_votes=0, last_counted={})
    if vote == polarity:
        state = replace(state, import_votes=min(_VERDICT, state.import_votes + 1))
    else:
        state = replace(state, export_votes=min(_VERDICT, state.export_votes + 1))
    if min(state.import_votes, state.export_votes) < _VERDICT:
        return state
    opening = span.opening or span.latest
    return replace(state, last_counted=_last_counted(state.last_counted, opening, span.latest))


def _vote(span: PowerSpan) -> int:
    """Return 1 if import is positive, -1 if export is, 0 if the counters fit neither."""
    counted, energy = span.counted(TOTAL), span.flows[TOTAL].net
    for polarity in (1, -1):
        if abs(counted - polarity * energy) <= _TOLERANCE * abs(energy):
            return polarity
    return 0
