"""What is stored of a meter across restarts."""

from .meter_store import MeterStore, async_carry_to_new_meter, async_remove_stores

__all__ = ["MeterStore", "async_carry_to_new_meter", "async_remove_stores"]
