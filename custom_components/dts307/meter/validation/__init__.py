"""Which register reads are believed: the V of validation, estimation and editing (VEE)."""

from .changes import CounterChange, answered_counters, rollovers
from .contradiction import believable, has_lost_values
from .counter_filter import ANSWERS, CounterAnswer, CounterFilter, CounterQuestion
from .first_sight import FirstSight
from .limits import ACTIVE_ENERGIES, count_size, rated_power
from .meter_counters import (
    CounterFilters,
    RegisterReads,
    answered,
    awaiting_reconfirmation,
    believed_totals,
    can_have_rolled_over,
    questions,
    register_reads,
    rejudged,
    validated,
    without_counters,
)
from .questioned import QuestionedCounter, questioned_counters
from .read import Read
from .refresh import HeldValues, RefreshCadence
from .trusted import Trusted

__all__ = [
    "ACTIVE_ENERGIES",
    "ANSWERS",
    "CounterAnswer",
    "CounterChange",
    "CounterFilter",
    "CounterFilters",
    "CounterQuestion",
    "FirstSight",
    "HeldValues",
    "QuestionedCounter",
    "Read",
    "RefreshCadence",
    "RegisterReads",
    "Trusted",
    "answered",
    "answered_counters",
    "awaiting_reconfirmation",
    "believable",
    "believed_totals",
    "can_have_rolled_over",
    "count_size",
    "has_lost_values",
    "questioned_counters",
    "questions",
    "rated_power",
    "register_reads",
    "rejudged",
    "rollovers",
    "validated",
    "without_counters",
]
