"""A two-wire bus between two pseudo-terminals that takes as long as a real one.

Every byte takes its bit times, and a response begins no sooner than the meter's turnaround after
the request's last bit. A `RunningWire` runs in its own process, so a busy test does not slow it
down. A `LocalWire` runs in the event loop of the test, by its clock.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
import heapq
import multiprocessing
from multiprocessing.connection import Connection
import os
import select
import signal
import time
import tty

_READ_SIZE = 4096
_DEADLINE = 30.0
"""Seconds within which the wire's process has to start, to answer and to end."""


class Direction(StrEnum):
    """Which way bytes travel."""

    REQUEST = "request"
    REPLY = "reply"


@dataclass(frozen=True)
class Piece:
    """Bytes that travel one way, beginning no sooner than ``delay`` seconds from now."""

    direction: Direction
    data: bytes
    delay: float = 0.0


type Fault = Callable[[Direction, bytes], bytes | Sequence[Piece]]
"""Turns what is put on the wire into what travels on it; runs in the wire's process."""


def clean(_direction: Direction, data: bytes) -> bytes:
    """Let everything pass as it is."""
    return data


def pieces(fault: Fault, direction: Direction, data: bytes) -> Sequence[Piece]:
    """Return what a fault makes of what was put on the wire."""
    result = fault(direction, data)
    return [Piece(direction, result)] if isinstance(result, bytes) else result


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The speed of the bus and of the meter, by default 9600 8N1 and 20 ms."""

    baud: int = 9600
    bits: int = 10
    turnaround: float = 0.02

    @property
    def character(self) -> float:
        """Seconds that one byte takes."""
        return self.bits / self.baud

    @property
    def gap(self) -> float:
        """Seconds of silence between two frames: 3.5 characters (Modbus over Serial Line)."""
        return 3.5 * self.character


@dataclass
class Traffic:
    """What has passed over the wire."""

    requests: int = 0
    request_bytes: int = 0
    replies: int = 0
    reply_bytes: int = 0

    def add(self, direction: Direction, size: int, *, new_frame: bool) -> None:
        """Count bytes, and the frame that begins with them."""
        if direction is Direction.REQUEST:
            self.requests += new_frame
            self.request_bytes += size
        else:
            self.replies += new_frame
            self.reply_bytes += size

    def minimum(self, timing: Timing) -> float:
        """Return the seconds that these bytes take at the very least on this bus."""
        characters = self.request_bytes + self.reply_bytes
        return characters * timing.character + self.requests * (timing.turnaround + timing.gap)


@dataclass
class _End:
    """One end of the wire: what is read here travels in ``direction`` to the other end."""

    direction: Direction
    master: int
    slave: int
    travelling: list[tuple[float, int, int]] = field(default_factory=list)
    """The bytes under way as a heap, by the instant at which they arrive and by their turn."""
    sent: int = 0
    last_bit: float = 0.0

    @classmethod
    def open(cls, direction: Direction) -> _End:
        # Our side keeps the slave open too: without any, reading the master fails.
        master, slave = os.openpty()
        tty.setraw(slave)
        return cls(direction, master, slave)

    @property
    def path(self) -> str:
        return os.ttyname(self.slave)


class Wire:
    """The bus; ``client_path`` and ``server_path`` are to be opened like serial ports.

    Raises:
        OSError: the system has no pseudo-terminal left.
    """

    def __init__(
        self, timing: Timing, fault: Fault = clean, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Open both ends; nothing moves until ``run``. ``clock`` returns monotonic seconds."""
        self.timing = timing
        self._clock = clock
        self.traffic = Traffic()
        self._fault = fault
        self._client = _End.open(Direction.REQUEST)
        self._server = _End.open(Direction.REPLY)

    @property
    def client_path(self) -> str:
        """Where the client connects."""
        return self._client.path

    @property
    def server_path(self) -> str:
        """Where the meters connect."""
        return self._server.path

    @property
    def descriptors(self) -> dict[int, Direction]:
        """What is readable when bytes are to be taken, and which way these travel."""
        return {end.master: end.direction for end in (self._client, self._server)}

    def suffer(self, fault: Fault) -> None:
        """Put another fault on the wire, for what is written from now on."""
        self._fault = fault

    def close(self) -> None:
        """Close both ends."""
        for end in (self._client, self._server):
            os.close(end.master)
            os.close(end.slave)

    def run(self, control: Connection) -> None:
        """Carry bytes until None is received; change to any fault that is received.

        Any other message is answered with the traffic.
        """
        ends = self.descriptors
        while True:
            due = self.next_arrival
            timeout = None if due is None else max(0.0, due - self._clock())
            ready, _, _ = select.select([*ends, control.fileno()], [], [], timeout)
            for descriptor in ready:
                if descriptor in ends:
                    self.take(ends[descriptor])
                elif (message := control.recv()) is None:
                    return
                elif callable(message):
                    self.suffer(message)
                elif message == "busy":
                    control.send(self.next_arrival is not None)
                else:
                    control.send(self.traffic)
                    if message == "reset":
                        self.traffic = Traffic()
            self.deliver()

    @property
    def next_arrival(self) -> float | None:
        """When the next byte arrives, by the clock; None if none is on its way."""
        due = [end.travelling[0][0] for end in (self._client, self._server) if end.travelling]
        return min(due, default=None)

    def take(self, direction: Direction) -> None:
        """Take what was written at one end, and send on its way what the fault makes of it."""
        end = self._client if direction is Direction.REQUEST else self._server
        for piece in pieces(self._fault, direction, os.read(end.master, _READ_SIZE)):
            if piece.data:
                self._travel(piece)

    def deliver(self) -> None:
        """Hand over the bytes whose last bit has arrived."""
        self._deliver(self._client, self._server)
        self._deliver(self._server, self._client)

    def _travel(self, piece: Piece) -> None:
        """Schedule the arrival of each byte at the other end."""
        end = self._client if piece.direction is Direction.REQUEST else self._server
        now = self._clock()
        begin = max(now, end.last_bit)
        new_frame = begin - end.last_bit >= self.timing.gap
        if new_frame and end is self._server:
            begin = max(begin, self._client.last_bit + self.timing.turnaround)
        self.traffic.add(piece.direction, len(piece.data), new_frame=new_frame)
        begin = max(begin, now + piece.delay)
        for byte in piece.data:
            begin += self.timing.character
            heapq.heappush(end.travelling, (begin, end.sent, byte))
            end.sent += 1
        if not piece.delay:
            # A delayed frame does not occupy the line meanwhile.
            end.last_bit = begin

    def _deliver(self, source: _End, target: _End) -> None:
        now = self._clock()
        arrived = bytearray()
        while source.travelling and source.travelling[0][0] <= now:
            arrived.append(heapq.heappop(source.travelling)[-1])
        if arrived:
            os.write(target.master, arrived)


def _serve(control: Connection, timing: Timing, fault: Fault) -> None:
    """Run a wire in this process."""
    wire = Wire(timing, fault)
    control.send((wire.client_path, wire.server_path))
    wire.run(control)


@dataclass(frozen=True)
class RunningWire:
    """A wire in a process of its own."""

    client_path: str
    server_path: str
    timing: Timing
    _control: Connection

    def traffic(self) -> Traffic:
        """Return what has passed so far."""
        return self._ask("traffic")

    def reset(self) -> Traffic:
        """Return what has passed so far, and count from zero."""
        return self._ask("reset")

    def suffer(self, fault: Fault) -> None:
        """Put another fault on the wire, for what is written from now on."""
        self._control.send(fault)
        self.traffic()

    async def drained(self) -> None:
        """Wait until no byte is on its way any more."""
        while self._request("busy"):  # noqa: ASYNC110 - another process does not notify
            await asyncio.sleep(0.001)

    def _ask(self, message: str) -> Traffic:
        answer = self._request(message)
        assert isinstance(answer, Traffic)
        return replace(answer)

    def _request(self, message: str) -> object:
        self._control.send(message)
        return _received(self._control)


@contextmanager
def running_wire(timing: Timing | None = None, fault: Fault = clean) -> Iterator[RunningWire]:
    """Run a wire; ``fault`` has to be picklable.

    Raises:
        TimeoutError: the wire's process does not answer.
    """
    timing = timing or Timing()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, timing, fault), daemon=True)
    with _no_interrupt_inherited():
        process.start()
    theirs.close()
    try:
        paths = _received(ours)
        assert isinstance(paths, tuple)
        client_path, server_path = paths
        yield RunningWire(client_path, server_path, timing, ours)
        ours.send(None)
        process.join(_DEADLINE)
    finally:
        process.kill()
        process.join()
        ours.close()


@contextmanager
def _no_interrupt_inherited() -> Iterator[None]:
    """Let a process that starts now ignore Ctrl-C, which a terminal sends to all processes.

    It ends when this process wants it to. An interrupt of this process is only delayed.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _received(control: Connection) -> object:
    """Receive from the wire's process, with a limit to how long that may take."""
    if not control.poll(_DEADLINE):
        message = "the wire does not answer"
        raise TimeoutError(message)
    answer: object = control.recv()
    return answer
