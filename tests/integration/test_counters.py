"""The guard over the counters in Home Assistant: restarts, repairs, and what the recorder books."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter import Meter, Reading
from custom_components.dts307.repairs import async_create_fix_flow
from tests.device import Device
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, let_poll, load, state_of
from tests.lines import network, network_data

IMPORTED = "sensor.dts_307_energy_imported"
START = datetime(2026, 6, 1, 6, 0, 30, tzinfo=UTC)


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory) -> Device:
    """A meter that has imported 5 MWh, at a morning at which time stands still."""
    freezer.move_to(START)
    device = Device()
    device.write("TotWhImp", 5_000_000)
    return device


def issue(hass: HomeAssistant, entry: MockConfigEntry, question: str) -> ir.IssueEntry | None:
    """Return the repair that asks a question about an entry's meter, if it does."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"counter_{question}_{entry.entry_id}")


async def answer(hass: HomeAssistant, issue_id: str, choice: str) -> RepairsFlowResult:
    """Open a repair and click on one of its answers."""
    manager = hass.data["repairs"]["flow_manager"]
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    assert shown["type"] is FlowResultType.MENU
    assert choice in shown["menu_options"]
    result: RepairsFlowResult = await manager.async_configure(
        shown["flow_id"], {"next_step_id": choice}
    )
    return result


@pytest.mark.parametrize("wrong", [0, 4_000_000_000, 4_999_999])
async def test_a_wrong_count_shows_nowhere(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, wrong: int
) -> None:
    """The energy stands still meanwhile, and power goes on.

    A zero is read twice here: for a moment, the phases seem to have counters, too, which a second
    reading is to confirm. So it takes two to be believed that it was none.
    """
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        assert state_of(hass, meter, "energy_imported") == "5000.0"
        meter.write("TotWhImp", wrong)
        meter.write("W", 777)
        await let_poll(hass, freezer)
        assert state_of(hass, meter, "energy_imported") == "5000.0"
        assert state_of(hass, meter, "power") == "777"
        meter.write("TotWhImp", 5_000_012)
        await let_poll(hass, freezer, 2)
        assert state_of(hass, meter, "energy_imported") == "5000.012"


async def test_the_last_good_value_survives_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """And a first reading that is wrong does not."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(timedelta(days=1))
        meter.write("TotWhImp", 17)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, meter, "energy_imported") == "5000.0"
        meter.write("TotWhImp", 5_024_000)
        await let_poll(hass, freezer, 2)
        assert state_of(hass, meter, "energy_imported") == "5024.0"


async def test_counters_are_kept_while_running(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    meter: Device,
) -> None:
    """Home Assistant may be killed at any time; and nothing is left of a meter that is removed."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await let_poll(hass, freezer)
        freezer.tick(timedelta(seconds=60))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
        key = storage_key(entry, "counters")
        assert hass_storage[key]["data"]["latest"] is False
        kept = hass_storage[key]["data"]["counters"]["energy_imported.total"]
        assert kept["trusted"]["last"]["value"] == 5_000_000
        await hass.config_entries.async_remove(entry.entry_id)
        assert key not in hass_storage


@pytest.mark.parametrize(
    ("choice", "shown"),
    [("zero", "5000.009"), ("elsewhere", "5000.006"), ("not_set_back", "5000.0")],
)
async def test_a_counter_that_was_set_back(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    choice: str,
    shown: str,
) -> None:
    """It is held, it is asked about, and it goes on from the answer."""
    assert await async_setup_component(hass, "repairs", {})
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=2)
        await load(hass, entry)
        meter.write("TotWhImp", 3)
        await let_poll(hass, freezer, 4)
        assert issue(hass, entry, "set_back") is None
        await let_poll(hass, freezer, 10)
        asked = issue(hass, entry, "set_back")
        assert asked is not None
        assert asked.is_fixable
        assert asked.translation_placeholders == {
            "name": "DTS 307",
            "counters": "- **Energy imported**: 5000.000 → 0.003 kWh (2026-05-31 23:00)",
        }
        assert state_of(hass, meter, "energy_imported") == "5000.0"

        meter.write("TotWhImp", 9)
        await let_poll(hass, freezer)
        meter.requests.clear()
        result = await answer(hass, asked.issue_id, choice)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert meter.requests, "it is read at once"
        await let_poll(hass, freezer, 2)
        assert issue(hass, entry, "set_back") is None
        assert state_of(hass, meter, "energy_imported") == shown


@pytest.mark.parametrize(("left", "shown"), [(45_000, "4294967.306"), (900_000, None)])
async def test_a_counter_that_rolled_over(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    left: int,
    shown: str | None,
) -> None:
    """No power shows how it got through its end, so that it is asked about if that is possible."""
    assert await async_setup_component(hass, "repairs", {})
    meter.write("TotWhImp", 2**32 - left)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=2)
        await load(hass, entry)
        meter.write("TotWhImp", 10)
        await let_poll(hass, freezer, seconds=600)
        await let_poll(hass, freezer, 14)
        asked = issue(hass, entry, "set_back")
        assert asked is not None
        manager = hass.data["repairs"]["flow_manager"]
        menu = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
        assert ("rolled_over" in menu["menu_options"]) is (shown is not None)
        if shown is not None:
            await answer(hass, asked.issue_id, "rolled_over")
            await let_poll(hass, freezer, 2)
            assert state_of(hass, meter, "energy_imported") == shown


async def test_a_reading_that_is_under_way_is_kept(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    meter: Device,
) -> None:
    """Unloading waits for it, so that it cannot overwrite what is kept; then all is kept."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        read, reading, go_on = Meter.read, asyncio.Event(), asyncio.Event()

        async def read_slowly(meter: Meter, *, whole: bool = False) -> Reading:
            result = await read(meter, whole=whole)
            reading.set()
            await go_on.wait()
            return result

        monkeypatch.setattr(Meter, "read", read_slowly)
        meter.write("TotWhImp", 5_000_001)
        freezer.tick(timedelta(seconds=6))
        async_fire_time_changed(hass)
        await reading.wait()
        unloading = hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not unloading.done()
        go_on.set()
        assert await unloading
        kept = hass_storage[storage_key(entry, "counters")]["data"]
        assert kept["latest"] is True
        counter = kept["counters"]["energy_imported.total"]
        assert counter["trusted"]["last"]["value"] == 5_000_001
        prefix = f"{DOMAIN}.{entry.entry_id}."
        stores = {key.removeprefix(prefix) for key in hass_storage if key.startswith(prefix)}
        assert stores == {"counters", "direction", "states", "ledger", "totals"}


async def test_a_leap_that_goes_away_by_itself(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """So does the question."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        meter.write("TotWhImp", 9_000_000)
        await let_poll(hass, freezer, 13)
        assert issue(hass, entry, "leap") is not None
        meter.write("TotWhImp", 5_000_100)
        await let_poll(hass, freezer, 2)
        assert issue(hass, entry, "leap") is None
        assert state_of(hass, meter, "energy_imported") == "5000.1"


async def test_a_question_ends_with_its_entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """A question survives a reload, and is withdrawn when the entry is removed."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        meter.write("TotWhImp", 9_000_000)
        await let_poll(hass, freezer, 13)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert issue(hass, entry, "leap") is not None
        others = ("another", f"counter_leap_{entry.entry_id}"), (DOMAIN, "of_another_entry")
        for domain, issue_id in others:
            ir.async_create_issue(
                hass,
                domain,
                issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="any",
            )
        await hass.config_entries.async_remove(entry.entry_id)
        assert set(ir.async_get(hass).issues) == set(others)


@pytest.mark.parametrize("refusing", [False, True])
async def test_an_answer_while_the_meter_is_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, *, refusing: bool
) -> None:
    """The repair asks to try again: the entry is not loaded, or its meter not read since."""
    assert await async_setup_component(hass, "repairs", {})
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        meter.write("TotWhImp", 3)
        await let_poll(hass, freezer, 13)
        asked = issue(hass, entry, "set_back")
        assert asked is not None
        manager = hass.data["repairs"]["flow_manager"]
        shown = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
        assert await hass.config_entries.async_unload(entry.entry_id)
        if refusing:
            meter.refusal = ExcCodes.ILLEGAL_ADDRESS
            assert await hass.config_entries.async_setup(entry.entry_id)
        result = await manager.async_configure(shown["flow_id"], {"next_step_id": "zero"})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "not_loaded"
        again = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
        assert again["reason"] == "not_loaded"
    with pytest.raises(ValueError, match="without data"):
        await async_create_fix_flow(hass, "something_else", None)


async def test_the_recorder_books_what_went_through_the_meter(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Whatever was read in between: zeros, leaps, a register that starts over, a restart."""
    assert await async_setup_component(hass, "sensor", {})
    meter.let_flow()
    meter.write("TotWhImp", 4_294_967_000)
    registers = [4_294_967_100, 0, 4_294_967_150, 4_000_000_000, 4_294_967_200, 4, 14, 24]
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await async_wait_recording_done(hass)
        for number, register in enumerate(registers):
            meter.write("TotWhImp", register)
            await let_poll(hass, freezer)
            if number == 2:
                assert await hass.config_entries.async_reload(entry.entry_id)
                await hass.async_block_till_done(wait_background_tasks=True)
            await async_wait_recording_done(hass)
        start = START.replace(second=0)
        freezer.move_to(start + timedelta(minutes=5, seconds=20))
        do_adhoc_statistics(hass, start=start)
        await async_wait_recording_done(hass)
        booked = await recorder_mock.async_add_executor_job(
            statistics_during_period, hass, start, None, {IMPORTED}, "5minute", None, {"sum"}
        )
        # From 4294967000 to 2^32 + 24.
        assert booked[IMPORTED][0]["sum"] == pytest.approx(0.320, abs=1e-9)


async def test_nothing_falls_after_home_assistant_was_killed(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    meter: Device,
) -> None:
    """What was kept may be older than what was shown; then the meter was out of reach for a day."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=200.0, ct_sets=1)
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        key = storage_key(entry, "counters")
        hass_storage[key]["data"]["latest"] = False
        freezer.tick(timedelta(days=1))
        meter.write("TotWhImp", 5_300_000)
        changes = async_capture_events(hass, EVENT_STATE_CHANGED)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert state_of(hass, meter, "energy_imported") == "5300.0"
        seen = {
            event.data["new_state"].state
            for event in changes
            if event.data["entity_id"] == IMPORTED and event.data["new_state"]
        }
        assert seen <= {"5300.0", "unavailable", "unknown"}

        assert await hass.config_entries.async_unload(entry.entry_id)
        hass_storage[key]["data"]["latest"] = False
        freezer.tick(timedelta(seconds=10))
        meter.write("TotWhImp", 17)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        meter.requests.clear()
        await let_poll(hass, freezer)
        assert len(meter.requests) == 1
        state = hass.states.get(IMPORTED)
        assert state is None or state.state in {"unknown", "unavailable"}
        meter.write("TotWhImp", 5_300_004)
        await let_poll(hass, freezer)
        assert state_of(hass, meter, "energy_imported") == "5300.004"
