"""Random faults of the bus: their time, kind, meter and length."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from simulator import Framing
from simulator.meter import Meter as SimulatedMeter
from simulator.registers import layout
from tests.wire import faults
from tests.wire.faults import Change, Frames, Late, OneBehind, OnReplies, Refusal
from tests.wire.soak.judge import POINTS
from tests.wire.soak.polled import Polled
from tests.wire.soak.soak import Soak
from tests.wire.wire import Fault, clean

_LONGEST_INTERVAL = 15
_LONGEST_EPISODE = 4
_LONGEST_OUTAGE_HOURS = 8
_HOUSE_STEP = 600
_SECONDS_TO_NOTICE = 0.05

CHANGES: Mapping[str, Callable[[Random, float], Change]] = {
    "silence": lambda *_: faults.silence,
    "truncated": lambda *_: faults.truncation,
    "doubled": lambda *_: faults.doubling,
    "long count": lambda *_: faults.long_count,
    "short count": lambda *_: faults.short_count,
    "garbage": lambda *_: faults.garbage,
    "noise before": lambda *_: faults.noise_before,
    "another unit": lambda *_: faults.another_unit,
    "fewer registers": lambda *_: faults.fewer_registers,
    "other registers": lambda *_: faults.other_registers,
    "late": lambda chance, timeout: Late(timeout * chance.uniform(0.2, 3.0)),
    "given up": lambda chance, timeout: Late(timeout * chance.uniform(0.4, 1.2)),
    "one behind": lambda chance, _: OneBehind(together=chance.random() < 0.5),
    "refused": lambda chance, _: Refusal(chance.choice((1, 2, 3, 4, 5, 6, 8, 10, 11))),
}
"""Faults of responses, by name; made for a response timeout in seconds."""

MANGLED = "mangled"
"""Faults that only a CRC reveals."""

OTHERS = ("misread", "reset", "half-open", "gone", "pulled", "restart", "kill")

_DECEPTIVE = ("late", "given up", "one behind", "other registers", "misread")
"""Faults that cause wrong values if a remedy is missing; they occur three times as often."""

_REGISTERS = {"int16": 1, "sunssf": 1, "acc32": 2, "float32": 2, "bitfield32": 2}
_HEADERS = 3 + 4
"""Bytes from the unit ID of a response to the first point of the model."""


@dataclass(frozen=True)
class Misread:
    """Flips one of the highest bits of a counter in a valid frame."""

    at: int
    mask: int

    @classmethod
    def somewhere(cls, simulated: SimulatedMeter, chance: Random) -> Misread:
        """Return a fault of one of the filtered counters."""
        offsets: dict[str, int] = {}
        offset = 0
        for point in layout(simulated.config.model):
            offsets[point.source] = offset
            offset += _REGISTERS[point.kind]
        place = offsets[chance.choice(tuple(POINTS.values()))]
        return cls(_HEADERS + 2 * place, 1 << chance.randrange(8))

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Change the byte, counted from the unit ID, if the response is that long."""
        start = 0 if frames.rtu else 6
        if len(data) <= start + self.at:
            return data
        return frames.altered(data, self.at, data[start + self.at] ^ self.mask)


class Mishaps:
    """Polls a bus and causes faults."""

    def __init__(self, soak: Soak, chance: Random, every: int) -> None:
        """Prepare a fault in one of ``every`` rounds, on average."""
        self._soak = soak
        self._chance = chance
        self._every = every
        self._frames = Frames(rtu=soak.gateway.framing is Framing.RTU)
        self._changes = dict(CHANGES)
        if self._frames.rtu:
            self._changes[MANGLED] = lambda *_: faults.crackle
        self._kinds = (*self._changes, *OTHERS, *_DECEPTIVE, *_DECEPTIVE)
        self._coming: list[str] = []

    async def round(self) -> None:
        """Poll every meter once, or cause a fault."""
        if self._chance.random() * self._every >= 1:
            await self.poll()
            return
        if not self._coming:
            # All kinds take turns, so that a short run has all of them.
            self._coming = self._chance.sample(self._kinds, len(self._kinds))
        await self._suffer(self._coming.pop())

    async def poll(self) -> None:
        """Wait some seconds, and poll every meter."""
        await self._soak.round(self._chance.randint(1, _LONGEST_INTERVAL))

    async def _suffer(self, kind: str) -> None:
        """Cause one fault, and poll during it."""
        soak, polled = self._soak, self._chance.choice(self._soak.polled)
        if kind == "misread" and not polled.judge.confirmed:
            self._coming.append(kind)
            await self.poll()
            return
        soak.report.faults[kind] += 1
        match kind:
            case "misread":
                polled.misread = True
                await self._poll_under(polled, Misread.somewhere(polled.simulated, self._chance))
                polled.misread = False
            case "reset":
                await asyncio.sleep(_SECONDS_TO_NOTICE)
                soak.gateway.reset()
                await self.poll()
            case "half-open":
                soak.gateway.freeze()
                await self.poll()
            case "gone":
                await soak.gateway.close()
                await self.poll()
                await soak.gateway.open()
            case "pulled":
                await self._pull(polled)
            case "restart" | "kill":
                await soak.restart(killed=kind == "kill")
            case _:
                polled.hurried = kind == "given up"
                change = self._changes[kind](self._chance, soak.timeout)
                await self._poll_under(polled, change, self._chance.randint(1, _LONGEST_EPISODE))
                polled.hurried = False

    async def _poll_under(self, polled: Polled, change: Change, rounds: int = 1) -> None:
        """Poll all meters while the responses of one have a fault."""
        fault: Fault = OnReplies(self._frames, polled.simulated.unit, change)
        self._soak.gateway.suffer(fault)
        for _ in range(rounds):
            await self.poll()
        self._soak.gateway.suffer(clean)

    async def _pull(self, polled: Polled) -> None:
        """Unplug a meter while all of them go on counting, perhaps for hours."""
        simulator = self._soak.simulator
        await simulator.set_plugged(False, [polled.simulated])  # noqa: FBT003
        await self.poll()
        hours = self._chance.randint(0, _LONGEST_OUTAGE_HOURS)
        simulator.clock.advance(hours * 3600, _HOUSE_STEP)
        await simulator.set_plugged(True, [polled.simulated])  # noqa: FBT003
        for anyone in self._soak.polled:
            anyone.judge.forget_row()
