"""Alarms for automations: export, overload, a lost phase, a voltage out of band.

Each compares values with a threshold. ``meter/hysteresis.py`` debounces them.
"""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any, Final, Self

from ..hysteresis import Debounced, Threshold, debounced
from ..installation import (
    LOST_BETWEEN_LINES,
    LOST_TO_NEUTRAL,
    Deficits,
    ServiceDetection,
    ServiceVoltage,
    absent_phases,
    detect_service,
    voltages,
)
from ..phases import TOTAL
from ..sunspec import Reading
from .status_light import StatusLight, current_shares, status_light

_EXPORT_BACK: Final = 0.8
_OVERLOAD_BACK: Final = 0.95
"""Where export and overload end, relative to the threshold where they begin."""

_RANGE_A: Final = 0.05
_RANGE_A_BACK: Final = 0.045
"""How far from its nominal voltage a service should be at most: 114 V to 126 V for one of 120 V
(ANSI C84.1, range A)."""
_OFF: Final = Debounced()
_DECIMALS: Final = 6
"""126 V are just within the range, whatever the division rounds."""


class _Kind(StrEnum):
    EXPORTING = "exporting"
    OVERLOAD = "overload"
    LOST_TO_NEUTRAL = "lost_to_neutral"
    LOST_BETWEEN_LINES = "lost_between_lines"
    VOLTAGE_LOW = "voltage_low"
    VOLTAGE_HIGH = "voltage_high"


_THRESHOLD_OPTIONS: Final[Mapping[str, AbstractSet[str]]] = {
    _Kind.EXPORTING: frozenset({"export_threshold"}),
    _Kind.OVERLOAD: frozenset({"overload_threshold", "service_current"}),
}
"""The options that decide whether an alarm is on; its hold time does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmOptions:
    """What the owner has chosen and entered."""

    export_threshold: float
    """W"""
    export_hold: float
    """s"""
    overload_threshold: float
    """relative to the service current, 1 for 100 %"""
    overload_hold: float
    """s"""
    service_current: float | None
    """A per phase (guide 3.4); None until the owner enters the CT rating"""
    phase_lost_hold: float
    """s"""
    voltage_hold: float
    """s"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether an alarm is on (None: unknown), and for which phases or pairs of lines.

    These are "a", "b" and "c", and "total" for all together.
    """

    on: bool | None = None
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStates:
    """The alarms and the STATUS light after the readings up to now."""

    light: StatusLight
    service_current: float | None
    """A per phase; the light and overload are relative to it"""
    overload_shares: Mapping[str, float]
    """the current relative to where overload begins: "total", "a", "b" and "c" as known"""
    exporting: Alarm
    """more power is exported than the threshold"""
    overload: Alarm
    """more current than the threshold: on a phase, or in total over all of them"""
    phase_lost: Alarm
    """one phase has no voltage while another has"""
    voltage_low: Alarm
    voltage_high: Alarm
    """a voltage outside of ANSI C84.1 range A"""
    service: ServiceVoltage | None
    """the nominal voltage; None until it is known"""

    @property
    def voltage_out_of_band(self) -> bool | None:
        """Whether a voltage is too low or too high."""
        return _any_of(self.voltage_low, self.voltage_high).on


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmMemory:
    """What is kept from one reading to the next."""

    debounced: Mapping[tuple[str, str], Debounced] = field(default_factory=dict)
    """by kind of alarm, and phase or pair of lines"""
    detection: ServiceDetection = field(default_factory=ServiceDetection)
    seen: float = 0.0
    """when the last reading was, in s"""

    def as_dict(self) -> dict[str, Any]:
        """Return as JSON what survives a restart: the alarms that are on, the service, the time."""
        return {
            "on": sorted(list(key) for key, state in self.debounced.items() if state.on),
            "detection": self.detection.as_dict(),
            "seen": self.seen,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], changed: AbstractSet[str] = frozenset()) -> Self:
        """Return what ``as_dict`` described; hold times that were in progress start again.

        ``changed`` names the fields of AlarmOptions that have changed since. An alarm that was on
        by a threshold that has changed is dropped.

        Raises:
            KeyError, TypeError, ValueError: it is no such memory.
        """
        seen: float = stored.get("seen", 0.0)
        return cls(
            debounced={
                (kind, part): Debounced(on=True, seen=seen)
                for kind, part in stored["on"]
                if changed.isdisjoint(_THRESHOLD_OPTIONS.get(kind, frozenset()))
            },
            detection=ServiceDetection.from_dict(stored["detection"]),
            seen=seen,
        )


def states_after(
    memory: AlarmMemory, reading: Reading, options: AlarmOptions, now: float, outage_after: float
) -> tuple[AlarmMemory, AlarmStates]:
    """Return what to remember after one more reading, and the alarms.

    ``reading`` has import positive. ``now`` is in s. More than ``outage_after`` s without a reading
    are an outage: hold times that were in progress start again.
    """
    detection = detect_service(memory.detection, reading, now, outage_after, now - memory.seen)
    deficits = Deficits.of(reading)
    absent = absent_phases(deficits, detection.phases)
    thresholds = _thresholds(options)
    remembered: dict[tuple[str, str], Debounced] = {}
    alarms: dict[_Kind, Alarm] = {}
    compared = _values(reading, options, detection.service, deficits, absent)
    on = {
        key: state
        for key, state in memory.debounced.items()
        if state.on and not state.is_forgotten(now)
    }
    for kind, values in compared.items():
        parts = {
            part: debounced(state, values.get(part), thresholds[kind], now, outage_after)
            for part, state in _states_before(memory, on, kind, values).items()
        }
        alarms[kind] = _alarm(parts, values)
        remembered |= {(kind.value, part): state for part, state in parts.items()}
    states = AlarmStates(
        light=status_light(reading, options.service_current, absent),
        service_current=options.service_current,
        overload_shares={
            part: round(share / options.overload_threshold, _DECIMALS)
            for part, share in compared[_Kind.OVERLOAD].items()
        },
        exporting=alarms[_Kind.EXPORTING],
        overload=alarms[_Kind.OVERLOAD],
        phase_lost=_any_of(alarms[_Kind.LOST_TO_NEUTRAL], alarms[_Kind.LOST_BETWEEN_LINES]),
        voltage_low=alarms[_Kind.VOLTAGE_LOW],
        voltage_high=alarms[_Kind.VOLTAGE_HIGH],
        service=detection.service,
    )
    return AlarmMemory(debounced=remembered, detection=detection, seen=now), states


@cache
def _thresholds(options: AlarmOptions) -> Mapping[_Kind, Threshold]:
    """Return the threshold of each kind of alarm."""
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
    deficits: Deficits,
    absent: AbstractSet[str],
) -> dict[_Kind, dict[str, float]]:
    """Return the values to compare with the thresholds; an unknown one is left out."""
    power = reading.power.total
    nominal, measured = 1.0, dict[str, float]()
    if service is not None:
        nominal, measured = service.nominal, voltages(reading, service.quantity, absent)
    return {
        _Kind.EXPORTING: {} if power is None else {TOTAL: -power},
        _Kind.OVERLOAD: current_shares(reading, options.service_current, absent),
        _Kind.LOST_TO_NEUTRAL: _of_present(deficits.to_neutral, absent),
        _Kind.LOST_BETWEEN_LINES: _of_present(deficits.between_lines, absent),
        _Kind.VOLTAGE_LOW: {x: round(1 - v / nominal, _DECIMALS) for x, v in measured.items()},
        _Kind.VOLTAGE_HIGH: {x: round(v / nominal - 1, _DECIMALS) for x, v in measured.items()},
    }


def _of_present(values: Mapping[str, float], absent: AbstractSet[str]) -> dict[str, float]:
    return {phase: value for phase, value in values.items() if phase not in absent}


def _states_before(
    memory: AlarmMemory,
    on: Mapping[tuple[str, str], Debounced],
    kind: _Kind,
    values: Iterable[str],
) -> dict[str, Debounced]:
    """Return the states of a kind by part: of the known values, and those that were on."""
    before = {part: memory.debounced.get((kind.value, part), _OFF) for part in values}
    return before | {part: state for (of, part), state in on.items() if of == kind}


def _alarm(states: Mapping[str, Debounced], values: Mapping[str, float]) -> Alarm:
    """Return the alarm of one kind; it is unknown while a part that was on has no value."""
    where = tuple(sorted(part for part in values if states[part].on))
    if where:
        return Alarm(on=True, where=where)
    without_value = states.keys() - values.keys()
    return Alarm(on=None if without_value or not values else False)


def _any_of(*alarms: Alarm) -> Alarm:
    """Return one alarm for several that mean the same; an unknown one does not count."""
    known = [alarm for alarm in alarms if alarm.on is not None]
    if not known:
        return Alarm()
    where = sorted({part for alarm in known for part in alarm.where})
    return Alarm(on=any(alarm.on for alarm in known), where=tuple(where))
