"""The clocks of the run in which a meter is polled.

A run is the time since the machine was started. Its elapsed time goes on while Home Assistant
restarts, so that a step of wall time shows even then.
"""

from pathlib import Path
import time
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..meter.clock import RunClock

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

_ROUNDING: Final = 1.0
"""s that two sums of system clocks may be off"""


class ClockKeeper:
    """The clocks at the latest reading of one meter."""

    def __init__(self) -> None:
        """Begin a run."""
        self.current = RunClock.starting(_wall(), elapsed_seconds())
        self._boot: str | None = None

    async def async_load(self, hass: HomeAssistant) -> None:
        """Learn which run this is."""
        self._boot = await hass.async_add_executor_job(boot_id)

    @callback
    def async_resume(self, stored: dict[str, Any]) -> bool:
        """Go on from stored clocks, if they are of this run; return whether they are."""
        clock = RunClock.from_dict(stored["clock"])
        # A container can be moved to a machine whose monotonic clock began later.
        is_later = clock.elapsed <= self.current.elapsed + _ROUNDING
        if self._boot is None or stored["boot"] != self._boot or not is_later:
            return False
        self.current = clock
        self.async_tick()
        return True

    @callback
    def async_tick(self) -> None:
        """Read the clocks, as a reading has arrived."""
        self.current = self.current.after(_wall(), elapsed_seconds())

    def as_dict(self) -> dict[str, Any]:
        """Return the clocks, and of which run they are, as JSON holds them."""
        return {"boot": self._boot, "clock": self.current.as_dict()}


def boot_id() -> str | None:
    """Return what names the current run of the machine; None if the system does not name it."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return None


def _wall() -> float:
    return dt_util.utcnow().timestamp()


def elapsed_seconds() -> float:
    """Return monotonic seconds, including those for which the host was suspended."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
