"""States made for automations: export, overload, a phase lost, a voltage out of band.

Each is a value with a limit; what keeps it from flapping is in ``hold``.
"""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

from ..hysteresis import Debounced, Threshold, debounced
from ..installation import (
    LOST_BETWEEN_LINES,
    LOST_TO_NEUTRAL,
    ServiceDetection,
    ServiceVoltage,
    absent_phases,
    detected,
    lacking_between_lines,
    lacking_to_neutral,
    voltages,
)
from ..sunspec import Reading
from .status_light import StatusLight, shares_of, status_light

_EXPORT_BACK: Final = 0.8
_OVERLOAD_BACK: Final = 0.95
"""Where export and overload are over, relative to the threshold where they begin."""

_RANGE_A: Final = 0.05
_RANGE_A_BACK: Final = 0.045
"""How far from its nominal voltage a service ought to be at most: 114 V to 126 V for one of 120 V
(ANSI C84.1, range A)."""
_DECIMALS: Final = 6
"""126 V are just within the range, whatever the division leaves behind."""


class _Kind(StrEnum):
    EXPORTING = "exporting"
    OVERLOAD = "overload"
    LOST_TO_NEUTRAL = "lost_to_neutral"
    LOST_BETWEEN_LINES = "lost_between_lines"
    VOLTAGE_LOW = "voltage_low"
    VOLTAGE_HIGH = "voltage_high"


_THRESHOLDS: Final[Mapping[str, AbstractSet[str]]] = {
    _Kind.EXPORTING: frozenset({"export_threshold"}),
    _Kind.OVERLOAD: frozenset({"overload_threshold", "service_current"}),
}
"""The options by which an alarm is on; with another hold time, it is on all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmOptions:
    """What the owner has chosen, and told."""

    export_threshold: float
    """W"""
    export_hold: float
    """s"""
    overload_threshold: float
    """relative to the service current, 1 for 100 %"""
    overload_hold: float
    """s"""
    service_current: float | None
    """A per phase (guide 3.4); None until the owner tells it"""
    phase_lost_hold: float
    """s"""
    voltage_hold: float
    """s"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether something is the case (None: not known), and of which phases or pairs.

    Those are "a", "b" and "c", and "total" for all together.
    """

    on: bool | None = None
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStates:
    """What follows from the readings up to now."""

    light: StatusLight
    service_current: float | None
    """of a phase, in A; what the light and overload are measured against"""
    exporting: Alarm
    """more power goes out than the threshold"""
    overload: Alarm
    """more current than the threshold: of a phase, or in total over all of them"""
    phase_lost: Alarm
    """one phase has no voltage while another has"""
    voltage_low: Alarm
    voltage_high: Alarm
    """a voltage outside of ANSI C84.1 range A"""
    service: ServiceVoltage | None
    """what the voltages ought to be; None until it is known"""

    @property
    def voltage_out_of_band(self) -> bool | None:
        """Whether a voltage is too low or too high."""
        return _any_of(self.voltage_low, self.voltage_high).on


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMemory:
    """What has to be known from one reading to the next."""

    debounced: Mapping[tuple[str, str], Debounced] = field(default_factory=dict)
    """by kind of alarm, and phase or pair"""
    detection: ServiceDetection = field(default_factory=ServiceDetection)
    seen: float = 0.0
    """when the last reading was, in seconds"""

    def as_dict(self) -> dict[str, Any]:
        """Return as JSON what is to outlive a restart: what is on, the service, and the time."""
        return {
            "on": sorted(list(key) for key, state in self.debounced.items() if state.on),
            "detection": self.detection.as_dict(),
            "seen": self.seen,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], changed: AbstractSet[str] = frozenset()) -> Self:
        """Go on from what ``as_dict`` returned; whatever was about to turn begins anew.

        What was on by a threshold that has ``changed`` since, by the name of its option, tells
        nothing about the one that there is now.
        """
        seen: float = stored.get("seen", 0.0)
        return cls(
            debounced={
                (kind, part): Debounced(on=True, seen=seen)
                for kind, part in stored["on"]
                if changed.isdisjoint(_THRESHOLDS.get(kind, frozenset()))
            },
            detection=ServiceDetection.from_dict(stored["detection"]),
            seen=seen,
        )


def states_after(
    memory: AlarmMemory, reading: Reading, options: AlarmOptions, now: float, patience: float
) -> tuple[AlarmMemory, AlarmStates]:
    """Return what follows from one more reading, and what to remember of it.

    ``now`` is in seconds. More than ``patience`` seconds without a reading are an outage: what
    was about to turn begins anew.
    """
    detection = detected(memory.detection, reading, now, patience, now - memory.seen)
    absent = absent_phases(reading, detection.phases)
    limits = _limits(options)
    remembered: dict[tuple[str, str], Debounced] = {}
    alarms: dict[_Kind, Alarm] = {}
    for kind, values in _values(reading, options, detection.service, absent).items():
        parts = {
            part: debounced(state, values.get(part), limits[kind], now, patience)
            for part, state in _held_of(memory, kind, values, now).items()
        }
        alarms[kind] = _alarm(parts, values)
        remembered |= {(kind.value, part): state for part, state in parts.items()}
    states = AlarmStates(
        light=status_light(reading, options.service_current, absent),
        service_current=options.service_current,
        exporting=alarms[_Kind.EXPORTING],
        overload=alarms[_Kind.OVERLOAD],
        phase_lost=_any_of(alarms[_Kind.LOST_TO_NEUTRAL], alarms[_Kind.LOST_BETWEEN_LINES]),
        voltage_low=alarms[_Kind.VOLTAGE_LOW],
        voltage_high=alarms[_Kind.VOLTAGE_HIGH],
        service=detection.service,
    )
    return AlarmMemory(debounced=remembered, detection=detection, seen=now), states


def _limits(options: AlarmOptions) -> dict[_Kind, Threshold]:
    """Return the limit of each kind of alarm."""
    band = Threshold(above=_RANGE_A, back=_RANGE_A_BACK, hold=options.voltage_hold)
    return {
        _Kind.EXPORTING: Threshold(
            above=options.export_threshold,
            back=options.export_threshold * _EXPORT_BACK,
            hold=options.export_hold,
        ),
        _Kind.OVERLOAD: Threshold(
            above=options.overload_threshold,
            back=options.overload_threshold * _OVERLOAD_BACK,
            hold=options.overload_hold,
        ),
        _Kind.LOST_TO_NEUTRAL: replace(LOST_TO_NEUTRAL, hold=options.phase_lost_hold),
        _Kind.LOST_BETWEEN_LINES: replace(LOST_BETWEEN_LINES, hold=options.phase_lost_hold),
        _Kind.VOLTAGE_LOW: band,
        _Kind.VOLTAGE_HIGH: band,
    }


def _values(
    reading: Reading,
    options: AlarmOptions,
    service: ServiceVoltage | None,
    absent: AbstractSet[str],
) -> dict[_Kind, dict[str, float]]:
    """Return the values to hold against the limits; one that is not known is left out."""
    power = reading.power.total
    nominal, measured = 1.0, dict[str, float]()
    if service is not None:
        nominal, measured = service.nominal, voltages(reading, service.quantity, absent)
    return {
        _Kind.EXPORTING: {} if power is None else {"total": -power},
        _Kind.OVERLOAD: shares_of(reading, options.service_current, absent),
        _Kind.LOST_TO_NEUTRAL: _without(lacking_to_neutral(reading), absent),
        _Kind.LOST_BETWEEN_LINES: _without(lacking_between_lines(reading), absent),
        _Kind.VOLTAGE_LOW: {x: round(1 - v / nominal, _DECIMALS) for x, v in measured.items()},
        _Kind.VOLTAGE_HIGH: {x: round(v / nominal - 1, _DECIMALS) for x, v in measured.items()},
    }


def _without(values: Mapping[str, float], absent: AbstractSet[str]) -> dict[str, float]:
    return {phase: value for phase, value in values.items() if phase not in absent}


def _held_of(
    memory: AlarmMemory, kind: _Kind, values: Iterable[str], now: float
) -> dict[str, Debounced]:
    """Return the states of a kind: of what is known now, and those that were on not long ago."""
    on = {
        part: state
        for (of, part), state in memory.debounced.items()
        if of == kind and state.on and not state.is_forgotten(now)
    }
    return {part: memory.debounced.get((kind.value, part), Debounced()) for part in values} | on


def _alarm(states: Mapping[str, Debounced], values: Mapping[str, float]) -> Alarm:
    """Put the states of one kind together; one that is on but no longer seen leaves it open."""
    where = tuple(sorted(part for part in values if states[part].on))
    if where:
        return Alarm(on=True, where=where)
    unseen = states.keys() - values.keys()
    return Alarm(on=None if unseen or not values else False)


def _any_of(*alarms: Alarm) -> Alarm:
    """Put alarms together that mean the same; one of which nothing is known does not count."""
    known = [alarm for alarm in alarms if alarm.on is not None]
    if not known:
        return Alarm()
    where = sorted({part for alarm in known for part in alarm.where})
    return Alarm(on=any(alarm.on for alarm in known), where=tuple(where))
