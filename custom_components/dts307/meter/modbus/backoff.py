"""Connection health of a meter, and the pause before the next attempt to read it.

On a shared bus, the other meters wait while one meter's response timeout runs. So the longer a
meter does not respond, the rarer the attempts: the pause is at most 22 times as long as the failed
attempt, at most as long as the outage so far, and at most 24 s. A silent meter then costs the
others less than 5 % of the bus, and is found again within 30 s.

docs/internals/backoff.md explains why.
"""

from collections import deque
from datetime import datetime
from math import floor
from typing import Final

from ..errors import (
    AnotherMeterError,
    AnotherUnitError,
    EndlessChainError,
    GarbledReplyError,
    HostRefusesError,
    HostUnknownError,
    HostUnreachableError,
    ImplausibleReadingError,
    LinkDownError,
    LinkLostError,
    MapChangedError,
    MeterBusyError,
    MeterSilentError,
    NoMeterModelError,
    NotSunSpecError,
    PortForbiddenError,
    PortInUseError,
    PortMissingError,
    ReadRefusedError,
    SpeaksBacnetError,
    WrongSpeedError,
    WrongTransactionError,
)

READ_FAILURES: Final = (
    PortMissingError,
    PortInUseError,
    PortForbiddenError,
    HostUnknownError,
    HostUnreachableError,
    HostRefusesError,
    LinkLostError,
    LinkDownError,
    MeterSilentError,
    AnotherUnitError,
    SpeaksBacnetError,
    WrongSpeedError,
    WrongTransactionError,
    MeterBusyError,
    ReadRefusedError,
    GarbledReplyError,
    MapChangedError,
    ImplausibleReadingError,
    AnotherMeterError,
    NotSunSpecError,
    EndlessChainError,
    NoMeterModelError,
)
"""Every failure that a poll can end with."""

LONGEST_PAUSE: Final = 24.0
"""Most seconds between two attempts to read a meter that does not respond."""

PAUSE_TO_ATTEMPT: Final = 22
"""How many times as long as a failed attempt the pause after it may be."""

SHORTEST_PAUSE: Final = 0.05
"""Seconds for the other meters when polls take longer than the interval."""

WINDOW: Final = 100
"""How many attempts the success rate covers; at the default interval of 5 s, the last 8 minutes.

A number of attempts gives the rate the same meaning at every poll interval: one is one percent.
"""


class ConnectionHealth:
    """The outcomes of the attempts to read a meter, and what follows from them.

    ``begun`` and ``ended`` are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        """Start without any attempt; a meter counts as responding until an attempt fails."""
        self._failure: str | None = None
        self._answer_time: float | None = None
        self._last_reading: datetime | None = None
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)
        self._begun = self._ended = self._failing_since = 0.0

    def answered(self, begun: float, ended: float, at: datetime) -> None:
        """Record an attempt that returned a reading; ``at`` is the wall time at its end."""
        self._outcomes.append(True)
        self._begun, self._ended = begun, ended
        self._failure = None
        self._answer_time = ended - begun
        self._last_reading = at

    def failed(self, reason: str, begun: float, ended: float) -> None:
        """Record an attempt that failed; ``reason`` is that of the MeterError."""
        self._outcomes.append(False)
        self._begun, self._ended = begun, ended
        if self._failure is None:
            self._failing_since = begun
        self._failure = reason

    @property
    def answering(self) -> bool:
        """Whether the last attempt returned a reading."""
        return self._failure is None

    @property
    def failure(self) -> str | None:
        """The reason of the MeterError of the last attempt; None if it succeeded."""
        return self._failure

    @property
    def answer_time(self) -> float | None:
        """Seconds that the last reading took, including the wait for others on the bus."""
        return self._answer_time

    @property
    def last_reading(self) -> datetime | None:
        """Wall time of the last reading; None before the first."""
        return self._last_reading

    @property
    def success_rate(self) -> float | None:
        """Share of the last attempts that returned a reading, 0 to 1; None before the first."""
        return sum(self._outcomes) / len(self._outcomes) if self._outcomes else None

    def pause(self, interval: float) -> float:
        """Return the seconds to wait after the last attempt, given the poll interval in seconds.

        While the meter responds, the interval counts from start to start. Home Assistant schedules
        by whole seconds, so the whole seconds that the poll took are subtracted. While the meter
        does not respond, the pause is at least the interval, but never above the longest pause.
        """
        if self._failure is None:
            return max(SHORTEST_PAUSE, interval - (floor(self._ended) - floor(self._begun)))
        outage = self._ended - self._failing_since
        backoff = min(PAUSE_TO_ATTEMPT * (self._ended - self._begun), outage)
        return min(LONGEST_PAUSE, max(interval, backoff))
