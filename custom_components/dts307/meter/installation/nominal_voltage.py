"""Which service a meter hangs on, told by its voltages: what "too high" and "too low" refer to."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, Self

from ..hysteresis import Lasting, seen_again
from ..sunspec import Reading
from .phase_voltages import (
    LINE_TO_LINE,
    LINE_TO_NEUTRAL,
    absent_phases,
    is_live,
    live_phases,
    voltages,
)

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

_INTERRUPTED_AFTER: Final = 300.0
"""Seconds without a reading in which a meter may have been hung up on another service."""

_SETTLED_AFTER: Final = 6 * 3600.0
"""Seconds after which other voltages, that began with an interruption, are another service."""


@dataclass(frozen=True, slots=True)
class ServiceVoltage:
    """What the voltages of a service are measured between, and what they ought to be, in V."""

    quantity: str
    """the quantity of a Reading"""
    nominal: float


@dataclass(frozen=True, slots=True)
class ServiceDetection:
    """The service a meter is known to hang on, and another that its voltages speak for now."""

    service: ServiceVoltage | None = None
    phases: frozenset[str] = frozenset()
    """the phases that have been live; where a house has two, those of a three-phase meter"""
    interrupted: bool = False
    """whether the power may have been off since the voltages last were those of the service"""
    other: Lasting[ServiceVoltage] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is known as JSON; how long another service has lasted is not kept."""
        service = self.service
        return {
            "service": None if service is None else [service.quantity, service.nominal],
            "phases": sorted(self.phases),
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Go on from what ``as_dict`` returned."""
        service = stored["service"]
        return cls(
            None if service is None else ServiceVoltage(*service),
            frozenset(stored["phases"]),
            stored.get("interrupted", False),
        )


def detected(
    before: ServiceDetection, reading: Reading, now: float, patience: float, silence: float
) -> ServiceDetection:
    """Return the service after one more reading, at ``now`` in seconds.

    A service is known once all voltages are close to its own. From then on, voltages that fit
    another one are a fault, however long it lasts: a meter is hung up elsewhere, or a transformer
    connected otherwise, only with the power off. If it may have been off, because the voltages
    were dead or nothing was heard for a while (``silence``, the seconds since the reading before),
    they are another service once they have lasted for hours. ``patience`` is what may go by between
    two readings. With a neutral, the voltages to it are never given up for those between lines:
    only they show that the neutral is broken.
    """
    known = before.service
    phases = before.phases | live_phases(reading)
    service = _matching(reading, absent_phases(reading, phases))
    if known is None or service == known:
        return ServiceDetection(service, phases)
    interrupted = before.interrupted or silence > _INTERRUPTED_AFTER or is_live(reading) is False
    if not interrupted or service is None or _neutral_given_up(known, service):
        return ServiceDetection(known, phases, interrupted)
    other = seen_again(before.other, service, now, patience)
    if other.seconds >= _SETTLED_AFTER:
        return ServiceDetection(service, phases)
    return ServiceDetection(known, phases, interrupted, other)


def _neutral_given_up(known: ServiceVoltage, service: ServiceVoltage) -> bool:
    return known.quantity == LINE_TO_NEUTRAL and service.quantity == LINE_TO_LINE


def _matching(reading: Reading, absent: AbstractSet[str]) -> ServiceVoltage | None:
    """Return the one service that all voltages fit; with a high leg, those between lines do."""
    frequency = reading.frequency
    if frequency is None or not _FREQUENCIES[0] <= frequency <= _FREQUENCIES[1]:
        return None
    lowest, highest = _RANGE_B
    for quantity, nominals in _NOMINAL_VOLTAGES.items():
        measured = voltages(reading, quantity, absent).values()
        for nominal in nominals:
            if measured and all(lowest <= volts / nominal <= highest for volts in measured):
                return ServiceVoltage(quantity, nominal)
    return None
