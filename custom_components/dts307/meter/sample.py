"""The value of a counter or register at one instant."""

from dataclasses import dataclass
from typing import Final

CONSECUTIVE_WITHIN: Final = 90.0
"""Most seconds between two consecutive polls: one and a half times the longest poll interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value in Wh, VAh or varh, and the time in seconds at which it was read."""

    value: float
    at: float
