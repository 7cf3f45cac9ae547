"""A noisy meter that two entries poll at the same time, and what the recorder makes of either.

One entry has the default options, the other records every reading.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, override

from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.db_schema import States, StatesMeta
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.recorder.util import session_scope
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pymodbus.pdu import ModbusPDU
from pytest_homeassistant_custom_component.common import MockConfigEntry
from sqlalchemy import func, select

from simulator import MeterConfig, Simulator, SimulatorConfig
from simulator.bus import Bus
from simulator.meter import Meter

ENTITIES: Final = ("power", "energy_imported", "energy_exported")
_PERIOD: Final = 300
"""s; the shortest for which the recorder has statistics"""


class Household:
    """A meter in a busy house, whose time is the wall clock's whenever it is read.

    ``imported`` is the exact energy in Wh that had been imported net at each 5-minute border, by
    Unix time.
    """

    def __init__(self, model: int, start: datetime) -> None:
        """Begin with a meter of a SunSpec model that is of class 0.5."""
        config = MeterConfig(model=model, accuracy=0.5, days_in_service=30)
        self._simulator = Simulator(SimulatorConfig(meters=[config], busy=True, start=start))
        self.meter: Meter = self._simulator.meters[0]
        self.imported: dict[int, float] = {}

    def catch_up(self) -> None:
        """Let the meter measure each second up to now."""
        now, clock = int(dt_util.utcnow().timestamp()), self._simulator.clock
        while clock.now < now:
            clock.advance(1)
            if clock.now % _PERIOD == 0:
                exact = self.meter.counters.exact
                self.imported[clock.now] = exact("TotWhImp") - exact("TotWhExp")

    def true_means(self) -> dict[int, float]:
        """Return the true mean power in W of each 5 minutes by the Unix time of their begin."""
        return {
            begin: (self.imported[end] - self.imported[begin]) * 3600 / _PERIOD
            for begin, end in pairwise(sorted(self.imported))
        }


class CurrentBus(Bus):
    """The household's meter on a line; it catches up before it answers."""

    def __init__(self, household: Household) -> None:
        """Put the meter on the line."""
        super().__init__([household.meter])
        self._household = household

    @override
    def hooks(self) -> dict[str, Any]:
        hooks = super().hooks()
        behave = hooks["trace_pdu"]

        def catch_up(sending: bool, pdu: ModbusPDU) -> ModbusPDU | None:  # noqa: FBT001 - called by pymodbus
            if not sending:
                self._household.catch_up()
            passed: ModbusPDU | None = behave(sending, pdu)
            return passed

        return {**hooks, "trace_pdu": catch_up}


def entity_ids(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the enabled entities of an entry: entity keys by entity ID."""
    registry = er.async_get(hass)
    return {
        entity.entity_id: entity.unique_id.removeprefix(f"{entry.unique_id}_")
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
        if entity.disabled_by is None
    }


async def rows(recorder: Recorder, keys: Mapping[str, str]) -> Counter[str]:
    """Return the number of recorded states of some entities, by key."""

    def query() -> Counter[str]:
        with session_scope(session=recorder.get_session(), read_only=True) as session:
            counted = session.execute(
                select(StatesMeta.entity_id, func.count())
                .join(States, States.metadata_id == StatesMeta.metadata_id)
                .group_by(StatesMeta.entity_id)
            )
            return Counter({keys[entity]: n for entity, n in counted if entity in keys})

    return await recorder.async_add_executor_job(query)


@dataclass(frozen=True)
class Statistic:
    """A row of the recorder's statistics, in W or kWh."""

    mean: float | None
    min: float | None
    max: float | None
    state: float | None
    sum: float | None


type Statistics = Mapping[str, Mapping[int, Statistic]]
"""By entity key and Unix time of the begin of the period."""


@dataclass(frozen=True)
class Recorded:
    """What the recorder keeps of an entry: rows by entity key, and statistics by period."""

    rows: Counter[str]
    statistics: Mapping[str, Statistics]


async def statistics(
    hass: HomeAssistant, recorder: Recorder, keys: Mapping[str, str], start: float, period: str
) -> Statistics:
    """Return the statistics of some entities for each ``5minute`` or ``hour`` since ``start``."""
    wanted = {entity: key for entity, key in keys.items() if key in ENTITIES}
    found = await recorder.async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utc_from_timestamp(start),
        None,
        set(wanted),
        period,
        None,
        {"mean", "min", "max", "state", "sum"},
    )
    return {
        key: {
            int(row["start"]): Statistic(
                mean=row.get("mean"),
                min=row.get("min"),
                max=row.get("max"),
                state=row.get("state"),
                sum=row.get("sum"),
            )
            for row in found.get(entity, [])
        }
        for entity, key in wanted.items()
    }


def differences(
    ours: Mapping[int, Statistic], theirs: Mapping[int, Statistic], value: str
) -> dict[int, float]:
    """Return by how much a value differs in each period."""
    assert ours.keys() == theirs.keys()
    return {at: abs(getattr(ours[at], value) - getattr(theirs[at], value)) for at in ours}


def named(rows: Mapping[int, Statistic], value: str) -> dict[int, float]:
    """Return one value of statistics by period."""
    return {at: getattr(row, value) for at, row in rows.items()}


def beyond(
    ours: Mapping[int, float], theirs: Mapping[int, float], *, watts: float, share: float
) -> float:
    """Return the most W by which values differ beyond what is allowed, whichever is more."""
    both = ours.keys() & theirs.keys()
    return max(
        0.0, *(abs(ours[at] - theirs[at]) - max(watts, share * abs(theirs[at])) for at in both)
    )
