"""Faults of a line: each changes responses, or handles the frames of both directions.

They run in the process of the wire, which imports this module. So it must not import Home
Assistant, which would delay the start of every wire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymodbus.framer.rtu import FramerRTU

from tests.wire.wire import Direction, Piece

_UNIT_AT = 6
"""The place of the unit ID in a frame of Modbus TCP, in bytes."""


@dataclass(frozen=True)
class Frames:
    """The format of frames on a kind of line."""

    rtu: bool

    def unit(self, frame: bytes) -> int:
        """Return the unit ID in a frame."""
        return frame[0 if self.rtu else _UNIT_AT]

    def altered(self, frame: bytes, at: int, value: int) -> bytes:
        """Return a valid frame with one byte changed; ``at`` counts from the unit ID."""
        body = bytearray(frame[:-2] if self.rtu else frame[_UNIT_AT:])
        body[at] = value
        return self.built(bytes(body), frame)

    def built(self, body: bytes, like: bytes) -> bytes:
        """Return a valid frame around ``body``, in the same transaction as another frame."""
        if self.rtu:
            return body + FramerRTU.compute_CRC(body).to_bytes(2)
        return like[:4] + len(body).to_bytes(2) + body


type Change = Callable[[Frames, bytes], bytes | Sequence[Piece]]
"""Turns one response into what arrives in its place."""


@dataclass
class OnReplies:
    """Changes the responses of one unit: all, or the first few."""

    frames: Frames
    unit: int
    change: Change
    times: int = -1

    def __call__(self, direction: Direction, data: bytes) -> bytes | Sequence[Piece]:
        """Change a response of the unit."""
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
    """Send noise in place of the frame."""
    return bytes((7 * at + 3) % 251 for at in range(len(data)))


def noise_before(frames: Frames, data: bytes) -> bytes:
    """Send noise that begins like a response, and then the response."""
    return data[:5] + b"\x00\xff\x13" + data if frames.rtu else b"\x00\xff\x13" + data


def another_unit(frames: Frames, data: bytes) -> bytes:
    """Answer with a unit ID that was not requested."""
    return frames.altered(data, 0, 33)


@dataclass
class LooksLikeOurs:
    """Delays another unit's response after a byte that equals the requested unit ID."""

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
    """Answer with two registers fewer than requested, in a valid frame."""
    body = bytearray(data[:-6] if frames.rtu else data[_UNIT_AT:-4])
    body[2] -= 4
    return frames.built(bytes(body), data)


def other_registers(frames: Frames, data: bytes) -> bytes:
    """Answer with the requested number of registers, but from another address."""
    body = bytearray(data[:-2] if frames.rtu else data[_UNIT_AT:])
    body[3:] = body[5:] + b"\x00\x01"
    return frames.built(bytes(body), data)


@dataclass
class OneCrackle:
    """Flips a bit in the middle of one response of any unit."""

    after: int
    """How many responses pass before it."""

    def __call__(self, direction: Direction, data: bytes) -> bytes:
        """Count responses down to the one to change."""
        if direction is Direction.REQUEST:
            return data
        self.after -= 1
        return crackle(Frames(rtu=True), data) if self.after == -1 else data


@dataclass
class Echo:
    """The adapter receives its own requests."""

    def __call__(self, direction: Direction, data: bytes) -> Sequence[Piece]:
        """Return the request as well."""
        if direction is Direction.REPLY:
            return [Piece(direction, data)]
        return [Piece(Direction.REPLY, data), Piece(direction, data)]


@dataclass
class Late:
    """Delays a response, changed or not."""

    delay: float
    change: Callable[[Frames, bytes], bytes] | None = None

    def __call__(self, frames: Frames, data: bytes) -> Sequence[Piece]:
        """Delay the frame."""
        late = self.change(frames, data) if self.change else data
        return [Piece(Direction.REPLY, late, self.delay)]


@dataclass
class Sooner:
    """Delays responses, each by a third of the delay before."""

    delay: float

    def __call__(self, _frames: Frames, data: bytes) -> Sequence[Piece]:
        """Delay the frame, and the next one by less."""
        delay, self.delay = self.delay, self.delay / 3
        return [Piece(Direction.REPLY, data, delay)]


@dataclass
class OneBehind:
    """Each response arrives with or before the next one, as its answer."""

    together: bool = True
    _held: bytes = b""

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Keep the frame, and send the one before; on TCP in the present transaction."""
        held, self._held = self._held, data
        if held and not frames.rtu:
            held = data[:2] + held[2:]
        return held + data if self.together and held else held


@dataclass
class Repeating:
    """A gateway repeats one answer of any unit, and is one answer behind from then on.

    No request is without an answer. A gateway to Modbus TCP sends each in the present transaction,
    as the answer of the unit that is asked.
    """

    frames: Frames
    _held: bytes = b""

    def __call__(self, direction: Direction, data: bytes) -> bytes:
        """Keep the answer, and send the one before."""
        if direction is Direction.REQUEST:
            return data
        held, self._held = self._held or data, data
        if self.frames.rtu:
            return held
        return data[:2] + held[2:_UNIT_AT] + data[_UNIT_AT : _UNIT_AT + 1] + held[_UNIT_AT + 1 :]


@dataclass
class Refusal:
    """Answer with a Modbus exception."""

    code: int

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Return the exception in place of the response."""
        return frames.built(bytes([frames.unit(data), 0x83, self.code]), data)


@dataclass
class OtherMaster:
    """Another master reads as many registers of the same unit, from another address."""

    frames: Frames
    address: int

    def __call__(self, direction: Direction, data: bytes) -> Sequence[Piece]:
        """Send the other request and its response before the response to ours."""
        if direction is Direction.REQUEST:
            return [Piece(direction, data)]
        count = data[2] // 2
        body = bytes([data[0], 3]) + self.address.to_bytes(2) + count.to_bytes(2)
        request = self.frames.built(body, data)
        return [Piece(direction, request + other_registers(self.frames, data) + data)]
