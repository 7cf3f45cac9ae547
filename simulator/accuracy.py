"""Measuring noise: how the values of a meter of some accuracy class scatter around the truth."""

from dataclasses import dataclass
from math import atan2, cos, sin
from typing import NamedTuple

from .noise import uniform

_DRAWS = 9
"""Random numbers for each phase and instant, three for each of the three errors."""
_PHASES = 3
_FLOOR = 0.02
"""Share of the service current at which the noise of the current stops shrinking with it."""
_RADIANS = 0.2
"""Phase error in rad for a relative error of 1."""


class Seen(NamedTuple):
    """What a meter sees of one phase: V, A, W and var."""

    volts: float
    amps: float
    watts: float
    var: float


@dataclass(frozen=True)
class Accuracy:
    """The errors of one meter, a pure function of seed and time.

    Voltage and current each scatter by up to half of `percent`, in a bell around the truth, so that
    power stays within it. Power, reactive power and apparent power follow from the voltage and the
    current that the meter sees, so that they never contradict these.

    Args:
        seed: seed of the errors.
        percent: accuracy class, such as 0.5; 0 measures exactly.
        full_current: service current in A.
    """

    seed: int
    percent: float
    full_current: float

    def of(self, seen: Seen, phase: int, timestamp: int) -> Seen:
        """Return what the meter sees in place of the truth; `phase` counts from 0."""
        if not self.percent:
            return seen
        size = self.percent / 100
        first = _DRAWS * (_PHASES * timestamp + phase)
        volts = seen.volts * (1 + size / 2 * self._bell(first))
        noise = size / 2 * self._bell(first + 3)
        # Without any current there is no noise, and the sign of power never changes.
        floor = min(_FLOOR * self.full_current, 100 * seen.amps)
        amps = seen.amps + noise * max(seen.amps, floor)
        angle = atan2(seen.var, seen.watts) + _RADIANS * size * self._bell(first + 6)
        apparent = volts * amps
        return Seen(volts, amps, apparent * cos(angle), apparent * sin(angle))

    def _bell(self, first: int) -> float:
        """Return a number in [-1, 1] from three random numbers, mostly a small one."""
        return 2 * sum(uniform(self.seed, first + draw) for draw in range(3)) / 3 - 1
