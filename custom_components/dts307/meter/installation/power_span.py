"""What flowed and what was counted while the total power kept its sign.

A span of readings starts and ends with a movement of a counter. Between two movements a counter
shows the energy as exactly as the polls do, however coarse its counts are.
docs/internals/power-sign.md explains why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import math
from typing import Final

from ..phases import PARTS
from ..sunspec import PerPhase, Reading

_INTERPOLATED_WITHIN: Final = 150.0
"""s between two readings across which power can be interpolated: two polls a minute apart, and
some. What the power did during an outage is unknown."""

_CLEAR_POWER: Final = 20.0
"""W on a phase, on average, whose sign is beyond the noise of a large CT."""

_CLEAR_POWER_FACTOR: Final = 0.3
"""W per VA on a phase whose sign is beyond doubt. An idle inverter draws hardly more than reactive
power, and a load between two phases shifts the current of either by 30 degrees. A CT on the wrong
phase shifts it by 120 degrees, and the load's own shift makes that more on one of two exchanged
ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What flowed on one phase or in total; NaN if unknown, which fails every comparison."""

    net: float = 0.0
    """Wh, with the meter's sign"""
    gross: float = 0.0
    """Wh regardless of the sign: the size of the net if the sign never changed"""
    apparent: float = 0.0
    """VAh"""

    def extended(self, part: str, start: Reading, end: Reading, seconds: float) -> Flow:
        """Return the flow with what flowed between two readings, as if all changed steadily."""
        half = seconds / 3600 / 2
        watts = [_value_or_nan(reading.power, part) for reading in (start, end)]
        volt_amperes = [
            abs(
                _value_or_nan(reading.voltage_line_to_neutral, part)
                * _value_or_nan(reading.current, part)
            )
            for reading in (start, end)
        ]
        return Flow(
            net=self.net + half * sum(watts),
            gross=self.gross + half * sum(map(abs, watts)),
            apparent=self.apparent + half * sum(volt_amperes),
        )

    def is_clear(self, seconds: float) -> bool:
        """Return whether the sign of the net is beyond doubt.

        Without a voltage to neutral it never is: the two wattmeters of a delta service may
        correctly put a negative power on a phase.
        """
        size = abs(self.net)
        least = _CLEAR_POWER * seconds / 3600
        return size >= least and size >= _CLEAR_POWER_FACTOR * self.apparent


_NO_FLOWS: Final = dict.fromkeys(PARTS, Flow())


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSpan:
    """Readings in a row during which the total power kept its sign."""

    since: float
    """s"""
    now: float
    """s"""
    latest: Reading
    dark: bool
    """whether it was dark all the time"""
    opening: Reading | None = None
    """the reading whose counters it started with; None while the sign has yet to hold"""
    flows: Mapping[str, Flow] = field(default_factory=lambda: _NO_FLOWS)

    @property
    def seconds(self) -> float:
        """How long it has lasted, in s."""
        return self.now - self.since

    def counted(self, part: str) -> float:
        """Return what the counters have moved since the opening: Wh, import positive."""
        return net_energy(self.latest, part) - net_energy(self.opening or self.latest, part)

    def is_continued_by(self, reading: Reading, now: float) -> bool:
        """Return whether nothing of what happened before this reading is in doubt."""
        return (
            0 <= now - self.now <= _INTERPOLATED_WITHIN
            and (reading.power.total or 0) * (self.latest.power.total or 0) > 0
            and all(
                after >= before
                for before, after in zip(
                    total_counters(self.latest), total_counters(reading), strict=True
                )
            )
        )

    def extended(self, reading: Reading, now: float, *, dark: bool) -> PowerSpan:
        """Return the span with one more reading."""
        seconds = now - self.now
        flows = {
            part: flow.extended(part, self.latest, reading, seconds)
            for part, flow in self.flows.items()
        }
        return replace(self, now=now, latest=reading, dark=self.dark and dark, flows=flows)


def _value_or_nan(quantity: PerPhase, part: str) -> float:
    value: float | None = getattr(quantity, part)
    return math.nan if value is None else value


def total_counters(reading: Reading) -> tuple[float, float]:
    """Return the imported and exported total in Wh; one that the meter lacks never moves."""
    return reading.energy_imported.total or 0.0, reading.energy_exported.total or 0.0


def net_energy(reading: Reading, part: str) -> float:
    """Return what a part has imported less what it has exported, in Wh."""
    imported, exported = (
        getattr(quantity, part) or 0.0
        for quantity in (reading.energy_imported, reading.energy_exported)
    )
    return float(imported - exported)
