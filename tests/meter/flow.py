"""The true energy of a meter at any instant; it shares no code with what is tested."""

from bisect import bisect_right
from dataclasses import dataclass

from hypothesis import strategies as st

ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",  # 45 minutes off the hour
    "Australia/Lord_Howe",  # the clock is changed by half an hour
    "Africa/Cairo",  # the clock skips midnight
    "America/Havana",  # the clock shows midnight twice
    "Pacific/Kiritimati",  # 14 hours ahead
)

starts = st.integers(1_767_225_600, 1_798_761_600)
"""Any second of the year 2026."""


@dataclass
class Flow:
    """A counter in Wh that grows evenly between given instants."""

    times: list[float]
    counts: list[float]

    def go_on(self, seconds: float, watts: float) -> None:
        """Let some power flow for some time."""
        self.times.append(self.times[-1] + seconds)
        self.counts.append(self.counts[-1] + watts * seconds / 3600)

    def at(self, instant: float) -> float:
        """Return the exact count at an instant."""
        place = min(max(bisect_right(self.times, instant), 1), len(self.times) - 1)
        start, end = self.times[place - 1], self.times[place]
        share = (instant - start) / (end - start)
        return self.counts[place - 1] + (self.counts[place] - self.counts[place - 1]) * share
