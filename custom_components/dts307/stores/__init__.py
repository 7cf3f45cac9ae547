"""What is stored of a meter across restarts."""

from .counters import CounterKeeper
from .meter_store import MeterStore, async_carry_to_new_meter, async_remove_stores
from .replaced_rows import ReplacedRows

__all__ = [
    "CounterKeeper",
    "MeterStore",
    "ReplacedRows",
    "async_carry_to_new_meter",
    "async_remove_stores",
]
