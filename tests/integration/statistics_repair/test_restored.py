"""What outages left in the statistics is restored by an action."""

from datetime import timedelta
from typing import Any

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import (
    async_change_statistics_unit,
    async_update_statistics_metadata,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
import voluptuous as vol

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.intervals import Row
from custom_components.dts307.stores import ReplacedRows
from custom_components.dts307.stores.replaced_rows import parse_replaced_rows
from tests.integration.statistics_repair.hours import (
    BEGUN,
    EXPORTED,
    IMPORTED,
    Hours,
    an_outage,
    bars,
    starts,
)

pytestmark = pytest.mark.usefixtures("real_disk")


async def restore(hours: Hours, entry: MockConfigEntry, first: float, last: float) -> int:
    """Restore the outages with hours between two instants; return how many hours were."""
    times = {
        name: (BEGUN + timedelta(hours=at)).isoformat()
        for name, at in (("start", first), ("end", last))
    }
    response = await hours.hass.services.async_call(
        DOMAIN,
        "restore_statistics",
        {"config_entry_id": entry.entry_id, **times},
        blocking=True,
        return_response=True,
    )
    assert response is not None
    restored = response["restored_hours"]
    assert isinstance(restored, int)
    return restored


async def test_restored(hours: Hours, entry: MockConfigEntry) -> None:
    """Rows are as they were, missing ones show nothing, and it stays so."""
    before = await an_outage(hours)
    filled = await hours.rows()
    assert await restore(hours, entry, 1.5, 2.5) == 4
    rows = await hours.rows()
    assert starts(rows) == list(range(5))
    assert [row for row in rows if row in before] == before
    assert [row for row in rows if row in filled][-2:] == filled[-2:]
    assert bars(rows) == pytest.approx(
        [before[1][2] - before[0][2], 0, filled[3][2] - before[1][2], 0.6], abs=0.01
    )
    await hours.hass.config_entries.async_reload(entry.entry_id)
    await hours.run_to(6.2)
    assert (await hours.rows())[:5] == rows
    with pytest.raises(ServiceValidationError, match="earlier start"):
        await restore(hours, entry, 0, 9)


async def test_another_unit_and_name(hours: Hours, entry: MockConfigEntry) -> None:
    """The owner changed them: before the outage, and before it was restored."""
    hass = hours.hass
    await hours.run_to(1.1)
    statistic_id = hours.statistic_id(IMPORTED)
    await async_change_statistics_unit(
        hass, statistic_id, new_unit_of_measurement="MWh", old_unit_of_measurement="kWh"
    )
    before = await an_outage(hours)
    rows = await hours.rows(unit="MWh")
    assert bars(rows) == pytest.approx([0.0006] * 4, abs=0.00003)
    assert [each["unit_of_measurement"] for _, each in await hours.metadata()] == ["MWh"]

    renamed = "sensor.from_the_grid"
    er.async_get(hass).async_update_entity(statistic_id, new_entity_id=renamed)
    await hours.run_to(6.2)
    await async_change_statistics_unit(
        hass, renamed, new_unit_of_measurement="Wh", old_unit_of_measurement="MWh"
    )
    await restore(hours, entry, 1, 2)
    restored = await hours.rows()
    assert [restored[1], restored[3]] == [pytest.approx(before[1]), pytest.approx(before[2])]


async def test_the_owner_adjusts_the_sum(hours: Hours, entry: MockConfigEntry) -> None:
    """After an outage was filled in: what is restored has the adjustment, too."""
    before = await an_outage(hours)
    get_instance(hours.hass).async_adjust_statistics(
        hours.statistic_id(IMPORTED), BEGUN, 5.0, "kWh"
    )
    await restore(hours, entry, 1, 2)
    rows = await hours.rows()
    assert rows[1][2] == pytest.approx(before[1][2] + 5)
    assert bars(rows)[:2] == pytest.approx([before[1][2] - before[0][2], 0])


async def test_statistics_that_are_gone(hours: Hours, entry: MockConfigEntry) -> None:
    """They were deleted, or their sensor is disabled: nothing comes back, nothing is filled in."""
    await an_outage(hours)
    hass = hours.hass
    await hours.run_to(6.05)
    await hours.compile(6, fill=False)
    get_instance(hass).async_clear_statistics([hours.statistic_id(IMPORTED)])
    await async_wait_recording_done(hass)
    exported = await hours.rows(EXPORTED)
    assert await restore(hours, entry, 0, 9) == 2
    assert await hours.rows(EXPORTED) != exported
    await hours.run_to(6.2)
    assert starts(await hours.rows()) == []
    er.async_get(hass).async_update_entity(
        hours.statistic_id(EXPORTED), disabled_by=er.RegistryEntryDisabler.USER
    )
    await hours.run_to(7.2)
    assert starts(await hours.rows()) == [6]
    with pytest.raises(ServiceValidationError):
        await restore(hours, entry, 0, 9)


async def test_statistics_in_a_unit_of_something_else(hours: Hours, entry: MockConfigEntry) -> None:
    """They are left alone."""
    await an_outage(hours)
    rows = await hours.rows()
    async_update_statistics_metadata(
        hours.hass,
        hours.statistic_id(IMPORTED),
        new_unit_class=None,
        new_unit_of_measurement="cats",
    )
    kept = entry.runtime_data.store.replaced_rows
    kept.async_set_checked(IMPORTED, BEGUN.timestamp())
    await hours.run_to(6.2)
    assert await restore(hours, entry, 0, 9) == 2
    assert (await hours.rows())[: len(rows)] == rows


async def test_the_oldest_rows_are_dropped(hours: Hours, entry: MockConfigEntry) -> None:
    """But never those of the latest outage."""
    kept = entry.runtime_data.store.replaced_rows
    await hours.run_to(0.1)

    def outage(number: int, length: int) -> ReplacedRows:
        rows = tuple(
            Row(start=1e6 * number + 3600 * hour, state=1, sum=1) for hour in range(length)
        )
        return ReplacedRows(key=IMPORTED, unit="kWh", rows=rows)

    for number, length in enumerate((6000, 3000, 2000)):
        await kept.async_keep(outage(number, length))
    assert [len(each.rows) for each in kept.between(0, 1e9)] == [3000, 2000]
    await kept.async_keep(outage(4, 12_000))
    assert [len(each.rows) for each in kept.between(0, 1e9)] == [12_000]


def test_a_file_is_read_again() -> None:
    rows = [[3600.0, 1.5, 2.5], [7200.0, 1.75, 2.75]]
    stored = {"checked": {"a": 7200.0}, "replaced": [{"key": "a", "unit": "kWh", "rows": rows}]}
    checked, (replaced,) = parse_replaced_rows(stored)
    assert checked == {"a": 7200.0}
    assert (replaced.key, replaced.unit) == ("a", "kWh")
    assert [[row.start, row.state, row.sum] for row in replaced.rows] == rows


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"checked": {"a": "b"}, "replaced": []},
        {"checked": {}, "replaced": [{"key": "a", "unit": None, "rows": [[0, 1]]}]},
        {"checked": {}, "replaced": [{"key": "a", "unit": 1, "rows": []}]},
    ],
)
def test_a_damaged_file(odd: dict[str, Any]) -> None:
    """It is set aside, as it is not well-typed."""
    with pytest.raises(vol.Invalid):
        parse_replaced_rows(odd)
