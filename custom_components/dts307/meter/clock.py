"""The clocks of a run: elapsed time, which is always right, and wall time, which may step.

A machine without a clock chip starts with the time of its last shutdown, and steps ahead once a
time server has answered. docs/internals/clocks.md explains what follows for counters and bills.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

SMALLEST_STEP: Final = 2.0
"""s; time servers correct less than this without a step."""

_ROUNDING: Final = 1e-4
"""s that differences of wall time may be off."""

_SETTLED_AFTER: Final = 1800.0
"""s without a step after which wall time is trusted; a time server may take 20 minutes."""

_EARLIEST: Final = 1_767_225_600.0
"""s; the start of 2026. Any earlier wall time is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClock:
    """The clocks of a run at the latest reading."""

    wall: float
    """s since 1970, as far as the system knows"""
    elapsed: float
    """s, monotonic"""
    now: float
    """s; starts as wall time, and never goes back. A step ahead counts as time that has passed, as
    it may have: so no counter is held because the clock was wrong."""
    begun: float
    """``now`` when the run began"""
    steady_since: float
    """``elapsed`` when the run began, or at the latest step"""
    stepped: float = 0.0
    """s that wall time has stepped in this run, ahead less back"""

    @classmethod
    def starting(cls, wall: float, elapsed: float) -> RunClock:
        """Return the clocks of a run that begins."""
        return cls(wall=wall, elapsed=elapsed, now=wall, begun=wall, steady_since=elapsed)

    def after(self, wall: float, elapsed: float) -> RunClock:
        """Return the clocks at a later reading."""
        passed = max(0.0, elapsed - self.elapsed)
        step = wall - self.wall - passed
        # Where the two agree, wall time has no errors that add up.
        now = wall + (self.now - self.wall) if step > -_ROUNDING else self.now + passed
        stepped = abs(step) >= SMALLEST_STEP
        return RunClock(
            wall=wall,
            elapsed=elapsed,
            now=max(self.now, now),
            begun=self.begun,
            steady_since=elapsed if stepped else self.steady_since,
            stepped=self.stepped + (step if stepped else 0.0),
        )

    def as_dict(self) -> dict[str, float]:
        """Return the clocks as JSON holds them."""
        return {
            "wall": self.wall,
            "elapsed": self.elapsed,
            "now": self.now,
            "begun": self.begun,
            "steady_since": self.steady_since,
            "stepped": self.stepped,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> Self:
        """Return the clocks that ``as_dict`` described."""
        return cls(**stored)

    @property
    def unstepped(self) -> float:
        """Wall time in s as if it had not stepped in this run."""
        return self.wall - self.stepped

    @property
    def is_settled(self) -> bool:
        """Whether wall time has been steady for so long that it is trusted."""
        steady = self.elapsed - self.steady_since >= _SETTLED_AFTER
        return steady and not self.is_impossible

    @property
    def is_impossible(self) -> bool:
        """Whether wall time is certainly wrong."""
        return self.wall < _EARLIEST
