"""What a house really imports and exports in a year: the truth, known at any instant.

It shares no code with what is tested. Powers are whole watts that change every five minutes, and
times count in whole milliseconds, so that energies are exact.
"""

from datetime import UTC, datetime
from functools import cache
from itertools import accumulate
import math
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
MOST_POWER: Final = 11_000.0
"""W; the highest plausible power. The house draws up to this, and its panels give less."""

NIGHT_OF_EXPORT: Final = (1_791_997_200.0, 1_792_017_000.0)
"""s; on 14 October, a battery exports from 19:00 to half past midnight."""

_SLOT: Final = 300_000
"""ms"""
_WH: Final = 3_600_000
"""W ms in a Wh"""
_LATITUDE, _LONGITUDE = math.radians(52.5), 13.4


def instant(local: str) -> float:
    """Return the instant of a local time such as ``2026-03-29 12:00``."""
    return datetime.fromisoformat(local).replace(tzinfo=BERLIN).timestamp()


def height_of_sun(at: float) -> float:
    """Return the sine of the sun's elevation in Berlin, to a degree or so."""
    moment = datetime.fromtimestamp(at, UTC)
    season = 2 * math.pi * (moment.timetuple().tm_yday + 10) / 365
    declination = math.radians(-23.44) * math.cos(season)
    turned = math.radians((at % DAY) / 240 + _LONGITUDE - 180)
    return math.sin(_LATITUDE) * math.sin(declination) + math.cos(_LATITUDE) * math.cos(
        declination
    ) * math.cos(turned)


class Curve:
    """The energy of one direction."""

    def __init__(self, begin: float, powers: list[int]) -> None:
        """Take the powers in W of each five minutes from ``begin`` on, in s."""
        self._begin = round(begin * 1000)
        self._powers = powers
        self._flowed = [0, *accumulate(power * _SLOT for power in powers)]

    def _at(self, when: float) -> int:
        """Return the energy until an instant in s, in W ms."""
        slot, rest = divmod(round(when * 1000) - self._begin, _SLOT)
        return self._flowed[slot] + self._powers[slot] * rest

    def power(self, when: float) -> int:
        """Return the power at an instant, in W."""
        return self._powers[(round(when * 1000) - self._begin) // _SLOT]

    def energy(self, start: float, end: float) -> float:
        """Return what flows between two instants, in Wh."""
        return (self._at(end) - self._at(start)) / _WH

    def counts(self, start: float, end: float) -> int:
        """Return how many Wh a register counts that is at a whole Wh at ``start``."""
        return (self._at(end) - self._at(start)) // _WH


class House:
    """A house with loads and solar panels."""

    def __init__(self, seed: int, begin: float, end: float) -> None:
        """Draw what happens between two instants, in s."""
        random = Random(seed)  # noqa: S311 - no secret
        net = list(self._net(random, begin, end))
        self.imported = Curve(begin, [max(0, power) for power in net])
        self.exported = Curve(begin, [max(0, -power) for power in net])

    def _net(self, random: Random, begin: float, end: float) -> list[int]:
        powers = []
        load, clouds = 0, 0.0
        for slot in range(math.ceil((end - begin) * 1000 / _SLOT) + 1):
            at = begin + slot * _SLOT / 1000
            hour = datetime.fromtimestamp(at, BERLIN).hour
            if slot % 3 == 0 or random.random() < 0.1:
                load = random.choice((0, 150, 300, 300, 700))
                if 6 <= hour <= 22 and random.random() < 0.15:
                    load = random.choice((2_000, 3_500, int(MOST_POWER)))
            if slot % 12 == 0:
                clouds = random.choice((0.1, 0.5, 1.0))
            sun = int(max(0.0, height_of_sun(at)) * 8_000 * clouds)
            is_night = NIGHT_OF_EXPORT[0] <= at < NIGHT_OF_EXPORT[1]
            powers.append(-5_000 if is_night else load - sun)
        return powers


def lit(start: float, end: float) -> float:
    """Return the share of a time in which the sun may shine."""
    length = _SLOT / 1000
    slots = range(int(start // length), math.ceil(end / length))
    bright = (
        min(end, (slot + 1) * length) - max(start, slot * length)
        for slot in slots
        if _shines(slot * length)
    )
    return math.fsum(bright) / (end - start)


@cache
def _shines(slot: float) -> bool:
    return height_of_sun(slot) > 0
