"""Interval data: register reads at midnight, billing periods, and demand."""

from .bill import Billing, BillingPeriod, PeriodEnergy, RegisterEstimates
from .demand import Demand, DemandInterval, DemandRecord, demand
from .estimate import Estimate
from .ledger import EXPORTED, IMPORTED, Ledger, Samples, billing, samples_of
from .track import as_pair, from_pair

__all__ = [
    "EXPORTED",
    "IMPORTED",
    "Billing",
    "BillingPeriod",
    "Demand",
    "DemandInterval",
    "DemandRecord",
    "Estimate",
    "Ledger",
    "PeriodEnergy",
    "RegisterEstimates",
    "Samples",
    "as_pair",
    "billing",
    "demand",
    "from_pair",
    "samples_of",
]
