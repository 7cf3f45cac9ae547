"""The energy of one channel in whole mWh, and how each interval's energy is known.

Energies are rounded so that sums stay exact: what rounding takes from one interval goes to the
next one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from itertools import groupby
from typing import Final

from ..intervals import Estimate, Interval, Quality

_PER_WH: Final = 1000
_KWH_DIGITS: Final = 6

_SHORT: Final = 7200.0
"""s; the energy of a gap up to this length is spread evenly."""

_SAME: Final = 1e-3
"""Wh that intervals may differ by if their energy was spread evenly."""


class Evidence(Enum):
    """How the energy of an interval is known."""

    MEASURED = auto()
    INTERPOLATED = auto()
    """a gap's energy, spread evenly"""
    REFERENCE_DAYS = auto()
    """a gap's energy, spread as on comparable days"""
    EDITED = auto()
    """The owner's answer to a question about a counter decided it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The energy of one channel in one interval."""

    start: float
    """s since 1970"""
    end: float
    energy: int
    """mWh"""
    evidence: Evidence

    @property
    def kwh(self) -> str:
        """The energy in kWh, with all its digits."""
        return f"{Decimal(self.energy).scaleb(-_KWH_DIGITS):f}"


type Channel = Callable[[Interval], Estimate | None]
"""Picks the energy of a channel out of an interval."""


def delivered(interval: Interval) -> Estimate | None:
    """Return the energy that the grid delivered."""
    return interval.imported


def received(interval: Interval) -> Estimate | None:
    """Return the energy that the grid received."""
    return interval.exported


def readings(intervals: Sequence[Interval], channel: Channel) -> Sequence[Reading | None]:
    """Return a reading for each interval, or None where the channel was not counted."""
    carried = 0.0
    found: list[Reading | None] = []
    for interval, evidence in zip(intervals, _evidence(intervals, channel), strict=True):
        energy = channel(interval)
        if energy is None:
            found.append(None)
            continue
        exact = energy.value * _PER_WH + carried
        rounded = round(exact)
        carried = exact - rounded
        found.append(
            Reading(start=interval.start, end=interval.end, energy=rounded, evidence=evidence)
        )
    return found


def _evidence(intervals: Sequence[Interval], channel: Channel) -> Iterator[Evidence]:
    def plain(interval: Interval) -> Evidence | None:
        energy = channel(interval)
        if interval.quality is Quality.EDITED:
            return Evidence.EDITED
        # An interval may be an estimate because of the other channel.
        return None if energy is not None and energy.estimated else Evidence.MEASURED

    for evidence, run in groupby(intervals, key=plain):
        same = list(run)
        yield from [evidence or _spread_of(same, channel)] * len(same)


def _spread_of(run: Sequence[Interval], channel: Channel) -> Evidence:
    """Return how the energy of consecutive estimated intervals was spread.

    The first and the last one are partly measured.
    """
    energies = [energy.value for each in run[1:-1] if (energy := channel(each)) is not None]
    is_even = len(energies) > 1 and max(energies) - min(energies) <= _SAME
    is_short = run[-1].start - run[0].end <= _SHORT
    return Evidence.INTERPOLATED if is_short or is_even else Evidence.REFERENCE_DAYS
