"""A meter whose energy goes into Home Assistant's statistics, hour by hour, with outages."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Literal

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticMetaData
from homeassistant.components.recorder.statistics import get_metadata, statistics_during_period
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import let_pass

IMPORTED = "energy_imported"
EXPORTED = "energy_exported"
_POINTS = {IMPORTED: "TotWhImp", EXPORTED: "TotWhExp"}

POWER = {IMPORTED: 600, EXPORTED: 120}
"""W, unless a test sets another one"""

BEGUN = datetime(2026, 10, 31, 22, 0, tzinfo=UTC)
"""In the evening. In the night that follows, New York sets its clocks back."""

_HOUR = timedelta(hours=1)

type StatisticsRows = list[tuple[float, float, float]]
"""start, state and sum of each hour"""


class Hours:
    """Lets hours pass in which a meter counts, is read, and Home Assistant compiles statistics."""

    def __init__(
        self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, begun: datetime
    ) -> None:
        """Begin on the hour, and with a meter that has counted before."""
        self.hass = hass
        self._freezer = freezer
        self.begun = begun
        self.device = Device()
        self.device.let_flow()
        self.compiles = True
        """whether Home Assistant compiles statistics"""
        self.power = dict(POWER)
        self._counted = dict.fromkeys(POWER, 5_000_000.0)
        self._now = begun
        freezer.move_to(begun)
        self._count()

    def _count(self) -> None:
        """Let the meter show what it has counted by now."""
        hours = (dt_util.utcnow() - self._now) / _HOUR
        self._now = dt_util.utcnow()
        for key, power in self.power.items():
            self._counted[key] += power * hours
            self.device.write(_POINTS[key], round(self._counted[key]))

    async def read_at(self, hours: float) -> None:
        """Let it be some hours after the beginning, and the meter be read."""
        self.move_to(hours)
        await let_pass(self.hass)

    def move_to(self, hours: float) -> None:
        """Let it be some hours after the beginning."""
        self._freezer.move_to(self.begun + hours * _HOUR)
        self._count()

    async def run_to(self, last: float) -> None:
        """Let time pass until some hours after the beginning, and the meter be read all the while.

        It is read shortly before and after each hour; then the hour is compiled.
        """
        now = (dt_util.utcnow() - self.begun) / _HOUR
        for hour in range(int(now), int(last) + 1):
            for part, is_read in ((0.01, True), (0.1, False), (0.99, True)):
                if not now < hour + part <= last:
                    continue
                if is_read:
                    await self.read_at(hour + part)
                else:
                    self.move_to(hour + part)
                    await self.compile(hour)

    async def compile(self, hour: int, *, fill: bool = True) -> None:
        """Let Home Assistant compile the hour before, and the first minutes of this one.

        Only after these it is announced, so that outages may be filled in.
        """
        await async_wait_recording_done(self.hass)
        now = self.begun + hour * _HOUR
        # Some of the five minutes are enough: each begins with the latest state.
        for minutes in (-25, -5, 0) if self.compiles else ():
            is_announced = minutes == 0
            if is_announced <= fill:
                task = StatisticsTask(now + timedelta(minutes=minutes), is_announced)
                get_instance(self.hass).queue_task(task)
        await async_wait_recording_done(self.hass)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def metadata(self) -> list[tuple[int, StatisticMetaData]]:
        """Return what the recorder knows of the statistics of imported energy."""
        found = await get_instance(self.hass).async_add_executor_job(
            partial(get_metadata, self.hass, statistic_ids={self.statistic_id(IMPORTED)})
        )
        return list(found.values())

    def count_more(self, energy: float) -> None:
        """Let much be imported at once, in Wh."""
        self._counted[IMPORTED] += energy

    def fall_silent(self) -> None:
        """Let the meter not answer."""
        self.device.refusal = ExcCodes.GATEWAY_NO_RESPONSE

    def answer(self) -> None:
        """Let it answer again."""
        self.device.refusal = None

    def statistic_id(self, key: str) -> str:
        """Return the entity ID of a sensor."""
        unique_id = f"{self.device.serial_number}_{key}"
        entity_id = er.async_get(self.hass).async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        return entity_id

    async def rows(
        self,
        key: str = IMPORTED,
        period: Literal["5minute", "hour"] = "hour",
        unit: str = UnitOfEnergy.KILO_WATT_HOUR,
    ) -> StatisticsRows:
        """Return the statistics of a sensor: as they are stored, if that is their unit."""
        statistic_id = self.statistic_id(key)
        await async_wait_recording_done(self.hass)
        found = await get_instance(self.hass).async_add_executor_job(
            statistics_during_period,
            self.hass,
            self.begun - _HOUR,
            None,
            {statistic_id},
            period,
            {"energy": unit},
            {"state", "sum"},
        )
        rows = []
        for row in found.get(statistic_id, []):
            state, total = row["state"], row["sum"]
            assert state is not None
            assert total is not None
            rows.append((row["start"], state, total))
        return rows


def bars(rows: StatisticsRows) -> list[float]:
    """Return what the Energy dashboard shows for the hours after the first, in kWh."""
    return [later[2] - sooner[2] for sooner, later in pairwise(rows)]


def starts(rows: StatisticsRows) -> list[float]:
    """Return which hours have a row, counted from the first one."""
    return [(start - BEGUN.timestamp()) / 3600 for start, _, _ in rows]


async def an_outage(hours: Hours, until: float = 5.2) -> StatisticsRows:
    """Let the meter be silent for some hours; return the rows before they are filled in."""
    await hours.run_to(1.7)
    hours.fall_silent()
    await hours.run_to(3.5)
    hours.answer()
    await hours.run_to(4.05)
    await hours.compile(4, fill=False)
    before = await hours.rows()
    await hours.run_to(until)
    return before
