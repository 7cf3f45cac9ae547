"""Which service a meter hangs on, told by its voltages: what "too high" and "too low" refer to."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, Self

from .hold import Lasting, seen_again
from .reading import Reading
from .voltage import LINE_TO_LINE, LINE_TO_NEUTRAL, absent_phases, live_phases, voltages

_NOMINAL_VOLTAGES: Final = {
    LINE_TO_NEUTRAL: (120.0, 208.0, 240.0, 277.0),
    LINE_TO_LINE: (208.0, 240.0, 480.0),
}
"""V of the services that the meter is made for (guide 1.3 and 1.3.2) and ANSI C84.1 has. Of a two
wire service, between whichever lines, a meter tells the one voltage as line to neutral."""

_RANGE_B: Final = (110 / 120, 127 / 120)
"""How far from its nominal voltage a service may be for a while (ANSI C84.1, range B). Beyond lies
the neighbour: 220 V end 208 V and begin 240 V, 254 V end 240 V and begin 277 V."""

_FREQUENCIES: Final = (57.0, 63.0)
"""Hz; ANSI C84.1 is about systems of 60 Hz, so that the 230 V of 50 Hz are not its 240 V."""

_SETTLED_AFTER: Final = 6 * 3600.0
"""Seconds after which other voltages are another service, and no longer a fault of this one."""


@dataclass(frozen=True, slots=True)
class Service:
    """What the voltages of a service are measured between, and what they ought to be, in V."""

    quantity: str
    """the quantity of a Reading"""
    nominal: float


@dataclass(frozen=True, slots=True)
class Detection:
    """The service a meter is known to hang on, and another that its voltages speak for now."""

    service: Service | None = None
    phases: frozenset[str] = frozenset()
    """the phases that have been live; where a house has two, those of a three-phase meter"""
    other: Lasting[Service] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is known as JSON; the evidence for another service is not kept."""
        service = self.service
        return {
            "service": None if service is None else [service.quantity, service.nominal],
            "phases": sorted(self.phases),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Go on from what ``as_dict`` returned."""
        service = stored["service"]
        return cls(None if service is None else Service(*service), frozenset(stored["phases"]))


def detected(before: Detection, reading: Reading, now: float, patience: float) -> Detection:
    """Return the service after one more reading, at ``now`` in seconds.

    A service is known once all voltages are close to its own. From then on, voltages that fit
    another one are a fault, unless they last for hours; ``patience`` is what may go by between
    two readings. With a neutral, the voltages to it are never given up for those between lines:
    only they show that the neutral is broken.
    """
    known = before.service
    phases = before.phases | live_phases(reading)
    service = _matching(reading, absent_phases(reading, phases))
    if known is None:
        return Detection(service, phases)
    if service is None or service == known or _neutral_given_up(known, service):
        return Detection(known, phases)
    other = seen_again(before.other, service, now, patience)
    if other.seconds >= _SETTLED_AFTER:
        return Detection(service, phases)
    return Detection(known, phases, other)


def _neutral_given_up(known: Service, service: Service) -> bool:
    return known.quantity == LINE_TO_NEUTRAL and service.quantity == LINE_TO_LINE


def _matching(reading: Reading, absent: AbstractSet[str]) -> Service | None:
    """Return the one service that all voltages fit; with a high leg, those between lines do."""
    frequency = reading.frequency
    if frequency is None or not _FREQUENCIES[0] <= frequency <= _FREQUENCIES[1]:
        return None
    lowest, highest = _RANGE_B
    for quantity, nominals in _NOMINAL_VOLTAGES.items():
        measured = voltages(reading, quantity, absent).values()
        for nominal in nominals:
            if measured and all(lowest <= volts / nominal <= highest for volts in measured):
                return Service(quantity, nominal)
    return None
