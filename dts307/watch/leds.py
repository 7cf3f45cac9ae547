"""When the STATUS light is lit: two flashes about every two seconds (guide 5.1).

The guide defines the colours. Of the second flash, it says that its length follows the current.
"""

from typing import Final, NamedTuple

from dts307.meter.alarms import CurrentLevel, EnergyDirection, StatusLight

PERIOD: Final = 2.0
"""s from one heartbeat to the next"""

_HEARTBEAT: Final = 0.15
_LEVEL_BEGINS: Final = 0.45
_SHORTEST_LEVEL: Final = 0.15
_SECONDS_PER_LEVEL: Final = 0.8
_BRIGHTEST_LEVEL: Final = 1.5

_HEARTBEATS: Final = {EnergyDirection.IMPORTING: "green", EnergyDirection.EXPORTING: "orange"}
_LEVELS: Final = {
    CurrentLevel.NORMAL: "green",
    CurrentLevel.HIGH: "orange",
    CurrentLevel.OVER: "red",
}


class Flash(NamedTuple):
    """One flash, in s from the start of the period."""

    colour: str
    start: float
    duration: float


def flashes(light: StatusLight) -> list[Flash]:
    """Return the flashes of a period; none while the direction is not known."""
    if light.direction is None:
        return []
    heartbeat = Flash(_HEARTBEATS[light.direction], 0.0, _HEARTBEAT)
    if light.share is None or light.level is None or light.level is CurrentLevel.LOW:
        return [heartbeat]
    duration = _SHORTEST_LEVEL + _SECONDS_PER_LEVEL * min(light.share, _BRIGHTEST_LEVEL)
    return [heartbeat, Flash(_LEVELS[light.level], _LEVEL_BEGINS, duration)]


def colour_at(flashing: list[Flash], seconds: float) -> str | None:
    """Return the colour of the light at a time in s; None while it is dark."""
    instant = seconds % PERIOD
    for flash in flashing:
        if flash.start <= instant < flash.start + flash.duration:
            return flash.colour
    return None
