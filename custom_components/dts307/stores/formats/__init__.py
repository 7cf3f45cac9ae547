"""The formats of a meter's stored files.

Each schema refuses what is not well-typed, and drops keys that it does not know: a later version
may have added them. The ``from_dict`` functions of ``meter`` accept whatever a schema returns.
"""

from .billing import LEDGER, TOTALS
from .cost import COST
from .counters import COUNTERS
from .house import HOUSE
from .meter import ALARMS, INSTALLATION
from .replaced_rows import REPLACED_ROWS

__all__ = [
    "ALARMS",
    "COST",
    "COUNTERS",
    "HOUSE",
    "INSTALLATION",
    "LEDGER",
    "REPLACED_ROWS",
    "TOTALS",
]
