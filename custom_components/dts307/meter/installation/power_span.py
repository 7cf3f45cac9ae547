"""What flowed and what was counted while the total power kept its sign: evidence of a direction.

A span of readings is opened and closed by a movement of a counter. From one movement to another, a
counter tells the energy between them as exactly as the polls do, however coarse its counts are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
import math
from typing import Final

from ..phases import PARTS
from ..sunspec import PerPhase, Reading

_LONGEST_GAP: Final = 150.0
"""s between two readings between which power can be interpolated: two polls a minute apart, and
some; what a power did during an outage is unknown."""

_CLEAR_POWER: Final = 20.0
"""W on a phase, on average, whose sign is beyond the noise of a large current transformer."""

_CLEAR_POWER_FACTOR: Final = 0.3
"""W per VA on a phase whose sign is beyond doubt. An idle inverter draws hardly more than reactive
power, and a load between two phases turns the current of either by 30 degrees. A transformer on the
wrong phase turns it by 120, and what the load turns makes that more on one of two exchanged ones.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What flowed on one phase or in total; NaN, with which no comparison holds, if not known."""

    net: float = 0.0
    """Wh, as the meter signs it"""
    gross: float = 0.0
    """Wh without regard to the sign: equal to the net's size if it never changed"""
    apparent: float = 0.0
    """VAh"""

    def extended(self, part: str, start: Reading, end: Reading, seconds: float) -> Flow:
        """Add what flowed between two readings, as if all had changed steadily."""
        half = seconds / 3600 / 2
        watts = [_known(reading.power, part) for reading in (start, end)]
        volt_amperes = [
            abs(_known(reading.voltage_line_to_neutral, part) * _known(reading.current, part))
            for reading in (start, end)
        ]
        return Flow(
            net=self.net + half * sum(watts),
            gross=self.gross + half * sum(map(abs, watts)),
            apparent=self.apparent + half * sum(volt_amperes),
        )

    def is_clear(self, seconds: float) -> bool:
        """Tell whether the sign of the net is beyond doubt.

        It never is without a voltage to neutral: what a delta service's two wattmeters put on a
        phase may honestly be negative.
        """
        size = abs(self.net)
        floor = _CLEAR_POWER * seconds / 3600
        return size >= floor and size >= _CLEAR_POWER_FACTOR * self.apparent


_NO_FLOWS: Final = dict.fromkeys(PARTS, Flow())


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSpan:
    """Readings during which the total power kept its sign."""

    since: float
    """s"""
    now: float
    """s"""
    latest: Reading
    dark: bool
    """Whether it was dark all the time."""
    opening: Reading | None = None
    """The reading whose counters it began with; None while the sign has yet to hold."""
    flows: Mapping[str, Flow] = field(default_factory=lambda: _NO_FLOWS)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self.now - self.since

    def counted(self, part: str) -> float:
        """Return what the counters have moved since it was opened: Wh, import positive."""
        return net(self.latest, part) - net(self.opening or self.latest, part)

    def is_followed_by(self, reading: Reading, now: float) -> bool:
        """Tell whether nothing of what happened before this reading is in doubt."""
        return (
            0 <= now - self.now <= _LONGEST_GAP
            and (reading.power.total or 0) * (self.latest.power.total or 0) > 0
            and all(
                after >= before
                for before, after in zip(totals(self.latest), totals(reading), strict=True)
            )
        )

    def extended(self, reading: Reading, now: float, *, dark: bool) -> PowerSpan:
        """Return the span with another reading."""
        seconds = now - self.now
        flows = {
            part: flow.extended(part, self.latest, reading, seconds)
            for part, flow in self.flows.items()
        }
        return replace(self, now=now, latest=reading, dark=self.dark and dark, flows=flows)


def _known(quantity: PerPhase, part: str) -> float:
    value: float | None = getattr(quantity, part)
    return math.nan if value is None else value


def totals(reading: Reading) -> tuple[float, float]:
    """Return the total counters; one that the meter does not have never moves."""
    return reading.energy_imported.total or 0.0, reading.energy_exported.total or 0.0


def net(reading: Reading, part: str) -> float:
    """Return what a part has imported less what it has exported, in Wh."""
    imported, exported = (
        getattr(quantity, part) or 0.0
        for quantity in (reading.energy_imported, reading.energy_exported)
    )
    return float(imported - exported)
