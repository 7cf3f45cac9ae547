"""Which way is import? The counters say it, whatever sign the meter gives its power.

SunSpec leaves the sign of W to the maker, but names the counters by direction. So power and
counters are compared, and only where nothing is ambiguous: in spans of readings during which the
total power never changed its sign. A span is opened and closed by a movement of a counter. From one
movement to another, a counter tells the energy between them as exactly as the polls do, however
coarse its counts are. A span votes if the counters' net (import minus export) equals the energy
under the power curve within half of it, with the same or the opposite sign.

Why that cannot be fooled lightly:

- A span opens only after the sign has held for two minutes. So a counter that follows its power
  with a delay shorter than that never answers for the sign before.
- A counter that falls, a poll that comes late and a power that is missing or zero each break the
  span, and the next one has to wait for its two minutes again.
- A span has one vote whatever its size, and a reading belongs to two spans at most, closing one and
  opening the next. So one wrong reading has two votes at most, and a verdict needs a lead of three.
- The lead is kept, up to a bound. A verdict falls only once as many contrary votes have come as
  there were for it, and three more; bounded, so that a meter that is set up anew is followed.

A phase whose power is opposite in the dark, when no sun can feed in, has a current transformer that
is reversed or belongs to another phase. This is a pure state machine: states are immutable, time is
passed in, and nothing here knows how states are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
import math
from typing import Any, Final

from .reading import PerPhase, Reading

_SPAN_SECONDS: Final = 120.0
"""For this long the sign has to hold before a span opens, and a span lasts no shorter."""

_SPAN_ENERGY: Final = 10.0
"""Wh of a span at least: ten counts of a meter that counts in Wh."""

_LONGEST_GAP: Final = 150.0
"""s between two readings between which power can be interpolated: two polls a minute apart, and
some; what a power did during an outage is unknown."""

_TOLERANCE: Final = 0.5
"""Share of a span's energy by which counters may miss it, as power is known at the polls only.
With less than one, no net can agree with both signs."""

_VERDICT: Final = 3
_LARGEST_LEAD: Final = 30

_ONE_WAY: Final = 0.25
"""Share of what flows on all phases that the total has to keep, for the phases to be judged. A
battery on one phase that makes up for the others leaves hardly anything."""

_CLEAR_POWER: Final = 20.0
"""W on a phase, on average, whose sign is beyond the noise of a large current transformer."""

_CLEAR_POWER_FACTOR: Final = 0.3
"""W per VA on a phase whose sign is beyond doubt. An idle inverter draws hardly more than reactive
power, and a load between two phases turns the current of either by 30 degrees. A transformer on the
wrong phase turns it by 120, and what the load turns makes that more on one of two exchanged ones.
"""

_SUSPICION_SECONDS: Final = 6 * 3600.0
_ACQUITTAL: Final = 10.0
"""How many times as much a span of import says for a phase as one of export against it. So a phase
that is right for one eleventh of the time never becomes suspect."""

_PHASES: Final = ("a", "b", "c")


class Direction(StrEnum):
    """What a positive power of the meter means."""

    IMPORT_POSITIVE = "import_positive"
    EXPORT_POSITIVE = "export_positive"
    UNKNOWN = "unknown"


_SIGNS: Final = {Direction.IMPORT_POSITIVE: 1, Direction.EXPORT_POSITIVE: -1, Direction.UNKNOWN: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flow:
    """What flowed on one phase or in total; NaN, with which no comparison holds, if not known."""

    net: float = 0.0
    """Wh, as the meter signs it"""
    gross: float = 0.0
    """Wh without regard to the sign: equal to the net's size if it never changed"""
    apparent: float = 0.0
    """VAh"""

    def extended(self, part: str, start: Reading, end: Reading, seconds: float) -> _Flow:
        """Add what flowed between two readings, as if all had changed steadily."""
        half = seconds / 3600 / 2
        watts = [_known(reading.power, part) for reading in (start, end)]
        volt_amperes = [
            abs(_known(reading.voltage_line_to_neutral, part) * _known(reading.current, part))
            for reading in (start, end)
        ]
        return _Flow(
            net=self.net + half * sum(watts),
            gross=self.gross + half * sum(map(abs, watts)),
            apparent=self.apparent + half * sum(volt_amperes),
        )

    def is_clear(self, seconds: float) -> bool:
        """Tell whether the sign of the net is beyond doubt.

        It never is without a voltage to neutral: what a delta service's two wattmeters put on a
        phase may honestly be negative.
        """
        size = abs(self.net)
        floor = _CLEAR_POWER * seconds / 3600
        return size >= floor and size >= _CLEAR_POWER_FACTOR * self.apparent


_NO_FLOWS: Final = dict.fromkeys(("total", *_PHASES), _Flow())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Readings during which the total power kept its sign."""

    since: float
    """s"""
    now: float
    """s"""
    latest: Reading
    dark: bool
    """Whether it was dark all the time."""
    opening: Reading | None = None
    """The reading whose counters it began with; None while the sign has yet to hold."""
    flows: Mapping[str, _Flow] = field(default_factory=lambda: _NO_FLOWS)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self.now - self.since

    def counted(self, part: str) -> float:
        """Return what the counters have moved since it was opened: Wh, import positive."""
        return _net(self.latest, part) - _net(self.opening or self.latest, part)

    def is_followed_by(self, reading: Reading, now: float) -> bool:
        """Tell whether nothing of what happened before this reading is in doubt."""
        return (
            0 <= now - self.now <= _LONGEST_GAP
            and (reading.power.total or 0) * (self.latest.power.total or 0) > 0
            and all(
                after >= before
                for before, after in zip(_counters(self.latest), _counters(reading), strict=True)
            )
        )

    def extended(self, reading: Reading, now: float, *, dark: bool) -> _Span:
        """Return the span with another reading."""
        seconds = now - self.now
        flows = {
            part: flow.extended(part, self.latest, reading, seconds)
            for part, flow in self.flows.items()
        }
        return replace(self, now=now, latest=reading, dark=self.dark and dark, flows=flows)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionState:
    """What is known of a meter's direction."""

    direction: Direction = Direction.UNKNOWN
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
    dark: bool = False
    """Whether it was dark at the latest reading; like the span, it does not outlive a restart."""
    span: _Span | None = None
    """What is being watched."""

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON can hold it; it changes with a vote, and at dawn."""
        return {
            "direction": self.direction.value,
            "suspect_phases": sorted(self.suspect_phases),
            "lead": self.lead,
            "opposition": dict(self.opposition),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> DirectionState:
        """Return the state that ``as_dict`` described."""
        return cls(
            direction=Direction(stored["direction"]),
            suspect_phases=frozenset(stored["suspect_phases"]),
            lead=stored["lead"],
            opposition=dict(stored["opposition"]),
        )


def observe(
    state: DirectionState, reading: Reading, now: float, *, dark: bool = False
) -> DirectionState:
    """Return the state after a reading as the meter sent it: neither oriented nor guarded.

    ``now`` is the time of the reading in seconds. ``dark`` says that no solar plant can feed in;
    phases are judged only then.
    """
    if state.dark and not dark:
        halved = {phase: seconds / 2 for phase, seconds in state.opposition.items()}
        state = replace(state, opposition=halved)
    state, span = replace(state, dark=dark), state.span
    if span is None or not span.is_followed_by(reading, now):
        return replace(state, span=_Span(since=now, now=now, latest=reading, dark=dark))
    moved = _counters(reading) != _counters(span.latest)
    span = span.extended(reading, now, dark=dark)
    ripe = span.seconds >= _SPAN_SECONDS
    if span.opening is not None:
        ripe = ripe and abs(span.flows["total"].net) >= _SPAN_ENERGY
    if not (moved and ripe):
        return replace(state, span=span)
    if span.opening is not None:
        state = _judged(state, span)
    opened = _Span(since=now, now=now, latest=reading, dark=dark, opening=reading)
    return replace(state, span=opened)


def oriented(reading: Reading, direction: Direction) -> Reading:
    """Return a reading with import positive, given what the meter's sign means.

    Power and reactive power turn together: a meter that looks at the current from the other side
    sees all of its apparent power turned by 180 degrees. The power factor is power over apparent
    power, so it gets the sign of the power, also if the meter had sent it without. Voltages,
    currents and apparent power have no direction, and the counters are named by theirs.
    """
    if direction is not Direction.EXPORT_POSITIVE:
        return reading
    power = _turned(reading.power)
    return replace(
        reading,
        power=power,
        reactive_power=_turned(reading.reactive_power),
        power_factor=PerPhase(
            **{
                part: _signed_like(getattr(power, part), getattr(reading.power_factor, part))
                for part in ("total", *_PHASES)
            }
        ),
    )


def _judged(state: DirectionState, span: _Span) -> DirectionState:
    """Return the state after the vote of a span that is complete."""
    vote = _vote(span)
    lead = max(-_LARGEST_LEAD, min(_LARGEST_LEAD, state.lead + vote))
    direction = state.direction
    if lead >= _VERDICT:
        direction = Direction.IMPORT_POSITIVE
    elif lead <= -_VERDICT:
        direction = Direction.EXPORT_POSITIVE
    state = replace(state, direction=direction, lead=lead)
    # A span that contradicts the verdict says nothing about the phases either.
    if span.dark and vote and vote == _SIGNS[direction]:
        return _phases_judged(state, span, vote)
    return state


def _vote(span: _Span) -> int:
    """Return 1 if import is positive, -1 if export is, 0 if the counters tell another story."""
    counted, energy = span.counted("total"), span.flows["total"].net
    for sign in (1, -1):
        if abs(counted - sign * energy) <= _TOLERANCE * abs(energy):
            return sign
    return 0


def _phases_judged(state: DirectionState, span: _Span, sign: int) -> DirectionState:
    """Return the state after what a span in the dark says about the phases.

    Nobody has to feed in at night, but a battery, a car or a generator may. So a phase is only
    opposite while it exports without a break and another one imports, and only while the total
    flows one way: not all phases feed in, and no battery makes up for what they draw.
    """
    flows = {phase: span.flows[phase] for phase in _PHASES}
    exchanged = sum(abs(flow.net) for flow in flows.values() if not math.isnan(flow.net))
    if abs(span.flows["total"].net) < _ONE_WAY * exchanged:
        return state
    imported = {
        phase: sign * flow.net
        for phase, flow in flows.items()
        # A phase's own counters, if it has any and they have moved, must not deny it.
        if flow.is_clear(span.seconds) and sign * flow.net * span.counted(phase) >= 0
    }
    if max(imported.values(), default=0) <= 0:
        return state
    opposition, suspects = dict(state.opposition), set(state.suspect_phases)
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
    return replace(state, opposition=opposition, suspect_phases=frozenset(suspects))


def _known(quantity: PerPhase, part: str) -> float:
    value: float | None = getattr(quantity, part)
    return math.nan if value is None else value


def _counters(reading: Reading) -> tuple[float, float]:
    """Return the total counters; one that the meter does not have never moves."""
    return reading.energy_imported.total or 0.0, reading.energy_exported.total or 0.0


def _net(reading: Reading, part: str) -> float:
    imported, exported = (
        getattr(quantity, part) or 0.0
        for quantity in (reading.energy_imported, reading.energy_exported)
    )
    return float(imported - exported)


def _turned(quantity: PerPhase) -> PerPhase:
    return PerPhase(
        **{
            # Zero has no sign to turn.
            part: -value or 0.0
            for part in ("total", *_PHASES)
            if (value := getattr(quantity, part)) is not None
        }
    )


def _signed_like(power: float | None, factor: float | None) -> float | None:
    """Return a power factor with the sign of the power; without a power it is turned, too."""
    if factor is None:
        return None
    return (-factor if power is None else math.copysign(factor, power)) or 0.0
