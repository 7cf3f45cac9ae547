"""A meter that does not answer, made on the wire.

The wire's process imports this while the bus is in use, so that it must not take long.
"""

from dataclasses import dataclass

from tests.wire.wire import Direction


@dataclass(frozen=True)
class Muted:
    """Loses what one unit says."""

    unit: int

    def __call__(self, direction: Direction, data: bytes) -> bytes:
        """Let a frame pass or not."""
        return b"" if direction is Direction.REPLY and data[0] == self.unit else data
