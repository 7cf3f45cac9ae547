"""The clocks of the run in which a meter is polled."""

import time

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..meter.clock import RunClock


class ClockKeeper:
    """The clocks at the latest reading of one meter."""

    def __init__(self) -> None:
        """Begin a run."""
        self.current = RunClock.starting(_wall(), elapsed_seconds())

    @callback
    def async_tick(self) -> None:
        """Read the clocks, as a reading has arrived."""
        self.current = self.current.after(_wall(), elapsed_seconds())


def _wall() -> float:
    return dt_util.utcnow().timestamp()


def elapsed_seconds() -> float:
    """Return monotonic seconds, including those for which the host was suspended."""
    elapsed = time.monotonic()
    if hasattr(time, "CLOCK_BOOTTIME"):
        boottime = time.clock_gettime(time.CLOCK_BOOTTIME)
        elapsed += boottime - time.clock_gettime(time.CLOCK_MONOTONIC)
    return elapsed
