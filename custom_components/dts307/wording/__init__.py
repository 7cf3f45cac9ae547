"""How texts name energy counters, and write their units and numbers."""

from .counter_names import counter_name, counter_unit, in_kilo, totals_of
from .number_text import number_text

__all__ = ["counter_name", "counter_unit", "in_kilo", "number_text", "totals_of"]
