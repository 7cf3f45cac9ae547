"""Open repairs as their owner does."""

from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component

from custom_components.dts307.const import DOMAIN


async def open_repair(
    hass: HomeAssistant, offered: ir.IssueEntry | None, step_id: str
) -> RepairsFlowResult:
    """Click on a repair that is offered, and return its first step."""
    assert await async_setup_component(hass, "repairs", {})
    assert offered is not None
    manager = hass.data["repairs"]["flow_manager"]
    shown: RepairsFlowResult = await manager.async_init(DOMAIN, data={"issue_id": offered.issue_id})
    assert shown["step_id"] == step_id
    return shown
