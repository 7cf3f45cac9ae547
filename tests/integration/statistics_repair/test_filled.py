"""After an outage, its hours without reads are filled in in Home Assistant's statistics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import shutil
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import get_instance
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.dts307.connection.timing import DATA_TIMING
from custom_components.dts307.const import DOMAIN
from tests.integration.bills import begin_at_home
from tests.integration.home import entry_for, load
from tests.integration.statistics_repair.hours import (
    BEGUN,
    EXPORTED,
    IMPORTED,
    POWER,
    Hours,
    an_outage,
    bars,
    starts,
)
from tests.integration.timing import PATIENT
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")


async def test_a_night(hours: Hours, entry: MockConfigEntry) -> None:
    """The meter is silent within an hour, and then over midnight and a change of the clocks."""
    await hours.run_to(1.1)
    hours.fall_silent()
    await hours.read_at(1.2)
    hours.answer()
    await hours.run_to(2.7)
    hours.fall_silent()
    await hours.run_to(8.5)
    hours.answer()
    await hours.run_to(9.05)
    await hours.compile(9, fill=False)
    before = {key: await hours.rows(key) for key in POWER}
    assert starts(before[IMPORTED]) == [0, 1, 2, 8]
    assert max(bars(before[IMPORTED])) > 4

    await hours.run_to(11.2)
    for key, power in POWER.items():
        rows = await hours.rows(key)
        assert starts(rows) == list(range(11))
        assert bars(rows) == pytest.approx([power / 1000] * 10, abs=power / 20_000)
        assert rows[:2] == before[key][:2]
        assert rows[8] == before[key][3]
        _, state, total = rows[8]
        assert all(row[1] - row[2] == pytest.approx(state - total) for row in rows)
        # Five minutes go on from where they were, though those of the outage have no row.
        latest = (await hours.rows(key, "5minute"))[-1]
        assert latest[2] == pytest.approx(latest[1] - 5000)

    rows = await hours.rows()
    kept = entry.runtime_data.store.replaced_rows
    for key in POWER:
        kept.async_set_checked(key, BEGUN.timestamp() + 3600)
    await hours.run_to(12.2)
    assert (await hours.rows())[:11] == rows
    assert len(kept.between(0, BEGUN.timestamp() + 86400)) == len(POWER)


@pytest.mark.parametrize("dead", [False, True])
@pytest.mark.usefixtures("entry")
async def test_the_recorder_was_off(hours: Hours, *, dead: bool) -> None:
    """The meter was read meanwhile: what flowed in each hour is known."""
    await hours.run_to(2.3)
    if dead:
        hours.compiles = False
    get_instance(hours.hass).set_enable(False)
    await hours.run_to(4.3)
    hours.power = {IMPORTED: 2400, EXPORTED: 0}
    await hours.run_to(5.5)
    hours.compiles = True
    get_instance(hours.hass).set_enable(True)
    await hours.run_to(8.2)
    rows = await hours.rows()
    assert starts(rows) == list(range(8))
    assert bars(rows) == pytest.approx([0.6, 0.6, 0.6, 2.22, 2.4, 2.4, 2.4], abs=0.09)


@asynccontextmanager
async def home_assistant(folder: Path, state: CoreState) -> AsyncIterator[HomeAssistant]:
    """Run another Home Assistant with the same disk."""
    async with async_test_home_assistant(config_dir=str(folder), initial_state=state) as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS)
        hass.data[DATA_TIMING] = PATIENT
        await begin_at_home(hass)
        assert await async_setup_component(hass, "sensor", {})
        yield hass
        await hass.async_stop(force=True)


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize("enable_missing_statistics", [True])
@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.usefixtures("hass")
async def test_home_assistant_was_off(
    async_test_recorder: RecorderInstanceContextManager,
    recorder_config: dict[str, Any],
    freezer: FrozenDateTimeFactory,
    tmp_path: Path,
    *,
    killed: bool,
) -> None:
    """When it starts, it makes up for the hours that it has missed, as if nothing had flowed."""
    freezer.move_to(BEGUN)
    async with home_assistant(tmp_path, CoreState.running) as hass:
        hours = Hours(hass, freezer, BEGUN)
        async with network(hours.device) as line, async_test_recorder(hass, recorder_config):
            entry = entry_for(hours.device, network_data(line), ct_rating=100.0, ct_sets=1)
            await load(hass, entry)
            await hours.run_to(2.7)
            shutil.copytree(tmp_path / ".storage", tmp_path / "killed")
            await hass.async_stop(force=True)
    if killed:
        shutil.copytree(tmp_path / "killed", tmp_path / ".storage", dirs_exist_ok=True)
    hours.move_to(5.5)
    async with home_assistant(tmp_path, CoreState.not_running) as hass:
        hours.hass = hass
        async with network(hours.device) as line, async_test_recorder(hass, recorder_config):
            again = MockConfigEntry(
                domain=DOMAIN,
                title=entry.title,
                unique_id=entry.unique_id,
                data=network_data(line),
                options=entry.options,
                entry_id=entry.entry_id,
            )
            await load(hass, again)
            await hass.async_start()
            await async_recorder_block_till_done(hass)
            await hours.run_to(6.05)
            await hours.compile(6, fill=False)
            before = await hours.rows()
            assert starts(before) == list(range(6))
            assert bars(before) == pytest.approx([0.6, 0.02, 0, 0, 2.4], abs=0.1)
            await hours.run_to(8.2)
            rows = await hours.rows()
            assert starts(rows) == list(range(8))
            assert bars(rows) == pytest.approx([0.6] * 7, abs=0.03)
            assert [rows[0], rows[1], rows[5]] == [before[0], before[1], before[5]]
            await hass.async_stop(force=True)


async def test_a_question_is_answered_hours_later(hours: Hours, entry: MockConfigEntry) -> None:
    """Nothing is published meanwhile; then the energy is spread over the time until the answer."""
    hass = hours.hass
    assert await async_setup_component(hass, "repairs", {})
    await hours.run_to(1.995)
    hours.count_more(29_000_000)
    await hours.run_to(4.1)
    before = await hours.rows()
    manager = hass.data["repairs"]["flow_manager"]
    issue_id = f"counter_leap_{entry.entry_id}"
    shown = await manager.async_init(DOMAIN, data={"issue_id": issue_id})
    await manager.async_configure(shown["flow_id"], {"next_step_id": "real"})
    await hours.run_to(6.2)
    rows = await hours.rows()
    assert starts(rows) == list(range(6))
    assert bars(before)[1:] == pytest.approx([0] * 2, abs=0.01)
    assert max(bars(rows)) < 29_000 / 1.8
    assert rows[-1][2] == pytest.approx(29_000 + 0.6 * 6, abs=0.1)


async def test_turned_off(hours: Hours, entry: MockConfigEntry) -> None:
    """Nothing is filled in, also of that time when it is on again."""
    await set_option(hours, entry, fill_outages=False)
    await set_option(hours, entry, fill_outages=True)
    await hours.run_to(1.2)
    await set_option(hours, entry, fill_outages=False)
    before = await an_outage(hours)
    assert (await hours.rows())[:3] == before
    await set_option(hours, entry, fill_outages=True)
    await hours.run_to(7.2)
    assert (await hours.rows())[:3] == before


async def set_option(hours: Hours, entry: MockConfigEntry, *, fill_outages: bool) -> None:
    """Choose in the options, and let the entry be set up again."""
    manager = hours.hass.config_entries
    options = {**entry.options, "fill_outages": fill_outages}
    manager.async_update_entry(entry, options=options)
    assert await manager.async_reload(entry.entry_id)


async def test_the_clock_was_ahead(hours: Hours, entry: MockConfigEntry) -> None:
    """Then the statistics seem to have been checked for hours that are still to come."""
    await hours.run_to(0.5)
    kept = entry.runtime_data.store.replaced_rows
    kept.async_set_checked(IMPORTED, BEGUN.timestamp() + 86400)
    await an_outage(hours)
    assert bars(await hours.rows()) == pytest.approx([0.6] * 4, abs=0.03)
