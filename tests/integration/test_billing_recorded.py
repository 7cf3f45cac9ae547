"""What the recorder books of net metering, and what it leaves out."""

from datetime import timedelta
import itertools
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from tests.device import Device
from tests.integration.bills import (
    begin_at_home,
    change,
    count,
    instant,
    poll,
    sensor,
    start,
)
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

FIVE_MINUTES = timedelta(minutes=5)

NOT_OURS = {
    "assumed_state",
    "device_class",
    "friendly_name",
    "icon",
    "last_reset",
    "options",
    "state_class",
    "unit_of_measurement",
}
"""Attributes that Home Assistant gives to an entity, and needs in its history."""


async def booked(recorder: Recorder, hass: HomeAssistant, state: State) -> list[dict[str, Any]]:
    """Return what the recorder has booked for a sensor in each five minutes."""
    begun = instant("06-30 23:50:00").astimezone(dt_util.UTC)
    rows = await recorder.async_add_executor_job(
        statistics_during_period,
        hass,
        begun,
        None,
        {state.entity_id},
        "5minute",
        None,
        {"state", "sum", "last_reset"},
    )
    return [dict(row) for row in rows[state.entity_id]]


async def test_the_sums_go_on_over_a_billing_day(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The energy of the period begins at zero again, and what has flowed is still there."""
    await begin_at_home(hass)
    freezer.move_to(instant("06-30 23:50:30"))
    assert await async_setup_component(hass, "sensor", {})
    meter = Device()
    count(meter, 5_000_000, 70_000)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await async_wait_recording_done(hass)
        for moment, imported, exported in (
            ("06-30 23:53:00", 500, 20),
            ("06-30 23:57:00", 900, 30),
            # What is counted between the last poll and midnight is in no sum of the two periods.
            ("06-30 23:59:58", 1000, 40),
            ("07-01 00:00:02", 1000, 40),
            ("07-01 00:00:30", 1020, 90),
            ("07-01 00:07:00", 1100, 100),
        ):
            count(meter, 5_000_000 + imported, 70_000 + exported)
            for seconds in (0, 1):
                await poll(hass, freezer, instant(moment) + timedelta(seconds=seconds))
                await async_wait_recording_done(hass)
        begun = instant("06-30 23:50:00").astimezone(dt_util.UTC)
        freezer.move_to(begun + 4 * FIVE_MINUTES + timedelta(seconds=15))
        for number in range(4):
            do_adhoc_statistics(hass, start=begun + number * FIVE_MINUTES)
        await async_wait_recording_done(hass)

        for direction, flowed, in_july in (
            ("imported", (0.5, 1.0, 1.02, 1.1), 0.1),
            ("exported", (0.02, 0.04, 0.09, 0.1), 0.06),
            ("net", (0.48, 0.96, 0.93, 1.0), 0.04),
        ):
            rows = await booked(
                recorder_mock, hass, sensor(hass, meter, f"{direction}_this_period")
            )
            sums = [row["sum"] for row in rows]
            assert sums == pytest.approx(flowed)
            assert rows[-1]["state"] == pytest.approx(in_july)
            assert [row["last_reset"] for row in rows] == [
                instant("06-30 23:50:30").timestamp(),
                instant("06-30 23:50:30").timestamp(),
                instant("07-01 00:00:00").timestamp(),
                instant("07-01 00:00:00").timestamp(),
            ]
            increasing = all(later >= sooner for sooner, later in itertools.pairwise(sums))
            assert increasing is (direction != "net")


@pytest.mark.parametrize("billing_day", [None, 15, 29])
async def test_the_sums_miss_nothing_while_home_assistant_is_off(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    billing_day: int | None,
) -> None:
    """Over a billing day, and when another one is chosen, which adds nothing either."""
    await begin_at_home(hass)
    freezer.move_to(instant("06-30 23:50:30"))
    assert await async_setup_component(hass, "sensor", {})
    meter = Device()
    count(meter, 5_000_000, 70_000)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), billing_day=1)
        await load(hass, entry)
        await async_wait_recording_done(hass)
        count(meter, 5_000_500, 70_020)
        for second in range(2):
            await poll(hass, freezer, instant("06-30 23:53:00") + timedelta(seconds=second))
        await async_wait_recording_done(hass)
        if billing_day is None:
            assert await hass.config_entries.async_unload(entry.entry_id)
        else:
            await change(hass, entry, billing_day=billing_day)
            assert await hass.config_entries.async_unload(entry.entry_id)
        await async_wait_recording_done(hass)
        freezer.move_to(instant("07-01 00:06:00"))
        count(meter, 5_004_270, 70_100)
        await start(hass, entry)
        for second in range(1, 4):
            await poll(hass, freezer, instant("07-01 00:06:00") + timedelta(seconds=second))
            await async_wait_recording_done(hass)
        begun = instant("06-30 23:50:00").astimezone(dt_util.UTC)
        freezer.move_to(begun + 4 * FIVE_MINUTES + timedelta(seconds=15))
        for number in range(4):
            do_adhoc_statistics(hass, start=begun + number * FIVE_MINUTES)
        await async_wait_recording_done(hass)
        for direction, flowed in (("imported", 4.27), ("exported", 0.1), ("net", 4.17)):
            rows = await booked(
                recorder_mock, hass, sensor(hass, meter, f"{direction}_this_period")
            )
            assert rows[-1]["sum"] == pytest.approx(flowed)


async def test_only_what_the_history_needs_is_recorded(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """An attribute that is new has to be named among those left out, unless it is of an event."""
    await begin_at_home(hass)
    freezer.move_to(instant("06-30 23:59:30"))
    meter = Device()
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        for minute in range(0, 40, 5):
            await poll(hass, freezer, instant("07-01 00:00:00") + timedelta(minutes=minute))
            await poll(hass, freezer, instant("07-01 00:00:59") + timedelta(minutes=minute))
        entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        left_out = set()
        for entity in (each for each in entities if each.domain != Platform.EVENT):
            state = hass.states.get(entity.entity_id)
            assert state is not None
            assert state.state_info is not None
            unrecorded = state.state_info["unrecorded_attributes"]
            assert "last_reset" not in unrecorded
            assert state.attributes.keys() - unrecorded <= NOT_OURS
            left_out |= state.attributes.keys() & unrecorded
        assert {"period_start", "block_start", "lost_phases", "too_low", "read_at"} <= left_out
