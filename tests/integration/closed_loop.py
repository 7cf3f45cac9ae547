"""A load that follows a number late, in a house with sun: what an automation has to settle."""

from collections.abc import Callable
from dataclasses import dataclass, field
import math
import random

from tests.integration.blueprints import House

_ROUND = 12
"""s between two instants at which the house is measured"""


@dataclass(kw_only=True)
class AdjustableLoad:
    """Draws what a number says, some seconds after it was set."""

    house: House
    number: str
    watts: float = 230
    """for one unit of the number"""
    delay: float = 0
    """s until it begins to follow"""
    lag: float = 0
    """s until it has followed by 63 %"""
    noise: float = 0
    """W that the rest of the house swings around its mean, up and down"""
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret
    elapsed: float = 0
    changes: list[tuple[float, float]] = field(default_factory=list)
    """s since the beginning, and the number that was set"""
    imported: float = 0
    """Wh"""

    def __post_init__(self) -> None:
        """Begin with a load that has followed the number as it is."""
        self._set = [(-math.inf, self._shown)]
        self._draws = self._shown

    @property
    def _shown(self) -> float:
        return float(self.house.shows(self.number))

    async def runs(self, seconds: float, surplus: float | Callable[[float], float]) -> None:
        """Let time pass, with ``surplus`` W that the load may take, perhaps by the time passed."""
        for _ in range(round(seconds / _ROUND)):
            self._follow()
            offered = surplus(self.elapsed) if callable(surplus) else surplus
            watts = offered - self._draws * self.watts
            self.imported += max(0, -watts) * _ROUND / 3600
            self.house.exports(watts + self.chance.uniform(-self.noise, self.noise))
            await self.house.passes(_ROUND)
            self.elapsed += _ROUND
            if (shown := self._shown) != self._set[-1][1]:
                self._set.append((self.elapsed, shown))
                self.changes.append((self.elapsed, shown))

    def _follow(self) -> None:
        begun = [number for since, number in self._set if since <= self.elapsed - self.delay]
        share = 1 if self.lag == 0 else 1 - math.exp(-_ROUND / self.lag)
        self._draws += (begun[-1] - self._draws) * share

    def changes_since(self, elapsed: float) -> list[float]:
        """Return what the number was set to since an instant."""
        return [number for at, number in self.changes if at > elapsed]
