"""Three meters on one bus, polled for days of simulated time through faults that chance picks.

The clock stands while a meter is polled, so that there is one truth for each reading: that of the
simulator. A reading is that truth or does not come to be. The exception is a misread counter in a
perfect frame, which only the guard can tell. It stands alone and is off by more than the counter's
reach; the guard promises more, and tests/meter holds it to that. So here what is published is the
truth after two good readings in a row, never falls, and is never ahead.
"""

from argparse import ArgumentParser
import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
import gc
import json
import os
from pathlib import Path
from random import Random
import signal
import sys
import time
from typing import cast
from unittest.mock import patch

from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from custom_components.dts307.link import link_params
from custom_components.dts307.meter import Line, Link, Meter, MeterError, Reading, line
from custom_components.dts307.meter.counters import Counter, Counters, guarded, questions
from simulator import Framing, MeterConfig, Role, Simulator, SimulatorConfig, TcpConfig
from simulator.meter import Meter as SimulatedMeter
from simulator.registers import is_float, layout
from tests.lines import network_data
from tests.wire import faults
from tests.wire.faults import Change, Frames, Late, OneBehind, OnReplies, Refusal
from tests.wire.proxy import Proxy, proxy
from tests.wire.wire import Fault, clean

_PARTS = ("", "PhA", "PhB", "PhC")
_ANNEX = {point + part: 1_000_000 for point in ("TotWhImp", "TotWhExp") for part in _PARTS}

METERS = (
    # Its registers start over early in a run.
    MeterConfig(
        unit=100,
        model=203,
        counters={
            "TotWhImp": 2**32 - 300,
            "TotWhImpPhA": 2**32 - 100,
            "TotWhImpPhB": 2**31 - 100,
            "TotWhImpPhC": 1_000_000,
            "TotWhExp": 40_000,
            "TotWhExpPhA": 20_000,
            "TotWhExpPhB": 10_000,
            "TotWhExpPhC": 10_000,
        },
    ),
    MeterConfig(
        unit=101,
        model=201,
        role=Role.SOLAR,
        counters={"TotWhExp": 5_000_000, "TotWhExpPhA": 5_000_000},
    ),
    MeterConfig(unit=102, model=213, site="annex", counters=_ANNEX),
)

FAULT_EVERY = 40
"""Polls of the bus, on average, between two faults."""

_START = datetime(2026, 6, 1, 18, tzinfo=UTC)
_SERVICE_CURRENT = 200.0
_TIMEOUT = 0.03
_LATER_THAN_PATIENCE = 1.2
_SECONDS_BETWEEN_SAVES = 60.0
_LONGEST_INTERVAL = 15
_LONGEST_EPISODE = 4
_LONGEST_OUTAGE_HOURS = 8
_HOUSE_STEP = 300
_CONFIRMED = 2
_SETTLING_POLLS = 50
_MEMORY_SAMPLES = 20
_MOST_GROWTH = 8.0
_MOST_TOLD = 20

_POINTS = {"energy_imported": "TotWhImp", "energy_exported": "TotWhExp"}
_LEFT_OUT = (2**31, 2**32 - 1)
"""Registers that say nothing, because some meters have them for "not accumulated"."""

_REGISTERS = {"int16": 1, "sunssf": 1, "acc32": 2, "float32": 2, "bitfield32": 2}
_HEADERS = 3 + 4
"""Bytes from the unit id of an answer to the first point of the model."""

CHANGES: Mapping[str, Callable[[Random], Change]] = {
    "silence": lambda _: faults.silence,
    "truncated": lambda _: faults.truncation,
    "doubled": lambda _: faults.doubling,
    "long count": lambda _: faults.long_count,
    "short count": lambda _: faults.short_count,
    "garbage": lambda _: faults.garbage,
    "noise before": lambda _: faults.noise_before,
    "another unit": lambda _: faults.another_unit,
    "fewer registers": lambda _: faults.fewer_registers,
    "other registers": lambda _: faults.other_registers,
    "late": lambda chance: Late(_TIMEOUT * chance.uniform(0.1, _LATER_THAN_PATIENCE)),
    "one behind": lambda _: OneBehind(),
    "refused": lambda chance: Refusal(chance.choice((1, 2, 3, 4, 5, 6, 8, 10, 11))),
}
MANGLED = "mangled"
"""Only where frames have a CRC: without, a flipped bit is as good as any."""


@dataclass(frozen=True)
class Misread:
    """Flips the highest bits of a counter, and lets the frame be perfect."""

    at: int
    mask: int

    def __call__(self, frames: Frames, data: bytes) -> bytes:
        """Change the byte, counted from the unit id, if the answer is that long."""
        start = 0 if frames.rtu else 6
        if len(data) <= start + self.at:
            return data
        return frames.altered(data, self.at, data[start + self.at] ^ self.mask)


@dataclass(kw_only=True)
class Report:
    """What a soak has come to; memory in MiB, times in seconds."""

    polls: int = 0
    readings: int = 0
    faults: Tally[str] = field(default_factory=Tally)
    failures: Tally[str] = field(default_factory=Tally)
    """Polls that failed, by what they raised."""
    misread: int = 0
    """Wrong readings in perfect frames, all for the guard to hold."""
    deviations: int = 0
    told: list[str] = field(default_factory=list)
    """The first of the deviations."""
    counters: list[tuple[str, float, float | None]] = field(default_factory=list)
    """What each counter is in truth at the end, and what is published."""
    memory: list[float] = field(default_factory=list)
    seconds: float = 0.0
    simulated: float = 0.0

    def deviate(self, what: str) -> None:
        """Note something that must not be."""
        self.deviations += 1
        if len(self.told) < _MOST_TOLD:
            self.told.append(f"poll {self.polls}: {what}")

    @property
    def growth(self) -> float:
        """MiB by which memory has grown since all had warmed up, a tenth of the way."""
        return self.memory[-1] - self.memory[min(1, len(self.memory) - 1)]


@dataclass(eq=False)
class Polled:
    """One simulated meter, and all that is known about it at our end of the line."""

    simulated: SimulatedMeter
    meter: Meter | None = None
    counters: Counters = field(default_factory=dict)
    saved: str = "{}"
    saved_at: float = 0.0
    published: dict[str, float] = field(default_factory=dict)
    in_a_row: int = 0
    """Good readings since the last failure, misread value, turn, long silence or kill."""
    misreading: bool = False
    turns: list[tuple[int, bool]] = field(default_factory=list)
    """How often each register started over, and whether it says nothing just now."""

    @property
    def name(self) -> str:
        """How deviations call it."""
        return f"{self.simulated.config.model} at {self.simulated.unit}"

    def truth(self) -> dict[str, float]:
        """Return the counters as registers that never start over would show them, in Wh."""
        shown = self.simulated.truth()
        values: dict[str, float] = {}
        for quantity, point in _POINTS.items():
            for part in ("total", *self.simulated.config.wiring.phases):
                source = point if part == "total" else f"{point}Ph{part}"
                exact = int(self.simulated.counters.exact(source))
                float_model = is_float(self.simulated.config.model)
                values[f"{quantity}.{part.lower()}"] = shown[source] if float_model else exact
        return values

    def is_true(self, reading: Reading) -> bool:
        """Tell whether a reading says what the registers say."""
        shown = self.simulated.truth()
        for quantity, point in _POINTS.items():
            values = getattr(reading, quantity)
            for part in ("total", *self.simulated.config.wiring.phases):
                source = point if part == "total" else f"{point}Ph{part}"
                value = getattr(values, part.lower())
                left_out = value is None and shown[source] in _LEFT_OUT
                if value != shown[source] and not left_out:
                    return False
        return True

    def has_turned(self) -> bool:
        """Tell whether since the last call a register started over, or came to say nothing."""
        values = (int(value) for value in self.truth().values())
        turns = [(value // 2**32, value % 2**32 in _LEFT_OUT) for value in values]
        turned, self.turns = turns != self.turns, turns
        return turned

    def misread(self, chance: Random) -> Misread:
        """Return a fault that befalls one of the guarded counters."""
        offsets: dict[str, int] = {}
        offset = 0
        for point in layout(self.simulated.config.model):
            offsets[point.source] = offset
            offset += _REGISTERS[point.kind]
        place = offsets[chance.choice(tuple(_POINTS.values()))]
        return Misread(_HEADERS + 2 * place, 1 << chance.randrange(8))

    def save(self, now: float) -> None:
        """Keep the guard's state as the integration's store does."""
        self.saved = json.dumps({key: value.as_dict() for key, value in self.counters.items()})
        self.saved_at = now

    def restore(self) -> None:
        """Go on from what was kept."""
        stored = json.loads(self.saved)
        self.counters = {key: Counter.from_dict(value) for key, value in stored.items()}


class Soak:
    """Polls, lets faults happen, and compares everything with the truth."""

    def __init__(
        self, simulator: Simulator, gateway: Proxy, chance: Random, fault_every: int
    ) -> None:
        """Prepare to poll the meters of a simulator through a gateway."""
        self._fault_every = fault_every
        self._coming: list[str] = []
        self.report = Report()
        self._simulator = simulator
        self._gateway = gateway
        self._frames = Frames(rtu=gateway.framing is Framing.RTU)
        self._chance = chance
        self._polled = [Polled(meter) for meter in simulator.meters]
        data = network_data(simulator.tcp[0]) | {"port": gateway.port}
        self._params = link_params(data)
        self._connection = ModbusConnection(self._params)
        self._episodes: dict[str, Callable[[Random], Change]] = dict(CHANGES)
        if self._frames.rtu:
            self._episodes[MANGLED] = lambda _: faults.crackle
        self.kinds = (*self._episodes, "misread", "reset", "half-open", "gone", "pulled")
        self.kinds += ("restart", "kill")

    async def start(self) -> None:
        """Identify the meters over a new connection, as after a start of Home Assistant."""
        await self._connection.close()
        self._connection = ModbusConnection(self._params)
        link = Link()
        for polled in self._polled:
            unit = self._connection.for_unit(polled.simulated.unit)
            careful = cast("ModbusUnit", Line(unit, timeout=_TIMEOUT, link=link))
            polled.meter = None
            while polled.meter is None:
                try:
                    polled.meter = await Meter.identify(careful, clock=lambda: self.now)
                except MeterError as err:
                    self.report.failures[type(err).__name__] += 1

    async def stop(self) -> None:
        """Close the connection."""
        await self._connection.close()
        await self._let_go()

    async def round(self) -> None:
        """Poll every meter once, or let a fault happen meanwhile."""
        if self._chance.random() * self._fault_every < 1:
            if not self._coming:
                self._coming = self._chance.sample(self.kinds, len(self.kinds))
            await self._suffer(self._coming.pop())
        else:
            await self._poll_all()

    async def settle(self) -> None:
        """Poll a clean line, in the end with time standing still, and judge what is published."""
        for _ in range(_SETTLING_POLLS):
            await self._poll_all()
            if all(polled.in_a_row >= _CONFIRMED for polled in self._polled):
                break
        for polled in self._polled:
            await self._poll(polled)
        for polled in self._polled:
            for key, value in polled.truth().items():
                published = polled.published.get(key)
                self.report.counters.append((f"{polled.name} {key}", value, published))
                if published != value:
                    self.report.deviate(f"{polled.name} ends with {key} {published}, not {value}")

    @property
    def now(self) -> float:
        """Simulated time, in s."""
        return float(self._simulator.clock.now)

    async def _suffer(self, kind: str) -> None:
        """Go through one fault, and poll meanwhile."""
        polled = self._chance.choice(self._polled)
        if kind == "misread" and polled.in_a_row < _CONFIRMED:
            self._coming.append(kind)
            return
        self.report.faults[kind] += 1
        match kind:
            case "misread":
                polled.misreading = True
                await self._poll_under(polled, polled.misread(self._chance), rounds=1)
                polled.misreading = False
            case "reset":
                await self._let_go()
                self._gateway.reset()
                await self._poll_all()
            case "half-open":
                self._gateway.freeze()
                await self._poll_all()
            case "gone":
                await self._let_go()
                await self._gateway.close()
                await self._poll_all()
                await self._gateway.open()
            case "pulled":
                await self._simulator.set_plugged(False, [polled.simulated])  # noqa: FBT003
                await self._poll_all()
                hours = self._chance.randint(0, _LONGEST_OUTAGE_HOURS)
                self._simulator.clock.advance(hours * 3600, _HOUSE_STEP)
                await self._simulator.set_plugged(True, [polled.simulated])  # noqa: FBT003
                for anyone in self._polled:
                    anyone.in_a_row = 0
            case "restart" | "kill":
                await self._restart(killed=kind == "kill")
            case _:
                change = self._episodes[kind](self._chance)
                await self._poll_under(
                    polled, change, rounds=self._chance.randint(1, _LONGEST_EPISODE)
                )

    async def _let_go(self) -> None:
        """Give the gateway the time to notice what we have closed."""
        await asyncio.sleep(_TIMEOUT)

    async def _poll_under(self, polled: Polled, change: Change, *, rounds: int) -> None:
        """Poll all meters while something happens to the answers of one."""
        fault: Fault = OnReplies(self._frames, polled.simulated.unit, change)
        self._gateway.suffer(fault)
        for _ in range(rounds):
            await self._poll_all()
        self._gateway.suffer(clean)

    async def _restart(self, *, killed: bool) -> None:
        """Begin anew from the guard's state, which after a kill is a minute old at most."""
        for polled in self._polled:
            if killed:
                polled.in_a_row = 0
            else:
                polled.save(self.now)
            polled.restore()
        await self.start()

    async def _poll_all(self) -> None:
        for polled in self._polled:
            seconds = self._chance.randint(1, _LONGEST_INTERVAL)
            self._simulator.clock.advance(seconds, seconds)
            await self._poll(polled)

    async def _poll(self, polled: Polled) -> None:
        """Read a meter, pass its counters through the guard, and judge what comes out."""
        assert polled.meter is not None
        self.report.polls += 1
        if polled.has_turned():
            polled.in_a_row = 0
        try:
            reading = await polled.meter.read()
        except MeterError as err:
            self.report.failures[type(err).__name__] += 1
            polled.in_a_row = 0
            return
        self.report.readings += 1
        if polled.is_true(reading):
            polled.in_a_row += 1
        else:
            polled.in_a_row = 0
            self.report.misread += polled.misreading
            if not polled.misreading:
                self.report.deviate(f"{polled.name} was read wrongly")
        polled.counters, checked = guarded(polled.counters, reading, self.now, _SERVICE_CURRENT)
        if questions(polled.counters):
            self.report.deviate(f"{polled.name} has something to ask")
        if self.now - polled.saved_at >= _SECONDS_BETWEEN_SAVES:
            polled.save(self.now)
        self._judge(polled, checked)

    def _judge(self, polled: Polled, checked: Reading) -> None:
        """Compare what is published with the truth, and with what was published before."""
        for key, value in polled.truth().items():
            quantity, _, part = key.partition(".")
            published = getattr(getattr(checked, quantity), part)
            before = polled.published.get(key)
            if published is None:
                if before is not None or polled.in_a_row >= _CONFIRMED:
                    self.report.deviate(f"{polled.name} does not publish {key}")
                continue
            if before is not None and published < before:
                self.report.deviate(f"{polled.name} fell from {before} to {published} at {key}")
            if published > value:
                self.report.deviate(f"{polled.name} is ahead with {published} of {value} at {key}")
            if published < value and polled.in_a_row >= _CONFIRMED:
                self.report.deviate(f"{polled.name} is behind with {published} of {value} at {key}")
            polled.published[key] = published


def memory() -> float:
    """Return how much memory this process occupies, in MiB, after all rubbish was collected."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@asynccontextmanager
async def _scene(seed: int, framing: Framing, fault_every: int) -> AsyncIterator[Soak]:
    """Open the bus and the gateway, with little patience for either."""
    config = SimulatorConfig(
        meters=METERS, tcp=[TcpConfig(framing=framing)], start=_START, seed=seed
    )
    with patch.object(line, "_PORT_CLOSES_WITHIN", 0.005), patch.object(line, "BUSY_PATIENCE", 0.1):
        async with Simulator(config) as simulator, proxy(simulator.tcp[0]) as gateway:
            soak = Soak(simulator, gateway, Random(seed), fault_every)  # noqa: S311 - no secrets
            await soak.start()
            try:
                yield soak
            finally:
                await soak.stop()


def _nobody_listens(_report: Report) -> None:
    """Do without progress."""


async def run(  # noqa: PLR0913 - a soak is described by what it is made of
    polls: int,
    seed: int,
    framing: Framing = Framing.SOCKET,
    *,
    fault_every: int = FAULT_EVERY,
    progress: Callable[[Report], None] = _nobody_listens,
    stop: asyncio.Event | None = None,
) -> Report:
    """Soak for so many polls, or until ``stop`` is set, then settle and judge."""
    began = time.monotonic()
    async with _scene(seed, framing, fault_every) as soak:
        report = soak.report
        while report.polls < polls and not (stop and stop.is_set()):
            await soak.round()
            if report.polls * _MEMORY_SAMPLES >= polls * (len(report.memory) + 1):
                report.memory.append(memory())
                report.seconds = time.monotonic() - began
                progress(report)
        await soak.settle()
        report.memory.append(memory())
        report.simulated = soak.now - _START.timestamp()
    if report.growth > _MOST_GROWTH:
        report.deviate(f"memory has grown by {report.growth:.1f} MiB")
    report.seconds = time.monotonic() - began
    return report


async def _main(polls: int, seed: int, framing: Framing) -> Report:
    """Soak, telling how it goes; an interrupt ends the polling, and a second one everything."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupt() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    def tell(report: Report) -> None:
        sys.stdout.write(
            f"{report.polls:>9} of {polls} polls in {report.seconds:.0f} s, "
            f"{report.faults.total()} faults, {report.deviations} deviations, "
            f"{report.memory[-1]:.1f} MiB\n"
        )
        sys.stdout.flush()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    return await run(polls, seed, framing, progress=tell, stop=stop)


def table(report: Report) -> str:
    """Return all of a report for people to read."""
    rows: list[tuple[str, object]] = [
        ("polls", report.polls),
        ("readings", report.readings),
        ("polls a second", round(report.polls / report.seconds)),
        ("simulated days", round(report.simulated / 86400, 1)),
        ("memory, MiB", f"{report.memory[-1]:.1f}, grown by {report.growth:+.1f}"),
        ("misread counters", report.misread),
        *((f"failed: {name}", count) for name, count in report.failures.most_common()),
        *((f"fault: {name}", count) for name, count in report.faults.most_common()),
        *((f"{key}, Wh", f"{value:.0f} {shown}") for key, value, shown in report.counters),
        ("deviations", report.deviations),
        *(("", told) for told in report.told),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows) + "\n"


def main() -> int:
    """Soak as the command line says; return 1 if anything was not as it must be."""
    parser = ArgumentParser(prog="scripts/soak", description="Poll three meters through faults.")
    parser.add_argument("--polls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=307)
    parser.add_argument("--framing", type=Framing, choices=list(Framing), default=Framing.SOCKET)
    arguments = parser.parse_args()
    report = asyncio.run(_main(arguments.polls, arguments.seed, arguments.framing))
    sys.stdout.write(table(report))
    return 1 if report.deviations else 0


if __name__ == "__main__":
    sys.exit(main())
