"""Choose the length of each request, so that answers to other requests have another length.

docs/internals/resilient-unit.md explains why.
"""

from collections import deque
from math import inf
from typing import Final

_BEHIND: Final = 2
"""How many answers an adapter may be behind."""

_SPARE: Final = 4
"""Most registers that are read in addition."""


class RequestLengths:
    """The lengths of requests on one connection whose answers may arrive instead of another's.

    Lengths are numbers of registers, and times are seconds of one monotonic clock.
    """

    def __init__(self, *, is_queued: bool) -> None:
        """Begin without requests; ``is_queued`` says that an adapter may keep answers back."""
        self._latest: deque[int] = deque(maxlen=_BEHIND if is_queued else 0)
        self._failed: dict[int, float] = {}

    def choose(self, count: int, most: int, now: float) -> int:
        """Return a length from ``count`` up to ``most``, as short as possible.

        It is none of the latest lengths, nor of those that failed and whose answers may still be
        due, if there is such a length.
        """

        def dangers(length: int) -> tuple[bool, bool, float]:
            due_until = self._failed.get(length, -inf)
            is_latest = length in self._latest
            return is_latest and length == self._latest[-1], is_latest, max(due_until, now)

        return min(range(count, max(count, min(most, count + _SPARE)) + 1), key=dangers)

    def sent(self, length: int) -> None:
        """Record a request."""
        self._latest.append(length)

    def failed(self, length: int, due_until: float) -> None:
        """Record that the answer to a request may arrive later, until some time."""
        self._failed[length] = due_until
