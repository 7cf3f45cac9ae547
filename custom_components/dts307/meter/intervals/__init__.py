"""Interval data: register reads at midnight, billing periods, and demand."""

from .bill import Billing, BillingPeriod, PeriodEnergy, RegisterEstimates
from .books import Books, Entry, RunBooks
from .demand import Demand, DemandInterval, DemandRecord, demand
from .estimate import Estimate
from .ledger import EXPORTED, IMPORTED, Ledger, Samples, billing
from .track import as_pair, from_pair

__all__ = [
    "EXPORTED",
    "IMPORTED",
    "Billing",
    "BillingPeriod",
    "Books",
    "Demand",
    "DemandInterval",
    "DemandRecord",
    "Entry",
    "Estimate",
    "Ledger",
    "PeriodEnergy",
    "RegisterEstimates",
    "RunBooks",
    "Samples",
    "as_pair",
    "billing",
    "demand",
    "from_pair",
]
