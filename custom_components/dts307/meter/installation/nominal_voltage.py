"""The nominal service voltage, detected from the measured voltages."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, Self

from ..hysteresis import Lasting, seen_again
from ..sunspec import Reading
from .phase_voltages import (
    LINE_TO_LINE,
    LINE_TO_NEUTRAL,
    Deficits,
    absent_phases,
    is_live,
    live_phases,
    voltages,
)

_NOMINAL_VOLTAGES: Final = {
    LINE_TO_NEUTRAL: (120.0, 208.0, 240.0, 277.0),
    LINE_TO_LINE: (208.0, 240.0, 480.0),
}
"""V of the services in ANSI C84.1 that the meter is made for (guide 1.3 and 1.3.2). On a two-wire
service the meter reports its one voltage as line to neutral, whichever lines it is between."""

_RANGE_B: Final = (110 / 120, 127 / 120)
"""Lowest and highest share of its nominal voltage that a service may have for a while (ANSI C84.1,
range B). The next service begins where one ends: 208 V end and 240 V begin at 220 V, 240 V end and
277 V begin at 254 V."""

_FREQUENCIES: Final = (57.0, 63.0)
"""Hz; ANSI C84.1 is for systems of 60 Hz. So 230 V at 50 Hz are not its 240 V."""

_INTERRUPTED_AFTER: Final = 300.0
"""s without a reading in which the meter may have been connected to another service."""

_SETTLED_AFTER: Final = 6 * 3600.0
"""s after which other voltages, which began with an interruption, are another service."""


@dataclass(frozen=True, slots=True)
class ServiceVoltage:
    """What the voltages of a service are measured between, and their nominal value."""

    quantity: str
    """field of a Reading"""
    nominal: float
    """V"""


@dataclass(frozen=True, slots=True)
class ServiceDetection:
    """The known service of a meter, and another one that its voltages fit now."""

    service: ServiceVoltage | None = None
    phases: frozenset[str] = frozenset()
    """phases that have been live; a three-phase meter in a house with two has two"""
    interrupted: bool = False
    """whether the power may have been off since the voltages last fitted the known service"""
    other: Lasting[ServiceVoltage] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is known as JSON; how long another service has lasted is not stored."""
        service = self.service
        return {
            "service": None if service is None else [service.quantity, service.nominal],
            "phases": sorted(self.phases),
            "interrupted": self.interrupted,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``as_dict`` described.

        Raises:
            KeyError, TypeError: it is not such a state.
        """
        service = stored["service"]
        return cls(
            None if service is None else ServiceVoltage(*service),
            frozenset(stored["phases"]),
            stored.get("interrupted", False),
        )


def detect_service(
    before: ServiceDetection, reading: Reading, now: float, outage_after: float, silence: float
) -> ServiceDetection:
    """Return the service after one more reading, at ``now`` in s.

    A service is known once all voltages are close to its own. From then on, voltages that fit
    another one are a fault, however long they last: another service is never connected under power.
    If the power may have been off, because the voltages were dead or after a long ``silence`` (s
    since the reading before), they are another service once they have lasted for hours. A pause of
    more than ``outage_after`` s restarts these hours. A service with a neutral never becomes one
    without: only the voltages to neutral show that the neutral is broken.
    """
    known = before.service
    deficits = Deficits.of(reading)
    phases = before.phases | live_phases(reading, deficits)
    service = _matching_service(reading, absent_phases(deficits, phases))
    if known is None or service == known:
        return ServiceDetection(service, phases)
    interrupted = before.interrupted or silence > _INTERRUPTED_AFTER or is_live(reading) is False
    if not interrupted or service is None or _loses_neutral(known, service):
        return ServiceDetection(known, phases, interrupted)
    other = seen_again(before.other, service, now, outage_after)
    if other.seconds >= _SETTLED_AFTER:
        return ServiceDetection(service, phases)
    return ServiceDetection(known, phases, interrupted, other)


def _loses_neutral(known: ServiceVoltage, service: ServiceVoltage) -> bool:
    return known.quantity == LINE_TO_NEUTRAL and service.quantity == LINE_TO_LINE


def _matching_service(reading: Reading, absent: AbstractSet[str]) -> ServiceVoltage | None:
    """Return the service that all voltages fit; with a high leg, those between lines do."""
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
