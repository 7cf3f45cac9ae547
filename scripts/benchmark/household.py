"""Meters with the noise of real ones in a busy household; lines count what is read from them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
import time
from typing import Any, Final, override

from pymodbus.pdu import ModbusPDU

from simulator import MeterConfig, Simulator, SimulatorConfig
from simulator.bus import Bus
from simulator.meter import Meter
from simulator.server import Line

_ACCURACY_CLASS: Final = 0.5
"""%"""
_EVENING: Final = datetime(2026, 6, 22, 18, 20, tzinfo=UTC)
"""Dinner is cooked and the sun still shines: more is switched than in most hours of a day."""
_SHORTEST_POLL: Final = 40
"""Registers; identification reads fewer, and a poll more."""


class CountingBus(Bus):
    """Meters on a line; ``polls`` has the monotonic times at which each unit was polled."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        """Put the meters on the bus."""
        super().__init__(meters)
        self.polls: defaultdict[int, list[float]] = defaultdict(list)

    def count(self, begin: float, end: float) -> int:
        """Return the number of polls of all units between two monotonic times."""
        return sum(begin <= at < end for polls in self.polls.values() for at in polls)

    @override
    def hooks(self) -> dict[str, Any]:
        hooks = super().hooks()
        behave = hooks["trace_pdu"]

        def count(sending: bool, pdu: ModbusPDU) -> ModbusPDU | None:  # noqa: FBT001 - called by pymodbus
            if not sending and pdu.count > _SHORTEST_POLL:
                self.polls[pdu.dev_id].append(time.monotonic())
            passed: ModbusPDU | None = behave(sending, pdu)
            return passed

        return {**hooks, "trace_pdu": count}


@asynccontextmanager
async def running_meters(
    models: Sequence[int], first_unit: int = 100
) -> AsyncIterator[list[Meter]]:
    """Simulate meters of these SunSpec models in one household, in real time."""
    configs = [
        MeterConfig(model=model, unit=unit, accuracy=_ACCURACY_CLASS, days_in_service=30)
        for unit, model in enumerate(models, first_unit)
    ]
    config = SimulatorConfig(meters=configs, busy=True, start=_EVENING, speed=1)
    async with Simulator(config) as simulator:
        yield simulator.meters


@asynccontextmanager
async def opened[L: Line](line: L) -> AsyncIterator[L]:
    """Open a line until the context ends."""
    await line.open()
    try:
        yield line
    finally:
        await line.close()
