"""A CT rating that is left empty is shown at the device, and offered again after a day."""

from datetime import timedelta
from typing import Any

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    assert_asked_only_in_use,
    entry_for,
    let_pass,
    load,
    state_of,
)
from tests.integration.repair_flows import assert_ignored_for_good, choose, open_repair
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

HOUR = 3600


def offer(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Return the repair that asks for the rating, if there is one."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"ct_rating_missing_{entry.entry_id}")
    return issue if issue and issue.active else None


async def added_yesterday(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an entry that was added a day ago."""
    entry.created_at -= timedelta(days=1)
    await load(hass, entry)


async def submit(
    hass: HomeAssistant, shown: RepairsFlowResult, entered: dict[str, Any]
) -> RepairsFlowResult:
    """Send the form off."""
    manager = hass.data["repairs"]["flow_manager"]
    result: RepairsFlowResult = await manager.async_configure(shown["flow_id"], entered)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


@pytest.mark.parametrize(("rating", "state"), [(None, "unknown"), (200.0, "200.0")])
async def test_the_device_shows_the_rating(
    hass: HomeAssistant, rating: float | None, state: str
) -> None:
    """Also while the meter is silent: the rating is none of its values."""
    device = Device()
    device.silent = True
    async with network(device) as line:
        entered = {} if rating is None else {"ct_rating": rating}
        entry = entry_for(device, network_data(line), **entered)
        await load(hass, entry)
        assert state_of(hass, device, "ct_rating") == state
        sensor = er.async_get(hass).async_get("sensor.dts_307_ct_rating")
        assert sensor is not None
        (page,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        assert sensor.device_id == page.id


async def test_it_is_offered_a_day_after_the_meter_was_added(hass: HomeAssistant) -> None:
    """Not before, and not later if Home Assistant restarts meanwhile."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        await let_pass(hass, 23.9 * HOUR)
        assert offer(hass, entry) is None
        entry.created_at -= timedelta(hours=12)
        await hass.config_entries.async_reload(entry.entry_id)
        await let_pass(hass, 11.9 * HOUR)
        assert offer(hass, entry) is None
        await let_pass(hass, 12.1 * HOUR)
        offered = offer(hass, entry)
        assert offered is not None
        assert offered.is_fixable
        assert offered.translation_placeholders == {"name": "DTS 307"}


async def test_the_repair_asks_for_it(hass: HomeAssistant) -> None:
    """What depends on the rating is there at once; the other options stay."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid", ct_sets=2)
        await added_yesterday(hass, entry)
        before = dict(entry.options)
        menu = await open_repair(hass, offer(hass, entry))
        shown = await choose(hass, menu, "ct_rating")
        with pytest.raises(InvalidData) as refused:
            await submit(hass, shown, {"ct_rating": 0, "ct_sets": 2})
        (error,) = refused.value.schema_errors.values()
        assert error in ENGLISH["issues"]["ct_rating_missing"]["fix_flow"]["error"]
        # Home Assistant fills in the least number of a required field, which would be 1 A.
        result = await submit(hass, shown, {"ct_sets": 3})
        assert result["errors"] == {"ct_rating": error}
        assert result["data_schema"] is not None
        assert entry.options == before
        result = await submit(hass, shown, {"ct_rating": 200, "ct_sets": 3})
        assert str(result["type"]) == "create_entry"
        assert entry.options == before | {"ct_rating": 200, "ct_sets": 3}
        assert entry.state is ConfigEntryState.LOADED
        assert offer(hass, entry) is None
        assert state_of(hass, device, "ct_rating") == "200.0"
        assert state_of(hass, device, "overload", "binary_sensor") == "off"
        await hass.config_entries.async_reload(entry.entry_id)
        await let_pass(hass)
        assert offer(hass, entry) is None


async def test_the_repair_goes_with_the_rating_in_the_options(hass: HomeAssistant) -> None:
    """However it is entered."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await added_yesterday(hass, entry)
        assert offer(hass, entry) is not None
        hass.config_entries.async_update_entry(entry, options={**entry.options, "ct_rating": 90})
        await hass.config_entries.async_reload(entry.entry_id)
        await let_pass(hass)
        assert offer(hass, entry) is None


async def test_it_can_be_ignored_for_good(hass: HomeAssistant) -> None:
    """An owner who ignores it is not asked again."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await added_yesterday(hass, entry)
        await assert_ignored_for_good(hass, entry, offer)


async def test_it_is_ignored_too_late(hass: HomeAssistant) -> None:
    """The rating was entered in the options while the repair was open."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await added_yesterday(hass, entry)
        shown = await open_repair(hass, offer(hass, entry))
        hass.config_entries.async_update_entry(entry, options={**entry.options, "ct_rating": 90})
        await hass.config_entries.async_reload(entry.entry_id)
        assert (await choose(hass, shown, "ignore"))["reason"] == "ignored"
        assert offer(hass, entry) is None


async def test_it_is_offered_for_a_meter_in_use_only(hass: HomeAssistant) -> None:
    """A disabled entry is asked for nothing; one that is gone by the answer changes nothing."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await added_yesterday(hass, entry)
        await assert_asked_only_in_use(hass, entry, offer)
        menu = await open_repair(hass, offer(hass, entry))
        shown = await choose(hass, menu, "ct_rating")
        await hass.config_entries.async_remove(entry.entry_id)
        assert offer(hass, entry) is None
        result = await submit(hass, shown, {"ct_rating": 200, "ct_sets": 1})
        assert result["reason"] == "entry_gone"
