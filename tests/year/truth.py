"""What interval data has to say of a simulated year, by the model alone."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED

from .house import House
from .record import Record

_CONSECUTIVE: Final = 90.0
"""s"""
_STEP: Final = 1.0
"""Wh of a register"""
_MARGIN: Final = 1800.0
"""s around a time of a wrong clock, in which flags may be what the clock made of them"""

type _Pair = tuple[float, float]


class Truth:
    """The true energies of a year, and what can be known of them."""

    def __init__(self, house: House, record: Record) -> None:
        """Take a year that has happened."""
        self.record = record
        self._curves = {IMPORTED: house.imported, EXPORTED: house.exported}
        self._polls = [poll.at for poll in record.polls]
        self.last = self._polls[-1]
        """when the meter was last polled, in s"""
        self._sure = [poll.at for poll in record.polls if poll.is_sure]

    def energy(self, name: str, start: float, end: float) -> float:
        """Return what flowed between two instants, in Wh."""
        return self._curves[name].energy(start, end)

    def counted(self, name: str, start: float, end: float) -> float:
        """Return the same without what was not counted while the meter was replaced."""
        begin, finish = self.record.between_meters
        lost = self.energy(name, begin, finish) if start <= begin < finish <= end else 0.0
        return self.energy(name, start, end) - lost

    def slack(self, name: str, at: float) -> float:
        """Return how many Wh a counter may be off at a border: its step, and that of a poll."""
        pairs = (_around(self._polls, at), _around(self._sure, at))
        moved = (self.energy(name, *pair) for pair in pairs if _are_consecutive(pair))
        return _STEP + max(moved, default=0.0)

    def is_read(self, at: float) -> bool:
        """Return whether two polls in a row around a border are known for sure."""
        return _are_consecutive(_around(self._sure, at))

    def is_known(self, at: float) -> bool:
        """Return whether the counters are known at a border, and their sums up to there."""
        is_doubted = self.is_edited(at, at) or self.has_wrong_clock(at, at)
        return self.is_read(at) and not is_doubted

    def is_edited(self, start: float, end: float) -> bool:
        """Return whether an answer of the owner decided what flowed between two instants."""
        return _touches(self.record.edited, start, end)

    def has_wrong_clock(self, start: float, end: float) -> bool:
        """Return whether a clock that had been trusted was wrong between two instants."""
        return _touches(self.record.wrong_clock, start - _MARGIN, end + _MARGIN)

    def is_unknown(self, at: float) -> bool:
        """Return whether a border was not read, and a register certainly moved meanwhile."""
        if _are_consecutive(_around(self._polls, at)):
            return False
        pair = _around(self._sure, at)
        return any(self.energy(name, *pair) > _STEP for name in self._curves)


def _around(polls: Sequence[float], at: float) -> _Pair:
    """Return the polls next to an instant; twice the same if it is exactly then."""
    place = bisect_right(polls, at)
    if place and polls[place - 1] == at:
        return at, at
    return polls[max(0, place - 1)], polls[min(place, len(polls) - 1)]


def _are_consecutive(pair: _Pair) -> bool:
    return 0 <= pair[1] - pair[0] <= _CONSECUTIVE


def _touches(spans: Sequence[_Pair], start: float, end: float) -> bool:
    return any(begin < end and start < finish for begin, finish in spans)
