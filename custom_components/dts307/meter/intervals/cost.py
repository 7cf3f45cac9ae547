"""What energy costs at the price of its time.

Between two borders of intervals, a running total rises by what the counter counted, times the mean
price of that time. The mean is weighted by time. docs/internals/cost.md explains the rules.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Self

from ..sample import Sample
from .periods import HOUR

_PLACES: Final = 12
"""Decimal places of prices and totals."""

_HIGHEST: Final = Decimal(10**9)
"""per kWh, in any currency"""

_BEGUN_ANEW: Final = 1.0
"""Wh; a counter that is lower than what is booked by more than this has lost what was stored."""

_MOST_HOURS: Final = 10 * 24
"""After more days without readings, Home Assistant's statistics begin again."""

_MOST_CHANGES: Final = 10_000
"""A price that changes each second must fill neither the memory nor the disk."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of a kWh over time, which changes in steps and may be negative."""

    changes: tuple[tuple[float, Decimal], ...]
    """since when in s which price holds, in the order of time and never empty; the first one also
    holds before"""

    def after(self, at: float, price: Decimal) -> Prices:
        """Return the prices with another one from an instant in s on, whatever was to follow."""
        earlier = self.changes[: bisect_left(self.changes, at, key=_instant)]
        if earlier and earlier[-1][1] == price:
            return Prices(earlier)
        if len(earlier) >= _MOST_CHANGES:
            earlier = earlier[::2]
        return Prices((*earlier, (at, price)))

    def since(self, at: float) -> Prices:
        """Return the prices without those that only matter before an instant in s."""
        return Prices(self.changes[self._place(at) :])

    def mean(self, start: float, end: float) -> Fraction:
        """Return the exact mean price between two instants in s, weighted by time."""
        first = self._place(start)
        later = (change for change in self.changes[first + 1 :] if change[0] < end)
        steps = [self.changes[first], *later]
        starts = [start, *(at for at, _ in steps[1:]), end]
        weighted = (
            Fraction(price) * (Fraction(finish) - Fraction(begin))
            for (_, price), (begin, finish) in zip(steps, pairwise(starts), strict=True)
        )
        return sum(weighted, Fraction()) / (Fraction(end) - Fraction(start))

    def _place(self, at: float) -> int:
        """Return the place of the change whose price holds at an instant in s."""
        return max(0, bisect_right(self.changes, at, key=_instant) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAccount:
    """The running total of one counter's cost, and up to where it is booked."""

    prices: Prices
    """from ``until`` on"""
    until: float
    """s; the border up to which is booked"""
    counter: float | None = None
    """Wh that are booked, as the counter counts; None before it is known at a border"""
    total: Decimal = Decimal()
    """cost in the currency of the prices"""
    hours: tuple[tuple[float, Decimal], ...] = ()
    """the totals at the ends of the latest hours of UTC, with their time in s"""

    def booked(self, counts: Sequence[Sample], border: float) -> CostAccount:
        """Return the account after what was counted up to the latest ``border`` in s.

        ``counts`` are the counter at the borders from ``until`` on, as far as it is known there.
        """
        after = self.after(counts)
        return replace(after, until=border, prices=after.prices.since(border))

    def after(self, counts: Sequence[Sample]) -> CostAccount:
        """Return the account after these counts, in the order of time.

        What is booked is the counter less what was booked before. So a count that changes later,
        because a clock was wrong for example, makes no energy count twice or be lost.
        """
        until, counter, total = self.until, self.counter, self.total
        hours = [(at, known) for at, known in self.hours if at < until]
        later = [count for count in counts if count.at >= until]
        if counter is not None and later and later[-1].value < counter - _BEGUN_ANEW:
            counter = None
        for count in later:
            if counter is None:
                counter, until = count.value, count.at
            elif count.at > until:
                total += cost(max(0.0, count.value - counter), self.prices.mean(until, count.at))
                counter, until = max(counter, count.value), count.at
            if count.at % HOUR == 0:
                hours.append((count.at, total))
        latest = tuple(hours[-_MOST_HOURS:])
        return replace(self, until=until, counter=counter, total=total, hours=latest)

    def without_hours_before(self, at: float) -> CostAccount:
        """Return the account without the totals at the ends of hours before an instant in s."""
        return replace(self, hours=tuple(hour for hour in self.hours if hour[0] >= at))

    def as_dict(self) -> dict[str, Any]:
        """Return the account as JSON holds it."""
        return {
            "until": self.until,
            "counter": self.counter,
            "total": f"{self.total:f}",
            "prices": [[at, f"{price:f}"] for at, price in self.prices.changes],
            "hours": [[at, f"{total:f}"] for at, total in self.hours],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the account that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such an account.
        """
        return cls(
            until=stored["until"],
            counter=stored["counter"],
            total=Decimal(stored["total"]),
            prices=Prices(tuple((at, Decimal(price)) for at, price in stored["prices"])),
            hours=tuple((at, Decimal(total)) for at, total in stored["hours"]),
        )


def as_price(price: Decimal) -> Decimal | None:
    """Return a price per kWh rounded to what is calculated with; None if none is so high."""
    if not price.is_finite() or abs(price) > _HIGHEST:
        return None
    return round(price, _PLACES)


def cost(energy: float, price: Fraction) -> Decimal:
    """Return what energy in Wh costs at a price per kWh, rounded to 12 decimal places."""
    return as_decimal(Fraction(energy) * price / 1000)


def as_decimal(exact: Fraction) -> Decimal:
    """Return a number rounded to 12 decimal places."""
    return Decimal(round(exact * 10**_PLACES)).scaleb(-_PLACES)


def _instant(change: tuple[float, Decimal]) -> float:
    return change[0]
