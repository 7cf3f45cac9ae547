"""Let Assist ask what a meter counted between two times."""

from collections.abc import Mapping
from typing import Final, override

from homeassistant.components.homeassistant import async_should_expose
from homeassistant.components.llm import LLMTools
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.helpers.selector import DateTimeSelector
import probatio

from .actions import ATTR_END, ATTR_START, GET_ENERGY
from .const import DOMAIN

_ATTR_METER: Final = "meter"


class _GetEnergyTool(Tool):
    """The action ``get_energy`` for a language model."""

    name = f"{DOMAIN}__{GET_ENERGY}"
    title = "Get metered energy"
    description = (
        "Get the energy in kWh that an electricity meter counted between two times, up to three "
        "years back: imported, exported and net, and what its display showed at both times. "
        "Use it for questions about a day, a week, a month or a bill. If estimated_share is above "
        "0, say that this part is an estimate; lowest and highest values are its bounds."
    )
    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN

    def __init__(self, meters: Mapping[str, str]) -> None:
        """Take the IDs of entries by the names of their meters, at least one."""
        self._meters = meters
        which = probatio.Required if len(meters) > 1 else probatio.Optional
        local = "in local time, such as 2026-10-01 00:00:00"
        self.parameters = probatio.Schema(
            {
                which(_ATTR_METER): probatio.In(list(meters)),
                probatio.Required(ATTR_START, description=f"Start {local}"): DateTimeSelector(),
                probatio.Required(
                    ATTR_END, description=f"End {local}; it may be now"
                ): DateTimeSelector(),
            }
        )

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Call the action."""
        asked = self.parameters(tool_input.tool_args)
        meter = asked.pop(_ATTR_METER, next(iter(self._meters)))
        found = await hass.services.async_call(
            DOMAIN,
            GET_ENERGY,
            {ATTR_CONFIG_ENTRY_ID: self._meters[meter], **asked},
            context=llm_context.context,
            blocking=True,
            return_response=True,
        )
        return ToolResult(data={_ATTR_METER: meter, **(found or {})})


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Return the tool for all meters of which an entity is exposed to the assistant."""
    if api_id != LLM_API_ASSIST:
        return None
    meters = {
        entry.title: entry.entry_id
        for entry in hass.config_entries.async_loaded_entries(DOMAIN)
        if _is_exposed(hass, entry, llm_context.assistant)
    }
    return LLMTools(tools=[_GetEnergyTool(meters)]) if meters else None


def _is_exposed(hass: HomeAssistant, entry: ConfigEntry, assistant: str) -> bool:
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return any(async_should_expose(hass, assistant, each.entity_id) for each in entities)
