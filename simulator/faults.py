"""What can be wrong with the installation of a meter, with its settings, or with its gateway."""

from cmath import rect
from collections.abc import Sequence
from dataclasses import dataclass
from math import tau
from typing import Final

from .accuracy import Seen
from .measure import Measurement

_THIRD: Final = rect(1, tau / 3)
_POWERS: Final = ("W", "VAR", "PF")


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Faults of one meter; by default there are none.

    Args:
        reversed_cts: the phases whose CT is reversed, such as "B".
        swapped_cts: the CTs of phases A and B are swapped.
        open_leads: the phases whose voltage lead is open.
        negated: power has the opposite sign; the counters do not.
        unsigned: power has no sign; the counters know the direction.
        held: a cache repeats the registers of the instant at which this began.
        missing: names of points that the meter reports as not implemented from now on.
    """

    reversed_cts: str = ""
    swapped_cts: bool = False
    open_leads: str = ""
    negated: bool = False
    unsigned: bool = False
    held: bool = False
    missing: frozenset[str] = frozenset()

    def seen(self, phases: Sequence[Seen]) -> list[Seen]:
        """Return what the meter sees of phases A, B and C instead of what there is."""
        seen = list(phases)
        if self.swapped_cts:
            # Each current meets the voltage of the other phase, a third of a turn away.
            seen[:2] = [
                _with_power(seen[0], seen[1].amps, _power(seen[1]) * _THIRD),
                _with_power(seen[1], seen[0].amps, _power(seen[0]) / _THIRD),
            ]
        for place, phase in enumerate("ABC"[: len(seen)]):
            if phase in self.reversed_cts:
                seen[place] = _with_power(seen[place], seen[place].amps, -_power(seen[place]))
            if phase in self.open_leads:
                seen[place] = Seen(0.0, seen[place].amps, 0.0, 0.0)
        return seen

    def shown(self, measurement: Measurement) -> Measurement:
        """Return what the meter shows instead of what it counts."""
        if not (self.negated or self.unsigned):
            return measurement

        def turned(value: int) -> int:
            return abs(value) if self.unsigned else -value

        values = {
            name: turned(value) if name.partition("ph")[0] in _POWERS else value
            for name, value in measurement.values.items()
        }
        return Measurement(values, measurement.steps)


def _power(seen: Seen) -> complex:
    return complex(seen.watts, seen.var)


def _with_power(seen: Seen, amps: float, power: complex) -> Seen:
    return Seen(seen.volts, amps, power.real, power.imag)
