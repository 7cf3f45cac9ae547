"""The SunSpec map of a meter, made of the registers of one accepted reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from ..sunspec import BASE_ADDRESSES, END_MODEL, MARKER, Meter, Reading

IMAGE_ADDRESS: Final = BASE_ADDRESSES[0]
"""Where the map begins, wherever it begins in the meter: clients look here first."""


@dataclass(frozen=True, slots=True)
class RegisterImage:
    """The map that clients see: the marker, model 1, the meter model and the end model.

    The registers are those that the meter sent, with its own sign of power. Models of which only
    the start is known have the length of that.
    """

    words: tuple[int, ...]
    read_at: float
    """s of a monotonic clock when the reading began"""

    @classmethod
    def of(cls, meter: Meter, reading: Reading, read_at: float) -> Self:
        """Return the map of a meter with the registers of a reading, begun at ``read_at`` s."""
        models = (*_model(meter.common), *_model(reading.registers))
        return cls((*MARKER, *models, END_MODEL, 0), read_at)

    def registers(self, address: int, count: int) -> tuple[int, ...] | None:
        """Return ``count`` registers from an address on; None if some are not in the map."""
        start = address - IMAGE_ADDRESS
        if start < 0 or start + count > len(self.words):
            return None
        return self.words[start : start + count]


def _model(words: Sequence[int]) -> Sequence[int]:
    """Return a model, header included, whose length is that of the registers that are known."""
    return (words[0], len(words) - 2, *words[2:]) if words else ()
