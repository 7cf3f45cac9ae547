"""Interval data: the energy of fixed intervals on the local clock, each with a quality flag.

An interval's energy is the counter at its end minus the counter at its start. Across a gap, in which
nobody read the meter, the energy of the whole gap is still exact, and how it is spread over the gap
is an estimate. docs/internals/interval-data.md explains why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..sample import Sample
from .estimate import Estimate


class Quality(StrEnum):
    """How the energy of an interval is known."""

    ACTUAL = "actual"
    """The counters were read at both ends."""
    ESTIMATED = "estimated"
    """The meter was not read at an end; the energy is a share of what a gap is known to hold."""
    EDITED = "edited"
    """The owner's answer to a question about a counter decided it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The time between two reads of a counter that are no consecutive polls."""

    channel: str
    """the counter's name: IMPORTED or EXPORTED"""
    before: Sample
    after: Sample

    @property
    def energy(self) -> float:
        """Wh that were counted in the gap; exact, and never negative."""
        return max(0.0, self.after.value - self.before.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The energy of one interval, in Wh; None is what the meter did not count by then."""

    start: float
    """s since 1970"""
    end: float
    imported: Estimate | None
    exported: Estimate | None
    quality: Quality

    @property
    def net(self) -> Estimate | None:
        """Energy imported minus energy exported."""
        if self.imported is None or self.exported is None:
            return None
        return self.imported - self.exported


type Progress = Callable[[float], float]
"""The share of a gap's energy that had flowed by an instant in s: from 0 at its start to 1 at its
end, and never falling."""

type Spread = Callable[[Gap], Progress]
"""How the energy of a gap is spread over it."""
