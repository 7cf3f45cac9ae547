"""A wire in the event loop of a test, by whose clock its bytes travel.

If the test skips waiting, this wire takes no real time, and does not depend on how busy the machine
is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.wire.wire import Direction, Fault, Timing, Wire

FAST: Final = Timing(baud=115200, turnaround=0.001)

_BUFFERED: Final = 0.005
"""s for which an adapter collects the bytes that arrive"""


class LocalWire:
    """The bus; ``client_path`` and ``server_path`` are to be opened like serial ports."""

    def __init__(self, timing: Timing) -> None:
        """Open both ends; nothing moves until ``start``."""
        self._loop = asyncio.get_running_loop()
        self._wire = Wire(timing, clock=self._loop.time)
        self._arrival: asyncio.TimerHandle | None = None
        self.timing = timing
        self.client_path = self._wire.client_path
        self.server_path = self._wire.server_path

    def start(self) -> None:
        """Begin to carry bytes."""
        for descriptor, direction in self._wire.descriptors.items():
            self._loop.add_reader(descriptor, self._take, direction)

    def close(self) -> None:
        """Close both ends; what is on its way is lost."""
        self._expect(None)
        for descriptor in self._wire.descriptors:
            self._loop.remove_reader(descriptor)
        self._wire.close()

    def suffer(self, fault: Fault) -> None:
        """Put another fault on the wire, for what is written from now on."""
        self._wire.suffer(fault)

    async def drained(self) -> None:
        """Wait until no byte is on its way any more."""
        while (due := self._wire.next_arrival) is not None:  # noqa: ASYNC110 - a later byte may follow
            await asyncio.sleep(due + _BUFFERED - self._loop.time())

    def _take(self, direction: Direction) -> None:
        self._wire.take(direction)
        self._expect(self._wire.next_arrival)

    def _deliver(self) -> None:
        self._wire.deliver()
        self._expect(self._wire.next_arrival)

    def _expect(self, due: float | None) -> None:
        """Deliver what arrives next, with what follows closely."""
        if self._arrival is not None:
            self._arrival.cancel()
        self._arrival = None if due is None else self._loop.call_at(due + _BUFFERED, self._deliver)


@contextmanager
def local_wire(timing: Timing = FAST) -> Iterator[LocalWire]:
    """Run a wire in this event loop."""
    wire = LocalWire(timing)
    wire.start()
    try:
        yield wire
    finally:
        wire.close()
