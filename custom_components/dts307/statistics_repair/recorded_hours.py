"""The hourly statistics of one of our sensors, as Home Assistant's recorder has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_import_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.components.recorder.tasks import SynchronizeTask
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import EnergyConverter

from ..const import DOMAIN
from ..meter.intervals import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHours:
    """Rows of one statistic by their start, in the unit of the statistic."""

    metadata: StatisticMetaData
    rows: Mapping[float, Row]

    @property
    def unit(self) -> str | None:
        """The unit of the statistic. It stays when a sensor's unit is changed."""
        return self.metadata["unit_of_measurement"]

    @classmethod
    async def async_read(
        cls, hass: HomeAssistant, entry: ConfigEntry, key: str, start: float, end: float
    ) -> Self | None:
        """Return the rows that start from ``start`` to before ``end``, in s since 1970.

        None if the sensor with this key is disabled or has no statistics.
        """
        statistic_id = _statistic_id(hass, entry, key)
        if statistic_id is None:
            return None
        # The owner may be changing the unit just now.
        await _async_recorder_done(hass)
        executor = get_instance(hass).async_add_executor_job
        return await executor(cls._read, hass, statistic_id, start, end)

    @classmethod
    def _read(cls, hass: HomeAssistant, statistic_id: str, start: float, end: float) -> Self | None:
        found = get_metadata(hass, statistic_ids={statistic_id})
        if statistic_id not in found:
            return None
        _, metadata = found[statistic_id]
        unit = metadata["unit_of_measurement"]
        rows = statistics_during_period(
            hass,
            dt_util.utc_from_timestamp(start),
            dt_util.utc_from_timestamp(end),
            {statistic_id},
            "hour",
            # As they are stored: otherwise they come in the unit of the sensor's state.
            {} if unit is None else {EnergyConverter.UNIT_CLASS: unit},
            {"state", "sum"},
        ).get(statistic_id, [])
        return cls(
            metadata=metadata,
            rows={
                row["start"]: Row(start=row["start"], state=state, sum=total)
                for row in rows
                if (state := row["state"]) is not None and (total := row["sum"]) is not None
            },
        )

    async def async_import(self, hass: HomeAssistant, rows: Sequence[Row]) -> None:
        """Let the recorder write rows in place of those with the same start."""
        data = [
            StatisticData(start=dt_util.utc_from_timestamp(row.start), state=row.state, sum=row.sum)
            for row in rows
        ]
        async_import_statistics(hass, self.metadata, data)
        await _async_recorder_done(hass)


async def _async_recorder_done(hass: HomeAssistant) -> None:
    """Wait until the recorder has done what it was asked to, also what it is doing now."""
    done = hass.loop.create_future()
    get_instance(hass).queue_task(SynchronizeTask(done))
    await done


def can_convert(one: str | None, other: str | None) -> bool:
    """Return whether rows can be converted between two units."""
    return one == other or {one, other} <= EnergyConverter.VALID_UNITS


def converted(row: Row, from_unit: str | None, to_unit: str | None) -> Row:
    """Return a row in another unit."""
    if from_unit == to_unit:
        return row
    convert = EnergyConverter.converter_factory(from_unit, to_unit)
    return Row(start=row.start, state=convert(row.state), sum=convert(row.sum))


@callback
def _statistic_id(hass: HomeAssistant, entry: ConfigEntry, key: str) -> str | None:
    """Return the statistic ID of a sensor, which is its entity ID; None if it is disabled."""
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}_{key}"
    entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
    if entity_id is None or registry.entities[entity_id].disabled:
        return None
    return entity_id
