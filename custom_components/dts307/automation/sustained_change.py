"""When a value has changed to a wanted one and stayed there.

Triggers use it on the states of entities: it finds the moment of a change. The alarms of
``meter/hysteresis.py`` are what is between: they turn a measured number into a state.
"""

from collections.abc import Container


class SustainedChange[T]:
    """Detects that a value has become one of those wanted, and has stayed so for long enough.

    The value at the start is not a change. Switching between wanted values does not restart the
    hold time. While the value is not known (None), the hold time pauses; the next known value is
    compared with the last known one. This is a pure state machine: instants are seconds on any
    clock that runs steadily.
    """

    def __init__(self, wanted: Container[T], hold: float) -> None:
        """Watch for a value in ``wanted`` that lasts for ``hold`` seconds."""
        self._wanted = wanted
        self._hold = hold
        self._settled: T | None = None
        self.pending: T | None = None
        """the wanted value whose hold time is running"""
        self._held = 0.0
        self._since: float | None = None

    @property
    def due(self) -> float | None:
        """When the pending value will have held long enough if it stays known."""
        return None if self._since is None else self._since + self._hold - self._held

    def see(self, value: T | None, now: float) -> None:
        """Update with the value at the instant ``now``; None if it is not known."""
        if value is None:
            self._pause(now)
        elif self._settled is None or value == self._settled or value not in self._wanted:
            self._settle(value)
        else:
            self.pending = value
            if self._since is None:
                self._since = now

    def reach(self) -> None:
        """Accept the pending value, which has held long enough."""
        self._settle(self.pending)

    def _pause(self, now: float) -> None:
        if self._since is not None:
            self._held += now - self._since
            self._since = None

    def _settle(self, value: T | None) -> None:
        self._settled, self.pending = value, None
        self._held, self._since = 0.0, None
