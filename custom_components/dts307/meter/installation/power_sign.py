"""Which way is import? The counters say it, whatever sign the meter gives its power.

SunSpec leaves the sign of W to the maker, but names the counters by direction. So power and
counters are compared, and only where nothing is ambiguous: in spans of readings during which the
total power never changed its sign (``span``). A span votes if the counters' net (import minus
export) equals the energy under the power curve within half of it, with the same or the opposite
sign.

Why that cannot be fooled lightly:

- A span opens only after the sign has held for two minutes. So a counter that follows its power
  with a delay shorter than that never answers for the sign before.
- A counter that falls, a poll that comes late and a power that is missing or zero each break the
  span, and the next one has to wait for its two minutes again.
- A span has one vote whatever its size, and a reading belongs to two spans at most, closing one and
  opening the next. So one wrong reading has two votes at most, and a verdict needs a lead of three.
- The lead is kept, up to a bound. A verdict falls only once as many contrary votes have come as
  there were for it, and three more; bounded, so that a meter that is set up anew is followed.

A power without a sign, as some meters send it, would have the verdict see-saw with the sun. It
gives itself away by a verdict's worth of votes for either direction between which no power of the
other sign has voted. Its sign then comes from the counter that moved last, which is late by a count
at most; of phases without counters of their own it stays unknown. That beats leaving it as it is:
a house that feeds in would be shown to draw as much.

This is a pure state machine: states are immutable, time is passed in, and nothing here knows how
states are kept. What a span tells of the single phases is another matter (``opposition``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
import math
from typing import Any, Final

from ..phases import PARTS
from ..sunspec import PerPhase, Reading
from .power_span import PowerSpan, net, totals
from .reversed_ct import judged

_SPAN_SECONDS: Final = 120.0
"""For this long the sign has to hold before a span opens, and a span lasts no shorter."""

_SPAN_ENERGY: Final = 10.0
"""Wh of a span at least: ten counts of a meter that counts in Wh."""

_TOLERANCE: Final = 0.5
"""Share of a span's energy by which counters may miss it, as power is known at the polls only.
With less than one, no net can agree with both signs."""

_VERDICT: Final = 3
_LARGEST_LEAD: Final = 30


class PowerSign(StrEnum):
    """What a positive power of the meter means."""

    IMPORT_POSITIVE = "import_positive"
    EXPORT_POSITIVE = "export_positive"
    UNSIGNED = "unsigned"
    UNKNOWN = "unknown"


_SIGNS: Final = {PowerSign.IMPORT_POSITIVE: 1, PowerSign.EXPORT_POSITIVE: -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSignState:
    """What is known of a meter's direction."""

    direction: PowerSign = PowerSign.UNKNOWN
    """The verdict on the sign of the meter's power."""
    suspect_phases: frozenset[str] = frozenset()
    """Phases ("a", "b", "c") whose current transformer is reversed or belongs to another."""
    lead: int = 0
    """Votes for import being positive minus votes against it, within bounds."""
    opposition: Mapping[str, float] = field(default_factory=dict)
    """s in the dark for which a phase was opposite, less what spoke for it, within bounds.

    Half of it is forgotten at dawn, so that only what fills several hours of every night makes a
    phase suspect, not the rare minutes of many nights.
    """
    power_sign: int = 0
    """The sign of the power that voted last."""
    imports: int = 0
    exports: int = 0
    """Votes of import and of export since then that sign has changed, up to a verdict's worth."""
    flowing: Mapping[str, int] = field(default_factory=dict)
    """Of a power without a sign, 1 for each part whose import counter moved last, -1 for export."""
    dark: bool = False
    """Whether it was dark at the latest reading; like the span, it does not outlive a restart."""
    span: PowerSpan | None = None
    """What is being watched."""

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON can hold it; it changes with a vote, and at dawn."""
        return {
            "direction": self.direction.value,
            "suspect_phases": sorted(self.suspect_phases),
            "lead": self.lead,
            "opposition": dict(self.opposition),
            "power_sign": self.power_sign,
            "imports": self.imports,
            "exports": self.exports,
            "flowing": dict(self.flowing),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> PowerSignState:
        """Return the state that ``as_dict`` described."""
        return cls(
            direction=PowerSign(stored["direction"]),
            suspect_phases=frozenset(stored["suspect_phases"]),
            lead=stored["lead"],
            opposition=dict(stored["opposition"]),
            power_sign=stored.get("power_sign", 0),
            imports=stored.get("imports", 0),
            exports=stored.get("exports", 0),
            flowing=stored.get("flowing", {}),
        )


def observe(
    state: PowerSignState, reading: Reading, now: float, *, dark: bool = False
) -> PowerSignState:
    """Return the state after a reading as the meter sent it: neither oriented nor guarded.

    ``now`` is the time of the reading in seconds. ``dark`` says that no solar plant can feed in;
    phases are judged only then.
    """
    if state.dark and not dark:
        halved = {phase: seconds / 2 for phase, seconds in state.opposition.items()}
        state = replace(state, opposition=halved)
    state, span = replace(state, dark=dark), state.span
    if span is not None and state.direction is PowerSign.UNSIGNED:
        state = replace(state, flowing=_flowing(state.flowing, span.latest, reading))
    if span is None or not span.is_followed_by(reading, now):
        return replace(state, span=PowerSpan(since=now, now=now, latest=reading, dark=dark))
    moved = totals(reading) != totals(span.latest)
    span = span.extended(reading, now, dark=dark)
    ripe = span.seconds >= _SPAN_SECONDS
    if span.opening is not None:
        ripe = ripe and abs(span.flows["total"].net) >= _SPAN_ENERGY
    if not (moved and ripe):
        return replace(state, span=span)
    if span.opening is not None:
        state = _judged(state, span)
    opened = PowerSpan(since=now, now=now, latest=reading, dark=dark, opening=reading)
    return replace(state, span=opened)


def oriented(
    reading: Reading, direction: PowerSign, flowing: Mapping[str, int] | None = None
) -> Reading:
    """Return a reading with import positive, given what the meter's sign means.

    Power and reactive power turn together: a meter that looks at the current from the other side
    sees all of its apparent power turned by 180 degrees. The power factor is power over apparent
    power, so it gets the sign of the power, also if the meter had sent it without. Voltages,
    currents and apparent power have no direction, and the counters are named by theirs.

    A power without a sign gets it from what is ``flowing`` (see DirectionState); the reactive power
    that comes with it is left alone.
    """
    power, reactive_power = reading.power, reading.reactive_power
    if direction is PowerSign.EXPORT_POSITIVE:
        power, reactive_power = _turned(power), _turned(reactive_power)
    elif direction is PowerSign.UNSIGNED:
        power = _signed(power, flowing or {})
    else:
        return reading
    factors = {part: getattr(reading.power_factor, part) for part in PARTS}
    if direction is PowerSign.UNSIGNED:
        factors = {part: f for part, f in factors.items() if getattr(power, part) is not None}
    return replace(
        reading,
        power=power,
        reactive_power=reactive_power,
        power_factor=PerPhase(
            **{part: _signed_like(getattr(power, part), f) for part, f in factors.items()}
        ),
    )


def _flowing(flowing: Mapping[str, int], before: Reading, after: Reading) -> Mapping[str, int]:
    """Return which way each part flows, given what its counters have moved in the meantime."""
    moved = {part: net(after, part) - net(before, part) for part in PARTS}
    return {**flowing, **{part: 1 if wh > 0 else -1 for part, wh in moved.items() if wh}}


def _judged(state: PowerSignState, span: PowerSpan) -> PowerSignState:
    """Return the state after the vote of a span that is complete."""
    vote = _vote(span)
    if vote:
        state = _counted(state, span, vote)
    lead = max(-_LARGEST_LEAD, min(_LARGEST_LEAD, state.lead + vote))
    direction = state.direction
    if min(state.imports, state.exports) >= _VERDICT:
        direction = PowerSign.UNSIGNED
    elif lead >= _VERDICT:
        direction = PowerSign.IMPORT_POSITIVE
    elif lead <= -_VERDICT:
        direction = PowerSign.EXPORT_POSITIVE
    elif direction is PowerSign.UNSIGNED:
        direction = PowerSign.UNKNOWN
    state = replace(state, direction=direction, lead=lead)
    # A span that contradicts the verdict says nothing about the phases either.
    if span.dark and vote and vote == _SIGNS.get(direction):
        opposition, suspects = judged(state.opposition, state.suspect_phases, span, vote)
        return replace(state, opposition=opposition, suspect_phases=suspects)
    return state


def _counted(state: PowerSignState, span: PowerSpan, vote: int) -> PowerSignState:
    """Return the state after a vote, as far as it tells whether power has a sign at all."""
    power_sign = 1 if span.flows["total"].net > 0 else -1
    if power_sign != state.power_sign:
        state = replace(state, power_sign=power_sign, imports=0, exports=0, flowing={})
    if vote == power_sign:
        state = replace(state, imports=min(_VERDICT, state.imports + 1))
    else:
        state = replace(state, exports=min(_VERDICT, state.exports + 1))
    if min(state.imports, state.exports) < _VERDICT:
        return state
    return replace(state, flowing=_flowing(state.flowing, span.opening or span.latest, span.latest))


def _vote(span: PowerSpan) -> int:
    """Return 1 if import is positive, -1 if export is, 0 if the counters tell another story."""
    counted, energy = span.counted("total"), span.flows["total"].net
    for sign in (1, -1):
        if abs(counted - sign * energy) <= _TOLERANCE * abs(energy):
            return sign
    return 0


def _signed(power: PerPhase, flowing: Mapping[str, int]) -> PerPhase:
    return PerPhase(
        **{
            part: flowing[part] * abs(value) or 0.0
            for part in PARTS
            if (value := getattr(power, part)) is not None and part in flowing
        }
    )


def _turned(quantity: PerPhase) -> PerPhase:
    return PerPhase(
        **{
            # Zero has no sign to turn.
            part: -value or 0.0
            for part in PARTS
            if (value := getattr(quantity, part)) is not None
        }
    )


def _signed_like(power: float | None, factor: float | None) -> float | None:
    """Return a power factor with the sign of the power; without a power it is turned, too."""
    if factor is None:
        return None
    return (-factor if power is None else math.copysign(factor, power)) or 0.0
