"""Tells when a value begins to hold, as far as anyone knows."""

from collections.abc import Container


class Debounce[T]:
    """Watches one value, and names the instant at which the values wanted have held long enough.

    What held when the watch began is not news. It is enough that one or the other of the values
    wanted is there all the time. A value that is not known (None), because the meter does not
    answer, neither starts nor stops anything, and does not count as time held: afterwards, things
    are compared with what was known last. A pure state machine; instants are seconds on any clock
    that runs steadily.
    """

    def __init__(self, wanted: Container[T], hold: float) -> None:
        """Watch for a value in ``wanted`` that lasts for ``hold`` seconds."""
        self._wanted = wanted
        self._hold = hold
        self._settled: T | None = None
        self.pending: T | None = None
        """the value that is waited for, while it is one of those wanted"""
        self._held = 0.0
        self._since: float | None = None

    @property
    def due(self) -> float | None:
        """When the pending value will have held long enough, if it is known all along."""
        return None if self._since is None else self._since + self._hold - self._held

    def see(self, value: T | None, now: float) -> None:
        """Take note of what the value is at the instant ``now``, or that it is not known (None)."""
        if value is None:
            self._count(now)
        elif self._settled is None or value == self._settled or value not in self._wanted:
            self._settle(value)
        else:
            self.pending = value
            if self._since is None:
                self._since = now

    def reach(self) -> None:
        """Take the pending value for the one that holds, because it was due."""
        self._settle(self.pending)

    def _count(self, now: float) -> None:
        if self._since is not None:
            self._held += now - self._since
            self._since = None

    def _settle(self, value: T | None) -> None:
        self._settled, self.pending = value, None
        self._held, self._since = 0.0, None
