"""How fast one client may ask."""

from typing import Final

REQUESTS_PER_SECOND: Final = 50.0
"""Ten times what a controller needs that reads a meter in five parts each second."""
MOST_AT_ONCE: Final = 50
"""Requests; a whole map takes three."""


class Pace:
    """A token bucket: requests at once up to a number, and then so many in a second."""

    def __init__(self, now: float) -> None:
        """Begin with all tokens at a time in s."""
        self._tokens = float(MOST_AT_ONCE)
        self._at = now

    def allows(self, now: float) -> bool:
        """Return whether one more request may be answered, and count it if so."""
        earned = (now - self._at) * REQUESTS_PER_SECOND
        self._tokens, self._at = min(float(MOST_AT_ONCE), self._tokens + earned), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
