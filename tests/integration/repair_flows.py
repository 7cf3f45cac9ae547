"""Open repairs as their owner does."""

from collections.abc import Callable

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN


async def open_repair(hass: HomeAssistant, offered: ir.IssueEntry | None) -> RepairsFlowResult:
    """Click on a repair that is offered, and return its menu."""
    assert await async_setup_component(hass, "repairs", {})
    assert offered is not None
    manager = hass.data["repairs"]["flow_manager"]
    shown: RepairsFlowResult = await manager.async_init(DOMAIN, data={"issue_id": offered.issue_id})
    assert shown["step_id"] == "init"
    return shown


async def choose(hass: HomeAssistant, shown: RepairsFlowResult, option: str) -> RepairsFlowResult:
    """Choose from the menu of a repair, and return what follows."""
    assert shown["menu_options"] is not None
    assert option in shown["menu_options"]
    manager = hass.data["repairs"]["flow_manager"]
    result: RepairsFlowResult = await manager.async_configure(
        shown["flow_id"], {"next_step_id": option}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def assert_ignored_for_good(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    offer: Callable[[HomeAssistant, MockConfigEntry], ir.IssueEntry | None],
) -> None:
    """Ignore a repair by its menu; it is raised again, and still is ignored."""
    shown = await open_repair(hass, offer(hass, entry))
    result = await choose(hass, shown, "ignore")
    assert result["reason"] == "ignored"
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    ignored = offer(hass, entry)
    assert ignored is not None
    assert ignored.active
    assert ignored.dismissed_version is not None
