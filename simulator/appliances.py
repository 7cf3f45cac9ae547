"""The loads in the house: when each draws power, and on which phase."""

from dataclasses import dataclass
from math import exp, sqrt
from typing import NamedTuple
from zlib import crc32

from .noise import uniform, wander


class Peak(NamedTuple):
    """A time of day of frequent use: hour, spread in hours, and height."""

    hour: float
    spread: float
    height: float


def popularity(hour: float, peaks: tuple[Peak, ...]) -> float:
    """Return the sum of bell curves around the peaks, continuous at midnight."""
    total = 0.0
    for peak in peaks:
        distance = (hour - peak.hour + 12) % 24 - 12
        total += peak.height * exp(-0.5 * (distance / peak.spread) ** 2)
    return total


@dataclass(frozen=True, kw_only=True)
class Appliance:
    """A load that runs for `run` seconds, at most once in every `every` seconds.

    `phase` counts from 0, and wraps around in a house with fewer phases. `chance` is the
    probability of a run; the popularity of the hour is added to it. A thermostat or a controller
    switches the load during a run: on for `on` seconds in every `cycle` seconds.
    """

    name: str
    phase: int
    watts: float
    power_factor: float = 1.0
    every: int
    run: int
    cycle: int = 0
    on: int = 0
    chance: float = 0.0
    peaks: tuple[Peak, ...] = ()

    @property
    def vars_per_watt(self) -> float:
        """Inductive reactive power per watt, tan(phi)."""
        return sqrt(1 / self.power_factor**2 - 1)

    def power(self, seed: int, timestamp: float, hour: float) -> float:
        """Return the power drawn in W; `hour` is the local hour at `timestamp`."""
        own = seed ^ crc32(self.name.encode())
        # Each appliance's slots start at another instant, so that they do not switch together.
        slot, inside = divmod(timestamp + own % self.every, self.every)
        begin = uniform(own, 2 * int(slot)) * (self.every - self.run)
        if not begin <= inside < begin + self.run:
            return 0.0
        chance = self.chance + popularity((hour - inside / 3600) % 24, self.peaks)
        if uniform(own, 2 * int(slot) + 1) >= chance:
            return 0.0
        if self.cycle and (inside - begin) % self.cycle >= self.on:
            return 0.0
        return self.watts * (1 + 0.02 * wander(own, timestamp, 20))


_MORNING, _EVENING = 7.0, 19.0

APPLIANCES = (
    Appliance(
        name="refrigerator", phase=0, watts=120, power_factor=0.75, every=2700, run=1000, chance=1
    ),
    Appliance(name="freezer", phase=2, watts=90, power_factor=0.7, every=3600, run=1100, chance=1),
    Appliance(
        name="heat pump",
        phase=0,
        watts=1400,
        power_factor=0.92,
        every=2400,
        run=900,
        chance=0.4,
        peaks=(Peak(_MORNING - 1, 2, 0.4), Peak(_EVENING + 1, 2, 0.3)),
    ),
    Appliance(
        name="circulation pump",
        phase=1,
        watts=160,
        power_factor=0.8,
        every=1800,
        run=700,
        chance=0.5,
        peaks=(Peak(_MORNING, 1.5, 0.4), Peak(_EVENING + 1, 2, 0.4)),
    ),
    Appliance(
        name="kettle",
        phase=1,
        watts=1500,
        every=3600,
        run=180,
        peaks=(Peak(_MORNING, 0.8, 0.9), Peak(10.5, 1, 0.3), Peak(16, 1.5, 0.4)),
    ),
    Appliance(
        name="oven",
        phase=2,
        watts=2200,
        every=1800,
        run=1100,
        peaks=(Peak(12.3, 0.7, 0.5), Peak(_EVENING - 0.5, 1, 0.9)),
    ),
    Appliance(
        name="water heater",
        phase=2,
        watts=2400,
        every=5400,
        run=900,
        chance=0.25,
        peaks=(Peak(_MORNING - 0.5, 1.2, 0.6), Peak(21.5, 1.5, 0.4)),
    ),
    Appliance(
        name="dishwasher",
        phase=1,
        watts=1200,
        power_factor=0.98,
        every=14400,
        run=1500,
        peaks=(Peak(20.5, 1.5, 0.8), Peak(13.5, 1, 0.3)),
    ),
    Appliance(
        name="washing machine",
        phase=0,
        watts=900,
        power_factor=0.9,
        every=21600,
        run=2700,
        peaks=(Peak(10, 2, 0.5),),
    ),
    Appliance(
        name="television",
        phase=1,
        watts=140,
        power_factor=0.93,
        every=10800,
        run=9000,
        peaks=(Peak(20.5, 2, 0.95),),
    ),
)

STANDBY_WATTS = (85.0, 60.0, 45.0)
STANDBY_VARS_PER_WATT = 0.35

LIGHT_WATTS = (140.0, 220.0, 90.0)
LIGHT_VARS_PER_WATT = 0.2
LIGHT_PEAKS = (Peak(_MORNING - 0.3, 0.9, 0.6), Peak(_EVENING + 1.3, 2, 1.0))
