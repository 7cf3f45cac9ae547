"""The energy of one channel in whole mWh, and how each interval's energy is known.

Energies are rounded so that sums stay exact: what rounding takes from one interval goes to the
next one.
"""

from collections.abc import Callable, Sequence
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
class ChannelReading:
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


def readings(intervals: Sequence[Interval], channel: Channel) -> Sequence[ChannelReading | None]:
    """Return a reading for each interval, or None where the channel was not counted."""
    carried = 0.0
    found: list[ChannelReading | None] = []
    for interval, evidence in zip(intervals, _evidence(intervals, channel), strict=True):
        energy = channel(interval)
        if energy is None:
            found.append(None)
            continue
        exact = energy.value * _PER_WH + carried
        rounded = round(exact)
        carried = exact - rounded
        found.append(
            ChannelReading(
                start=interval.start, end=interval.end, energy=rounded, evidence=evidence
            )
        )
    return found


def _evidence(intervals: Sequence[Interval], channel: Channel) -> Sequence[Evidence]:
    found: list[Evidence] = []
    for known, run in groupby(intervals, key=lambda interval: _known(interval, channel)):
        same = list(run)
        found += [known if isinstance(known, Evidence) else _spread_of(same, channel)] * len(same)
    # At the ends of a gap are intervals that are partly measured.
    padded = (None, *found, None)
    return [
        Evidence.REFERENCE_DAYS
        if evidence is Evidence.INTERPOLATED and Evidence.REFERENCE_DAYS in {before, after}
        else evidence
        for before, evidence, after in zip(padded, found, padded[2:], strict=False)
    ]


def _known(interval: Interval, channel: Channel) -> Evidence | float:
    """Return how an energy is known; for an estimate, the most that it can be, in Wh.

    That is the energy of the whole gap for each interval within it.
    """
    energy = channel(interval)
    if interval.quality is Quality.EDITED:
        return Evidence.EDITED
    # An interval may be an estimate because of the other channel.
    return Evidence.MEASURED if energy is None or not energy.estimated else energy.highest


def _spread_of(run: Sequence[Interval], channel: Channel) -> Evidence:
    """Return how energy was spread over the intervals within a gap."""
    energies = [energy.value for each in run if (energy := channel(each)) is not None]
    is_even = max(energies) - min(energies) <= _SAME
    is_short = run[-1].end - run[0].start <= _SHORT
    return Evidence.INTERPOLATED if is_short or is_even else Evidence.REFERENCE_DAYS
