"""A fault of the wire: one meter does not answer.

The wire's process imports this module while the bus is in use, so it must import quickly.
"""

from dataclasses import dataclass

from tests.wire.wire import Direction


@dataclass(frozen=True)
class Muted:
    """Drops the replies of one unit."""

    unit: int

    def __call__(self, direction: Direction, data: bytes) -> bytes:
        """Return the frame, or nothing to drop it."""
        return b"" if direction is Direction.REPLY and data[0] == self.unit else data
