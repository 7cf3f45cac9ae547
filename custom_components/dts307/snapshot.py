"""The state of a meter at one instant: its reading, and the values derived from it."""

from dataclasses import dataclass, field

from .meter import Reading
from .meter.alarms import AlarmStates
from .meter.installation import CtFaults
from .meter.intervals import Billing, Demand, Ledger
from .meter.sharing import RegisterImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The values that the entities of a meter show; its parts are immutable."""

    reading: Reading
    """with import positive, and with validated counters"""
    ct_faults: CtFaults
    alarms: AlarmStates
    billing: Billing
    demand: Demand
    ledger: Ledger = field(compare=False)
    """where the billing comes from; it also changes when nothing that is shown does"""
    production: float | None
    """W, positive while the inverter produces; None for a meter with another role"""
    image: RegisterImage = field(compare=False)
    """the registers that this comes from, as the meter sent them"""
