"""Fill in the hours of outages in Home Assistant's statistics, and restore what was there before.

docs/outages.md describes what is changed and when.
"""

from .action import async_register_restore
from .filling import HourlyValues, async_fill_outages

__all__ = ["HourlyValues", "async_fill_outages", "async_register_restore"]
