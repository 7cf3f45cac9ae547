"""What is shared: meters by unit ID, and the answers to requests about them."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
import struct
from typing import Final, Self

from ..modbus import READ_HOLDING_REGISTERS, READ_LIMIT
from .register_image import RegisterImage

_READ_REQUEST: Final = struct.Struct(">HH")
_MINUTE: Final = 60.0
"""s"""
_MOST_POLLS: Final = 3
"""Polls after which a reading is not served any more."""


class ExceptionCode(IntEnum):
    """The Modbus exceptions with which a request is refused."""

    ILLEGAL_FUNCTION = 0x01
    ILLEGAL_ADDRESS = 0x02
    ILLEGAL_VALUE = 0x03
    NO_RESPONSE = 0x0B


class RefusedError(Exception):
    """A request that gets a Modbus exception."""

    def __init__(self, code: ExceptionCode) -> None:
        """Refuse with an exception code."""
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedMeter:
    """A meter that is shared."""

    latest_image: Callable[[], RegisterImage | None]
    """returns the image of the last accepted reading; None before the first"""
    max_age: float
    """s after which an image is not served any more"""

    @classmethod
    def polled(cls, latest_image: Callable[[], RegisterImage | None], poll_interval: float) -> Self:
        """Share a meter that is polled every so many s."""
        return cls(latest_image=latest_image, max_age=_MOST_POLLS * poll_interval)


@dataclass(frozen=True, slots=True)
class ClientCounts:
    """How a meter is used through the server."""

    clients: int
    """connections whose latest request was for this meter"""
    requests_per_minute: int
    """requests for this meter in the last minute, refused ones included"""


class SharedMeters:
    """The meters of a server. Requests are answered from memory: none goes on to a bus."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin without meters; ``clock`` returns the monotonic seconds that images are read at."""
        self._clock = clock
        self._meters: dict[int, SharedMeter] = {}
        self._rates: dict[int, _Rate] = {}

    def __len__(self) -> int:
        """Return how many meters are shared."""
        return len(self._meters)

    def __contains__(self, unit_id: int) -> bool:
        """Return whether a meter has this unit ID."""
        return unit_id in self._meters

    def add(self, unit_id: int, meter: SharedMeter) -> None:
        """Share a meter.

        Raises ValueError if another meter has its unit ID.
        """
        if unit_id in self._meters:
            raise ValueError(f"unit ID {unit_id} is in use")
        self._meters[unit_id] = meter
        self._rates[unit_id] = _Rate()

    def remove(self, unit_id: int) -> None:
        """Share a meter no longer."""
        del self._meters[unit_id], self._rates[unit_id]

    def requests_per_minute(self, unit_id: int) -> int:
        """Return how many requests there were for a meter in the last minute."""
        return self._rates[unit_id].per_minute(self._clock())

    def answer(self, unit_id: int, function: int, data: bytes) -> tuple[int, ...]:
        """Return the registers that a request reads: ``data`` is what follows its function.

        Raises RefusedError. A unit ID without a meter, and a meter that was not read in time, do
        not respond, as behind a gateway.
        """
        meter = self._meters.get(unit_id)
        if meter is None:
            raise RefusedError(ExceptionCode.NO_RESPONSE)
        now = self._clock()
        self._rates[unit_id].count(now)
        if function != READ_HOLDING_REGISTERS:
            raise RefusedError(ExceptionCode.ILLEGAL_FUNCTION)
        if len(data) != _READ_REQUEST.size:
            raise RefusedError(ExceptionCode.ILLEGAL_VALUE)
        address, count = _READ_REQUEST.unpack(data)
        if not 1 <= count <= READ_LIMIT:
            raise RefusedError(ExceptionCode.ILLEGAL_VALUE)
        image = meter.latest_image()
        if image is None or now - image.read_at > meter.max_age:
            raise RefusedError(ExceptionCode.NO_RESPONSE)
        registers = image.registers(address, count)
        if registers is None:
            raise RefusedError(ExceptionCode.ILLEGAL_ADDRESS)
        return registers


class _Rate:
    """Counts events by the second, for a minute."""

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque(maxlen=int(_MINUTE))

    def count(self, now: float) -> None:
        """Count one event."""
        if not self._seconds or self._seconds[-1][0] != int(now):
            self._seconds.append([int(now), 0])
        self._seconds[-1][1] += 1

    def per_minute(self, now: float) -> int:
        """Return how many events there were in the last minute."""
        return sum(count for second, count in self._seconds if int(now) - second < _MINUTE)
