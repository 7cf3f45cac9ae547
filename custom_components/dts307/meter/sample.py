"""The value of a counter or register at one instant."""

from dataclasses import dataclass
from typing import Final

CONSECUTIVE_WITHIN: Final = 90.0
"""Longest time in seconds between two consecutive polls: the longest interval and half again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value in Wh (VAh, varh) and the instant in seconds at which it was read."""

    value: float
    at: float
