"""All that is known of a meter at one instant: its reading, and what follows from it."""

from dataclasses import dataclass

from .meter import Reading
from .meter.alarms import AlarmStates
from .meter.intervals import Billing, Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the entities of a meter show; its parts are immutable."""

    reading: Reading
    """with import positive, and with validated counters"""
    alarms: AlarmStates
    billing: Billing
    demand: Demand
    production: float | None
    """W, positive while the sun shines; None for a meter that is not on a solar inverter"""
