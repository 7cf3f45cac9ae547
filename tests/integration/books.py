"""A meter in Home Assistant, what truly goes through it, and what the recorder books for that."""

from collections.abc import Iterable
from datetime import datetime, timedelta
import itertools
from typing import override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.dts307.const import DOMAIN
from tests.device import Device, Request
from tests.integration.home import let_pass

COUNTERS = {"TotWhImp": "energy_imported", "TotWhExp": "energy_exported"}
"""The entities that show the counters of model 203."""

_COUNTS = 2**32
_PERIOD = timedelta(minutes=5)
_DUST = 1e-6
"""kWh; a thousandth of a count, for what differences of large floats leave over."""


class Books:
    """Lets energy flow through a meter, and holds the recorder's sums against it.

    ``flowed`` is what truly went through the meter since its first reading, in Wh by SunSpec
    point; ``registers`` is what it shows of that.
    """

    def __init__(
        self, hass: HomeAssistant, recorder: Recorder, freezer: FrozenDateTimeFactory
    ) -> None:
        """Begin before there is a meter."""
        self._hass = hass
        self._recorder = recorder
        self._freezer = freezer
        self._begun = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
        self.device = Device()
        self.device.let_flow()
        self.registers = {"TotWhImp": 5_000_000, "TotWhExp": 0}
        self.begin()
        self._write(self.registers)

    def begin(self) -> None:
        """Hold the sums against what flows from now on, as nothing was shown before."""
        self.flowed = dict.fromkeys(COUNTERS, 0)
        self._first = dict(self.registers)

    def flow(self, imported: int = 0, exported: int = 0) -> None:
        """Let energy flow, which the meter counts."""
        for point, energy in zip(COUNTERS, (imported, exported), strict=True):
            self.flowed[point] += energy
            self.registers[point] = (self.registers[point] + energy) % _COUNTS
        self._write(self.registers)

    def set_register(self, point: str, register: int) -> None:
        """Let the meter go on from another number, without any energy."""
        self.registers[point] = register
        self._write(self.registers)

    def misread(self, point: str, register: int) -> None:
        """Let a counter be read wrongly, until energy flows or ``read_well``."""
        self._write({point: register})

    def read_well(self) -> None:
        """Let the counters be read rightly again."""
        self._write(self.registers)

    def _write(self, registers: dict[str, int]) -> None:
        for point, register in registers.items():
            self.device.write(point, register)

    async def poll(self, times: int = 1, seconds: float = 6) -> None:
        """Let the meter be read some times, and the recorder write down what that brings."""
        for _ in range(times):
            self._freezer.tick(timedelta(seconds=seconds))
            await let_pass(self._hass, seconds)
            await async_wait_recording_done(self._hass)

    async def vanish(self, hours: int) -> None:
        """Let an adapter say for hours that the meter does not answer."""
        self.device.refusal = ExcCodes.GATEWAY_NO_RESPONSE
        await self.poll(hours, seconds=3600)

    async def reappear(self) -> None:
        """Let the meter answer again, and be read twice."""
        self.device.refusal = None
        await self.poll(2)

    async def stop(self, entry: MockConfigEntry) -> None:
        """Stop the integration as Home Assistant does when it stops."""
        assert await self._hass.config_entries.async_unload(entry.entry_id)
        await async_wait_recording_done(self._hass)

    async def start(self, entry: MockConfigEntry) -> None:
        """Start the integration again."""
        await self._hass.config_entries.async_setup(entry.entry_id)
        await async_wait_recording_done(self._hass)

    async def answer(self, question: str, entry: MockConfigEntry, choice: str) -> None:
        """Answer a repair, and let the meter be read twice after that."""
        issue_id = f"{question}_{entry.entry_id}"
        assert ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id) is not None
        manager = self._hass.data["repairs"]["flow_manager"]
        shown = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
        result: RepairsFlowResult = await manager.async_configure(
            shown["flow_id"], {"next_step_id": choice}
        )
        assert result["type"] == "create_entry"
        await self.poll(2)

    async def are_true(self) -> None:
        """See that the recorder's sums are what flowed, and its states what the meter has counted.

        Statistics are compiled for every five minutes up to the end of the hour, and of these for
        every hour, as Home Assistant does.
        """
        await async_wait_recording_done(self._hass)
        now = dt_util.utcnow()
        end = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self._freezer.move_to(end + timedelta(seconds=20))
        for start in self._periods(end):
            do_adhoc_statistics(self._hass, start=start)
        await async_wait_recording_done(self._hass)
        for period in ("5minute", "hour"):
            booked = await self._recorder.async_add_executor_job(
                statistics_during_period,
                self._hass,
                self._begun,
                None,
                {self._entity_id(point) for point in COUNTERS},
                period,
                None,
                {"state", "sum"},
            )
            for point in COUNTERS:
                rows = booked[self._entity_id(point)]
                sums = [row["sum"] or 0.0 for row in rows]
                counted = self._first[point] + self.flowed[point]
                assert sums[-1] == pytest.approx(self.flowed[point] / 1000, abs=_DUST)
                assert rows[-1]["state"] == pytest.approx(counted / 1000, abs=_DUST)
                assert all(later >= sooner for sooner, later in itertools.pairwise(sums))

    def _periods(self, end: datetime) -> Iterable[datetime]:
        for number in range((end - self._begun) // _PERIOD):
            yield self._begun + number * _PERIOD

    def _entity_id(self, point: str) -> str:
        unique_id = f"{self.device.serial_number}_{COUNTERS[point]}"
        entity_id = er.async_get(self._hass).async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        return entity_id


class FirstReadWrong(list[Request]):
    """What a device is asked; the first answer with counters in it is wrong."""

    def __init__(self, books: Books, register: int) -> None:
        """Begin with a device that was never asked."""
        super().__init__()
        self._books = books
        self._register = register
        self.reads = 0

    @override
    def append(self, request: Request) -> None:
        super().append(request)
        if request.address == 40070 and request.count > 50:
            self.reads += 1
            if self.reads == 1:
                self._books.misread("TotWhImp", self._register)
            else:
                self._books.read_well()
