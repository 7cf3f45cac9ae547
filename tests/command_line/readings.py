"""Readings for the program, put together by hand."""

from dataclasses import replace
from typing import Any

from dts307.meter import PerPhase, Reading
from dts307.meter.sunspec.models import FAST_BLOCKS, SLOW_BLOCKS
from dts307.meter.sunspec.reading import reading_from_points
from dts307.observer import Observation, Observer, alarm_options

_POINTS = [
    point
    for block in FAST_BLOCKS + SLOW_BLOCKS
    for quantity in block.quantities
    for point in quantity.points
]


def reading_of(phases: int = 3, **parts: Any) -> Reading:
    """Return a reading that states nothing but these parts."""
    return replace(reading_from_points(dict.fromkeys(_POINTS), None, phases), **parts)


def wye(*powers: complex, volts: float = 120.0, **parts: Any) -> Reading:
    """Return a reading of a wye service with these powers (W and var) on its phases."""
    names = "abc"[: len(powers)]
    watts = {name: power.real for name, power in zip(names, powers, strict=True)}
    reactive = {name: power.imag for name, power in zip(names, powers, strict=True)}
    stated: dict[str, Any] = {
        "power": PerPhase(total=sum(watts.values()), **watts),
        "reactive_power": PerPhase(total=sum(reactive.values()), **reactive),
        "current": PerPhase(
            **{name: abs(power) / volts for name, power in zip(names, powers, strict=True)}
        ),
        "voltage_line_to_neutral": PerPhase(**dict.fromkeys(names, volts)),
        "frequency": 60.0,
    }
    return reading_of(len(powers), **{**stated, **parts})


def observed(*readings: Reading, service_current: float | None = None) -> list[Observation]:
    """Return what readings show, one second apart, without hold times."""
    observer = Observer(alarm_options(service_current, hold=False))
    return [observer.observe(reading, 100.0 + at) for at, reading in enumerate(readings)]
