"""A value in Wh with the bounds that it must be within."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from ..sample import CONSECUTIVE_WITHIN, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value in Wh and its bounds; ``estimated`` if an outage keeps it from being known.

    An unknown bound is infinite.
    """

    value: float
    lowest: float
    highest: float
    estimated: bool = False

    @classmethod
    def exactly(cls, value: float) -> Estimate:
        """Return a value that is known, in Wh."""
        return cls(value=value, lowest=value, highest=value)

    @classmethod
    def at_least(cls, value: float, lowest: float) -> Estimate:
        """Return an estimate that may be any amount too low."""
        return cls(value=value, lowest=lowest, highest=inf, estimated=True)

    @classmethod
    def unbounded(cls, value: float) -> Estimate:
        """Return an estimate without bounds."""
        return cls.at_least(value, -inf)

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference, whose bounds are as far apart as both together."""
        return Estimate(
            value=self.value - other.value,
            lowest=self.lowest - other.highest,
            highest=self.highest - other.lowest,
            estimated=self.estimated or other.estimated,
        )

    @property
    def positive_part(self) -> Estimate:
        """The value if it is positive, else zero, which is known if nothing else is possible."""
        highest, lowest = max(0.0, self.highest), max(0.0, self.lowest)
        return Estimate(
            value=max(0.0, self.value),
            lowest=lowest,
            highest=highest,
            estimated=self.estimated and lowest < highest,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON holds it, with None for infinity."""
        return {
            "value": self.value,
            "lowest": self.lowest if isfinite(self.lowest) else None,
            "highest": self.highest if isfinite(self.highest) else None,
            "estimated": self.estimated,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Estimate:
        """Return the estimate that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such an estimate.
        """
        lowest, highest = stored["lowest"], stored["highest"]
        return cls(
            value=float(stored["value"]),
            lowest=-inf if lowest is None else float(lowest),
            highest=inf if highest is None else float(highest),
            estimated=bool(stored["estimated"]),
        )


def interpolated(before: Sample, after: Sample, at: float) -> Estimate:
    """Return what a counter was at an instant in s, given the reads next to it.

    A register that is lower at the second read rolled over or was set back at an unknown time. Then
    the first read is all that is known.
    """
    consecutive = after.at - before.at <= CONSECUTIVE_WITHIN
    if at <= before.at:
        return Estimate.exactly(before.value)
    if at >= after.at:
        return Estimate.exactly(after.value)
    if after.value < before.value:
        return Estimate.unbounded(before.value)
    share = (at - before.at) / (after.at - before.at)
    value = before.value + (after.value - before.value) * share
    return Estimate(
        value=min(value, after.value),
        lowest=before.value,
        highest=after.value,
        # A counter that did not move is known, however long that was.
        estimated=not consecutive and after.value > before.value,
    )
