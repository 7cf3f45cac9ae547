"""Interval data: register reads at midnights and borders, billing periods, and demand."""

from .bill import Billing, BillingPeriod, PeriodEnergy, RegisterEstimates
from .billing_at import billing, registers_at
from .books import BookEntry, Books, RunBooks
from .cost import CostAccount, Prices, as_decimal, as_price
from .cost_rows import cost_hours, cost_refills
from .demand import Demand, DemandInterval, DemandRecord, demand
from .energy_between import EnergyBetween, energy_between, estimated_share
from .estimate import Estimate
from .estimation import REFERENCE_PERIOD, MayFlow, always, shaped
from .history import (
    HELD,
    RECENT,
    TrackChange,
    joined,
    most_reads,
    part_ledger,
    storable,
    track_changes,
    tracks_of,
    trimmed,
    with_tracks,
)
from .interval import (
    Gap,
    Interval,
    IntervalGrid,
    Progress,
    Quality,
    Spread,
    counter_at_borders,
    evenly,
    intervals,
)
from .ledger import Ledger
from .ledger_format import ledger_as_dict, ledger_from_dict
from .periods import HOUR, touched
from .seams import widened
from .statistics_rows import HourEnd, Refill, Row, hour_ends, refills
from .track import (
    EXPORTED,
    IMPORTED,
    PART_TRACKS,
    PHASE_TRACKS,
    REGISTER,
    Samples,
    Track,
    Tracks,
    as_pair,
    from_pair,
    kept,
)

__all__ = [
    "EXPORTED",
    "HELD",
    "HOUR",
    "IMPORTED",
    "PART_TRACKS",
    "PHASE_TRACKS",
    "RECENT",
    "REFERENCE_PERIOD",
    "REGISTER",
    "Billing",
    "BillingPeriod",
    "BookEntry",
    "Books",
    "CostAccount",
    "Demand",
    "DemandInterval",
    "DemandRecord",
    "EnergyBetween",
    "Estimate",
    "Gap",
    "HourEnd",
    "Interval",
    "IntervalGrid",
    "Ledger",
    "MayFlow",
    "PeriodEnergy",
    "Prices",
    "Progress",
    "Quality",
    "Refill",
    "RegisterEstimates",
    "Row",
    "RunBooks",
    "Samples",
    "Spread",
    "Track",
    "TrackChange",
    "Tracks",
    "always",
    "as_decimal",
    "as_pair",
    "as_price",
    "billing",
    "cost_hours",
    "cost_refills",
    "counter_at_borders",
    "demand",
    "energy_between",
    "estimated_share",
    "evenly",
    "from_pair",
    "hour_ends",
    "intervals",
    "joined",
    "kept",
    "ledger_as_dict",
    "ledger_from_dict",
    "most_reads",
    "part_ledger",
    "refills",
    "registers_at",
    "shaped",
    "storable",
    "touched",
    "track_changes",
    "tracks_of",
    "trimmed",
    "widened",
    "with_tracks",
]
