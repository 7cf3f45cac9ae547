"""The two LEDs of the meter as pure functions (installation guide, section 5)."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

PERIOD = 2.0
"""Seconds from one heartbeat to the next."""

_HEARTBEAT = 0.15
_LEVEL_BEGINS = 0.45
_SHORTEST_LEVEL = 0.15
_SECONDS_PER_LEVEL = 0.8
_BRIGHTEST_LEVEL = 1.5
_FLICKER = 0.06
_NOTICEABLE = Fraction(5, 100)
_HIGH = Fraction(80, 100)


class Colour(StrEnum):
    """The colours of the LEDs."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"
    AMBER = "amber"


class Flash(NamedTuple):
    """One flash: its colour, its start within the period (s), and its duration (s)."""

    colour: Colour
    start: float
    duration: float


type StatusLight = tuple[Flash, ...]


def status_light(*, power: float, current: float, full_current: float) -> StatusLight:
    """Return the flashes that the STATUS LED repeats every `PERIOD` (guide 5.1).

    The first is the heartbeat: green for import, orange for export. The second shows the current
    level: none below 5 %, green below 80 %, orange up to 100 %, red above. Its length grows with
    the level.

    Args:
        power: total power in W, positive for import.
        current: total current over all measured phases, in A.
        full_current: service current times the number of measured phases, in A.
    """
    heartbeat = Flash(Colour.GREEN if power >= 0 else Colour.ORANGE, 0.0, _HEARTBEAT)
    level = _decimal(current) / _decimal(full_current)
    colour = level_colour(level)
    if colour is None:
        return (heartbeat,)
    duration = _SHORTEST_LEVEL + _SECONDS_PER_LEVEL * min(float(level), _BRIGHTEST_LEVEL)
    return heartbeat, Flash(colour, _LEVEL_BEGINS, duration)


def level_colour(level: float | Fraction) -> Colour | None:
    """Return the colour of the second flash for a share of the full current (1 is 100 %)."""
    if level < _NOTICEABLE:
        return None
    if level < _HIGH:
        return Colour.GREEN
    return Colour.ORANGE if level <= 1 else Colour.RED


def _decimal(amps: float) -> Fraction:
    """Return a current as an exact decimal: in binary, 2.55 A is not quite 5 % of 51 A."""
    return Fraction(repr(round(amps, 6)))


def colour_at(light: StatusLight, seconds: float) -> Colour | None:
    """Return the colour of the STATUS LED at a time; None while it is dark."""
    instant = seconds % PERIOD
    for flash in light:
        if flash.start <= instant < flash.start + flash.duration:
            return flash.colour
    return None


@dataclass
class SignalTimes:
    """Traffic on the bus: the latest times (s, on one monotonic clock), and how often."""

    received_at: float = float("-inf")
    transmitted_at: float = float("-inf")
    received: int = 0
    transmitted: int = 0

    def receive(self, now: float) -> None:
        """Record that bytes were received."""
        self.received_at = now
        self.received += 1

    def transmit(self, now: float) -> None:
        """Record that a reply was sent."""
        self.transmitted_at = now
        self.transmitted += 1


def remote_colour(signals: SignalTimes, now: float) -> Colour | None:
    """Return the colour of the REMOTE LED (guide 5.2): green on bytes, amber on a reply."""
    if 0 <= now - signals.transmitted_at < _FLICKER:
        return Colour.AMBER
    if 0 <= now - signals.received_at < _FLICKER:
        return Colour.GREEN
    return None
