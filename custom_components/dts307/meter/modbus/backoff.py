"""How the link to a meter is doing, and how long to wait before it is asked again.

On a shared bus, others wait while a silent meter is waited for. So attempts to read it become rarer
the longer it is silent, within these bounds:

* After an attempt that took c seconds, the pause need not be longer than 22 c: then the meter has
  c of every 23 c seconds, 4.3 % of the bus. A failure that takes no time, such as a refusal or a
  port that is not there, costs the others nothing and is tried again at the usual pace.
* The pause is never longer than 24 s. What is left of 30 s after a meter has come back is for
  giving up an attempt, for waiting its turn, and for reading and identifying it.
* The pause is not longer than the meter has been silent, so that a short absence is not made
  more than about twice as long. Since the time in silence doubles with every attempt, few come
  before the longest pause: beyond 5 %, an outage costs the bus a few seconds once.

Both hold as long as c is 1.2 s at most. That is why a meter that is not answering is asked for two
registers only (``Meter.probe``), and these are waited for no longer than they take (``Line``):
1.02 s at 9600 baud and 1.19 s at 1200, where the longest answer takes 3.3 s. A meter that is busy
for ever is no different, as the attempts at it are cut off alike.

Where both cannot hold, it depends on whose time it is. At 2400 and 1200 baud, three others in front
and a snapshot take so long that it may be 31 and 36 s until a meter is found again. There the share
of the others goes first: it is lost for as long as the meter is away, and these seconds only once.
What takes longer than 1.2 s, such as an adapter that does not connect, is nobody else's loss, for
nobody else is answered over it: then finding the meter goes first, and it is asked every 24 s.

Home Assistant counts a pause from a tick of its own, once a second, so that the next attempt comes
up to 0.95 s before the pause ends or 0.5 s after it. At worst, the share is 1.2 s of 24.25 s, which
is 4.95 %, and the meter is asked again 25.7 s after it was asked last.
"""

from collections import deque
from datetime import datetime
from math import floor
from typing import Final

from ..errors import (
    AnotherMeterError,
    AnotherUnitError,
    GarbledReplyError,
    HostRefusesError,
    HostUnknownError,
    HostUnreachableError,
    LinkDownError,
    LinkLostError,
    MapChangedError,
    MeterBusyError,
    MeterSilentError,
    PortForbiddenError,
    PortInUseError,
    PortMissingError,
    ReadRefusedError,
    WrongSpeedError,
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
    WrongSpeedError,
    MeterBusyError,
    ReadRefusedError,
    GarbledReplyError,
    MapChangedError,
    AnotherMeterError,
)
"""What can keep a meter that was identified from being read."""

LONGEST_PAUSE: Final = 24.0
"""Seconds between two attempts to read a meter that does not answer, at most."""

PAUSE_TO_ATTEMPT: Final = 22
"""How many times longer than a failed attempt the pause after it may have to be."""

SHORTEST_PAUSE: Final = 0.05
"""Seconds, so that a meter that cannot keep up with its interval still lets others ask."""

WINDOW: Final = 100
"""How many attempts the success rate looks back on.

A number of attempts, rather than a span of time, gives the rate the same meaning at every poll
interval: one in a hundred is one per cent. At the usual 5 seconds they are the last 8 minutes.
"""


class ConnectionHealth:
    """The outcomes of the attempts to read a meter, and what follows from them.

    Times are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        """Begin without any attempt; a meter counts as answering until it does not."""
        self._failure: str | None = None
        self._answer_time: float | None = None
        self._last_reading: datetime | None = None
        self._outcomes: deque[bool] = deque(maxlen=WINDOW)
        self._begun = self._ended = self._failing_since = 0.0

    def answered(self, begun: float, ended: float, at: datetime) -> None:
        """Take note of an attempt that brought a reading; ``at`` is the time of day at its end."""
        self._outcomes.append(True)
        self._begun, self._ended = begun, ended
        self._failure = None
        self._answer_time = ended - begun
        self._last_reading = at

    def failed(self, reason: str, begun: float, ended: float) -> None:
        """Take note of an attempt that failed; ``reason`` is that of the MeterError."""
        self._outcomes.append(False)
        self._begun, self._ended = begun, ended
        if self._failure is None:
            self._failing_since = begun
        self._failure = reason

    @property
    def answering(self) -> bool:
        """Whether the last attempt brought a reading."""
        return self._failure is None

    @property
    def failure(self) -> str | None:
        """Why the last attempt failed, as the reason of a MeterError; None if it did not."""
        return self._failure

    @property
    def answer_time(self) -> float | None:
        """How long the last reading took, in seconds, with waiting for others on the bus."""
        return self._answer_time

    @property
    def last_reading(self) -> datetime | None:
        """When the last reading came; None before the first."""
        return self._last_reading

    @property
    def success_rate(self) -> float | None:
        """How many of the last attempts brought a reading, 0 to 1; None before the first."""
        return sum(self._outcomes) / len(self._outcomes) if self._outcomes else None

    def pause(self, interval: float) -> float:
        """Return the seconds to wait after the last attempt, given the owner's poll interval.

        While the meter answers, the interval is kept from begin to begin: the seconds in which a
        poll waited for others, counted as Home Assistant does, are taken off. While it does not
        answer, the interval is the shortest pause, unless that is too long to find a meter again.
        """
        if self._failure is None:
            return max(SHORTEST_PAUSE, interval - (floor(self._ended) - floor(self._begun)))
        silent_for = self._ended - self._failing_since
        earned = min(PAUSE_TO_ATTEMPT * (self._ended - self._begun), silent_for)
        return min(LONGEST_PAUSE, max(interval, earned))
