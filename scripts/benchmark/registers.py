"""The registers of a poll's values, by the published model definition."""

from dataclasses import dataclass
from typing import Final

from sunspec2.device import Model

from tests.wire.wire import Timing, Traffic

from .bus import MODEL

_LAST_POINT: Final = "TotWh_SF"
HEADER: Final = 2
"""Registers of a model's header: its ID and its length."""

_REQUEST_BYTES: Final = 8
_REPLY_OVERHEAD: Final = 5


@dataclass(frozen=True)
class Value:
    """A point with a value: its place in the model, and its encoding."""

    name: str
    offset: int
    registers: int
    scale_point: str


def _values() -> tuple[Value, ...]:
    points = Model(MODEL).points
    end = points[_LAST_POINT].offset
    return tuple(
        Value(name, point.offset, point.len, point.sf)
        for name, point in points.items()
        if HEADER <= point.offset < end and point.sf is not None
    )


VALUES: Final = _values()
"""The values of a poll: all instantaneous values, and the counters of active energy."""

HEAD_LENGTH: Final = Model(MODEL).points[_LAST_POINT].offset + 1
"""Registers from the model's header to the last of a poll."""

MODEL_LENGTH: Final = Model(MODEL).points["Evt"].offset + Model(MODEL).points["Evt"].len
"""Registers of the whole model, with its header."""


def ideal(timing: Timing, meters: int) -> float:
    """Return the seconds of one read per meter of only the values and their scale factors."""
    registers = HEAD_LENGTH - HEADER
    traffic = Traffic(
        requests=meters,
        request_bytes=meters * _REQUEST_BYTES,
        replies=meters,
        reply_bytes=meters * (_REPLY_OVERHEAD + 2 * registers),
    )
    return traffic.minimum(timing)
