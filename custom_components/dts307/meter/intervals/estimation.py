"""Estimate how the energy of a gap was spread over it.

The energy of a gap is known from the counter at its ends. Only its spread is estimated, and that is
always scaled to the gap's energy. docs/internals/interval-data.md explains the rules.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import accumulate, pairwise
from math import ceil, fsum, inf
from typing import Final

from .estimate import Estimate
from .interval import Gap, Interval, Progress, Quality

REFERENCE_PERIOD: Final = 28 * 86400.0
"""s before a gap from which reference intervals are taken: four of each day of the week."""

_SPREAD_EVENLY_WITHIN: Final = 7200.0
"""s; over a shorter gap no profile of a day says more than an even spread."""

_QUARTER: Final = 900.0
"""s. All local clocks differ from UTC by whole quarter hours, so none of them cuts one in two."""

_LEAST_TIME: Final = 2 * _QUARTER / 3600
"""h that must be known of a quarter hour on weekdays, or at weekends: that of two days. A single
day has too many chance peaks to be preferred to all other days."""

_ROUNDING: Final = 1e-9
"""The share of a gap's energy, or h, that sums may be off."""

_STRAY: Final = 0.01
"""The share of energy that proves nothing: some light is left when the sun has set."""

_SATURDAY: Final = 5

type MayFlow = Callable[[float, float], float]
"""The share of the time between two instants in s in which energy may flow at all."""

type _Counted = tuple[float, float, float]
"""Start and end of an interval in s, and its energy in Wh."""

type _Time = tuple[bool | None, int | None]
"""Whether it is at a weekend, and the quarter hour of the day; None is any."""


def always(_start: float, _end: float) -> float:
    """Return that energy may flow all the time."""
    return 1.0


def _is_long(gap: Gap) -> bool:
    """Return whether a gap is so long that the time before it shapes how its energy is spread."""
    return gap.after.at - gap.before.at > _SPREAD_EVENLY_WITHIN


def shaped(
    gap: Gap,
    reference: Iterable[Interval],
    *,
    zone: tzinfo,
    may_flow: MayFlow = always,
    most_power: float | None = None,
) -> Progress:
    """Spread the energy of a gap over its quarter hours as on comparable days.

    Of the ``reference``, the intervals of the time before the gap, only actual ones count. Each
    quarter hour weighs as much as energy flowed on average at this local time of comparable days:
    of weekdays, or of Saturdays and Sundays. If fewer than two such days are known at this time,
    all days are comparable; if none is known, the average of all known times counts. A gap of up to
    two hours has no such shape.

    Nothing is put where energy may not flow, unless some did in the reference. No quarter hour gets
    more power than the highest one of the reference, as long as the energy fits in. Otherwise these
    presumptions give way, one after the other. ``most_power`` in W gives way last, if the average
    of the gap is higher.
    """
    if gap.after.at <= gap.before.at or gap.energy <= 0:
        return _progress((gap.before.at, gap.after.at), (1.0,))
    borders = _quarter_hours(gap.before.at, gap.after.at)
    hours = [(end - start) / 3600 for start, end in pairwise(borders)]
    shares_of_time = [may_flow(start, end) for start, end in pairwise(borders)]
    is_long, is_limited = _is_long(gap), min(shares_of_time) < 1
    known = _actual(reference, gap.channel) if is_long or is_limited else ()
    if is_limited and _flows_anyway(known, may_flow):
        shares_of_time = [1.0] * len(hours)
    usable = [share * time for share, time in zip(shares_of_time, hours, strict=True)]
    profile = _Profile(known if is_long else (), zone)
    shape = [profile.power(start) * time for start, time in zip(borders[:-1], usable, strict=True)]
    most = inf if most_power is None else most_power
    usual = min(most, profile.highest or most)
    shares = [0.0] * len(hours)
    for weights, power, times in (
        (shape, usual, usable),
        (usable, usual, usable),  # where nothing flowed in the reference
        (usable, most, usable),  # with more power than in the reference
        (hours, most, hours),  # where energy may not flow
    ):
        left = 1 - fsum(shares)
        if left <= _ROUNDING:
            break
        # Without this condition, an unlimited power times no time would be NaN.
        limits = [power * time / gap.energy if time else 0.0 for time in times]
        rooms = [max(0.0, limit - share) for limit, share in zip(limits, shares, strict=True)]
        added = _poured(left, weights, rooms)
        shares = [share + more for share, more in zip(shares, added, strict=True)]
    # If the energy does not fit at all, each part is full, which is even.
    return _progress(borders, shares)


def _actual(reference: Iterable[Interval], channel: str) -> Sequence[_Counted]:
    """Return what a channel counted in the actual intervals."""
    counted: Iterable[tuple[Interval, Estimate | None]] = (
        (interval, getattr(interval, channel)) for interval in reference
    )
    return [
        (interval.start, interval.end, energy.value)
        for interval, energy in counted
        if interval.quality is Quality.ACTUAL and energy is not None
    ]


def _flows_anyway(reference: Sequence[_Counted], may_flow: MayFlow) -> bool:
    """Return whether more than a stray part has flowed when energy is presumed not to flow."""
    contrary = fsum(
        energy for start, end, energy in reference if energy > 0 and may_flow(start, end) == 0
    )
    return contrary > _STRAY * fsum(energy for _, _, energy in reference)


class _Profile:
    """The average power of the quarter hours of a local day, in W."""

    def __init__(self, reference: Iterable[_Counted], zone: tzinfo) -> None:
        """Average what was counted, in whatever order it comes."""
        self._zone = zone
        self.highest = 0.0
        """W in one interval"""
        known: defaultdict[_Time, list[tuple[float, float]]] = defaultdict(list)
        for begin, finish, energy in reference:
            power = energy * 3600 / (finish - begin)
            self.highest = max(self.highest, power)
            for start, end in pairwise(_quarter_hours(begin, finish)):
                time = (end - start) / 3600
                for each in self._times(start):
                    known[each].append((power * time, time))
        self._averages: dict[_Time, float] = {}
        for each, flowed in known.items():
            energies, hours = zip(*flowed, strict=True)
            # fsum makes the result independent of the order.
            time = fsum(hours)
            weekend, _ = each
            if weekend is None or time >= _LEAST_TIME - _ROUNDING:
                self._averages[each] = fsum(energies) / time

    def power(self, at: float) -> float:
        """Return the power in W around an instant that comparable days suggest; 0 without any."""
        known = (self._averages[each] for each in self._times(at) if each in self._averages)
        return next(known, 0.0)

    def _times(self, at: float) -> Sequence[_Time]:
        """Return the times that an instant belongs to, the most similar first."""
        local = datetime.fromtimestamp(at, self._zone)
        quarter = local.hour * 4 + local.minute // 15
        weekend = local.weekday() >= _SATURDAY
        return (weekend, quarter), (None, quarter), (None, None)


def _quarter_hours(start: float, end: float) -> Sequence[float]:
    """Return the borders of quarter hours between two instants, and these."""
    first, last = int(start // _QUARTER) + 1, ceil(end / _QUARTER)
    return (start, *(number * _QUARTER for number in range(first, last)), end)


def _poured(amount: float, weights: Sequence[float], rooms: Sequence[float]) -> Sequence[float]:
    """Divide an amount in proportion to weights; what has no room goes to the others.

    If there is too little room for the amount, all that has a weight is full.
    """
    poured = [0.0] * len(weights)
    # Those that are full first come first, so that the others share what these leave.
    order = sorted(
        (place for place, weight in enumerate(weights) if weight > 0),
        key=lambda place: rooms[place] / weights[place],
    )
    left = [*accumulate(weights[place] for place in reversed(order))]
    for place, weight in zip(order, reversed(left), strict=True):
        poured[place] = min(rooms[place], amount * (weights[place] / weight))
        amount -= poured[place]
    return poured


def _progress(borders: Sequence[float], shares: Sequence[float]) -> Progress:
    """Return the progress through parts, in each of which a share flows evenly."""
    flowed = [0.0, *accumulate(shares)]
    total = flowed[-1]

    def progress(at: float) -> float:
        if at <= borders[0]:
            return 0.0
        if at >= borders[-1]:
            return 1.0
        place = bisect_right(borders, at)
        (start, end), (before, after) = (
            borders[place - 1 : place + 1],
            flowed[place - 1 : place + 1],
        )
        passed = (at - start) / (end - start)
        return min(before + (after - before) * passed, after) / total

    return progress
