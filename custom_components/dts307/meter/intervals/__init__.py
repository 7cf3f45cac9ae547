"""Energy over time: registers at midnight, billing periods, and demand."""

from .demand import Demand, DemandInterval, DemandRecord, demand
from .ledger import (
    IMPORTED,
    Billing,
    BillingPeriod,
    Counted,
    Ledger,
    RegisterReadings,
    Samples,
    billing,
    samples_of,
)
from .track import Estimate, as_pair, from_pair

__all__ = [
    "IMPORTED",
    "Billing",
    "BillingPeriod",
    "Counted",
    "Demand",
    "DemandInterval",
    "DemandRecord",
    "Estimate",
    "Ledger",
    "RegisterReadings",
    "Samples",
    "as_pair",
    "billing",
    "demand",
    "from_pair",
    "samples_of",
]
