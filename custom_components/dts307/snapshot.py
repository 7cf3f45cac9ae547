"""The state of a meter at one instant: its reading, and the values derived from it."""

from dataclasses import dataclass

from .meter import Reading
from .meter.alarms import AlarmStates
from .meter.installation import CtFaults
from .meter.intervals import Billing, Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The values that the entities of a meter show; its parts are immutable."""

    reading: Reading
    """with import positive, and with validated counters"""
    ct_faults: CtFaults
    alarms: AlarmStates
    billing: Billing
    demand: Demand
    production: float | None
    """W, positive while the inverter produces; None for a meter with another role"""
