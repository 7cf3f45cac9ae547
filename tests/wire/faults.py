"""What goes wrong on a line. Each fault is a function of a frame that travels; some remember.

They run in the process of a wire, which imports for them all that this module does. With the whole
of Home Assistant, that would take longer than anybody waits for a wire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymodbus.framer.rtu import FramerRTU

from tests.wire.wire import Direction, Piece

_MBAP = 6
"""Bytes in front of the unit id in a frame of Modbus TCP."""


@dataclass(frozen=True)
class Frames:
    """How frames look on a kind of line: where the unit id stands, and what guards the rest."""

    rtu: bool

    def unit(self, frame: bytes) -> int:
        """Return whom a frame is for or from."""
        return frame[0 if self.rtu else _MBAP]

    def altered(self, frame: bytes, at: int, value: int) -> bytes:
        """Return a frame with another byte, counted from the unit id, and all that guards it."""
        body = bytearray(frame[:-2] if self.rtu else frame[_MBAP:])
        body[at] = value
        return self.built(bytes(body), frame)

    def built(self, body: bytes, like: bytes) -> bytes:
        """Return a valid frame from a unit id on, in the same transaction as another frame."""
        if self.rtu:
            return body + FramerRTU.compute_CRC(body).to_bytes(2)
        return like[:4] + len(body).to_bytes(2) + body


type Change = Callable[[Frames, bytes], bytes | Sequence[Piece]]
"""Turns one response into what arrives in its place."""


@dataclass
class OnReplies:
    """Does something to the answers of one unit, all or the first few."""

    frames: Frames
    unit: int
    change: Change
    times: int = -1

    def __call__(self, direction: Direction, data: bytes) -> bytes | Sequence[Piece]:
        """Change a frame if its turn has come."""
        mine = direction is Direction.REPLY and self.frames.unit(data) == self.unit
        if not mine or self.times == 0:
            return data
        self.times -= 1
        return self.change(self.frames, data)


def silence(_frames: Frames, _data: bytes) -> bytes:
    """Lose the frame."""
    return b""


def crackle(_frames: Frames, data: bytes) -> bytes:
    """Flip a bit in the middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10]) + data[middle + 1 :]


def truncation(_frames: Frames, data: bytes) -> bytes:
    """Lose the second half."""
    return data[: len(data) // 2]


def doubling(_frames: Frames, data: bytes) -> bytes:
    """Send the frame twice in one go."""
    return data + data


def long_count(frames: Frames, data: bytes) -> bytes:
    """Announce more bytes than follow, up to twice as many as a frame can have."""
    at = 2 if frames.rtu else 5
    return data[:at] + b"\xf8" + data[at + 1 :]


def short_count(frames: Frames, data: bytes) -> bytes:
    """Announce fewer bytes than follow."""
    at = 2 if frames.rtu else 5
    return data[:at] + b"\x08" + data[at + 1 :]


def garbage(_frames: Frames, data: bytes) -> bytes:
    """Send noise that looks like nothing in particular."""
    return bytes((7 * at + 3) % 251 for at in range(len(data)))


def noise_before(frames: Frames, data: bytes) -> bytes:
    """Send a few bytes of noise that begin like a response, and then the response."""
    return data[:5] + b"\x00\xff\x13" + data if frames.rtu else b"\x00\xff\x13" + data


def another_unit(frames: Frames, data: bytes) -> bytes:
    """Answer under a unit id that nobody asked."""
    return frames.altered(data, 0, 33)


@dataclass
class LooksLikeOurs:
    """Another unit's answer is held up where a byte in it is the id of the unit that was asked."""

    pause: float

    def __call__(self, frames: Frames, data: bytes) -> Sequence[Piece]:
        """Send the frame in two parts."""
        foreign = another_unit(frames, data)
        head, id_, rest = foreign.partition(bytes([frames.unit(data)]))
        assert rest
        return [
            Piece(Direction.REPLY, head + id_),
            Piece(Direction.REPLY, rest, self.pause),
        ]


def fewer_registers(frames: Frames, data: bytes) -> bytes:
    """Answer with two registers less than were asked for, in a perfect frame."""
    body = bytearray(data[:-6] if frames.rtu else data[_MBAP:-4])
    body[2] -= 4
    return frames.built(bytes(body), data)


def other_registers(frames: Frames, data: bytes) -> bytes:
    """Answer with as many registers as were asked for, but from another place."""
    body = bytearray(data[:-2] if frames.rtu else data[_MBAP:])
    body[3:] = body[5:] + b"\x00\x01"
    return frames.built(bytes(body), data)


@dataclass
class Crackle:
    """Flips a bit in the middle of one response, whoever sends it."""

    after: int
    """How many answers pass before it."""

    def __call__(self, direction: Direction, data: bytes) -> bytes:
        """Count answers down to the one that is hit."""
        if direction is Direction.REQUEST:
            return data
        self.after -= 1
        return crackle(Frames(rtu=True), data) if self.after == -1 else data


@dataclass
class Echo:
    """The adapter hears what it sends."""

    def __call__(self, direction: Direction, data: bytes) -> Sequence[Piece]:
        """Let the request come back, too."""
        if direction is Direction.REPLY:
            return [Piece(direction, data)]
        return [Piece(Direction.REPLY, data), Piece(direction, data)]


@dataclass
class Late:
    """A response comes after a while, changed or not."""

    delay: float
    change: Callable[[Frames, bytes], bytes] | None = None

    def __call__(self, frames: Frames, data: bytes) -> Sequence[Piece]:
        """Delay the frame."""
        late = self.change(frames, data) if self.change else data
        return [Piece(Direction.REPLY, late, self.delay)]


@dataclass
class Sooner:
    """Answers come late, though each by a third of what the one before was late by."""

    delay: float

    def __call__(self, _frames: Frames, data: bytes) -> Sequence[Piece]:
        """Delay the frame, and the next one by less."""
        delay, self.delay = self.delay, self.delay / 3
        return [Piece(Direction.REPLY, data, delay)]


@dataclass
class OneBehind:
    """Whoever answers is one request behind: the response comes with the next one, before it."""

    together: bool = True
    _held: bytes = b""

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Keep the frame, send the one before; on TCP in the transaction of now."""
        held, self._held = self._held, data
        if held and not frames.rtu:
            held = data[:2] + held[2:]
        return held + data if self.together and held else held


@dataclass
class Refusal:
    """Answer with a Modbus exception."""

    code: int

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Put the exception in the response's place."""
        return frames.built(bytes([frames.unit(data), 0x83, self.code]), data)


@dataclass
class OtherMaster:
    """Another master on the bus asks the same unit for as many registers, from another address."""

    frames: Frames
    address: int

    def __call__(self, direction: Direction, data: bytes) -> Sequence[Piece]:
        """Let the other's request and its answer be heard before the response to ours."""
        if direction is Direction.REQUEST:
            return [Piece(direction, data)]
        count = data[2] // 2
        body = bytes([data[0], 3]) + self.address.to_bytes(2) + count.to_bytes(2)
        request = self.frames.built(body, data)
        return [Piece(direction, request + other_registers(self.frames, data) + data)]
