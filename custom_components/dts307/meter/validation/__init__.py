"""Which register reads may be believed: the V of validation, estimation and editing (VEE)."""

from .counter_filter import ANSWERS, CounterAnswer, CounterFilter, CounterQuestion
from .limits import counter_limits
from .meter_counters import (
    CounterFilters,
    Registers,
    carried_to_new_meter,
    questions,
    registers,
    settled,
    still_stale,
    validated,
    without,
)

__all__ = [
    "ANSWERS",
    "CounterAnswer",
    "CounterFilter",
    "CounterFilters",
    "CounterQuestion",
    "Registers",
    "carried_to_new_meter",
    "counter_limits",
    "questions",
    "registers",
    "settled",
    "still_stale",
    "validated",
    "without",
]
