"""Assist asks what a meter counted, through Home Assistant's API for language models."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er, llm
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.dts307.llm import async_get_tools
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import entry_for, load
from tests.integration.interval_data import IMPORTED, metered_home
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

ASSISTANT = "conversation"
TOOL = "dts307__get_energy"
CONTEXT = llm.LLMContext(
    platform="test", context=Context(), language="en", assistant=ASSISTANT, device_id=None
)
SPAN = {"start": "2026-06-30 23:15:00", "end": "2026-07-01 00:15:00"}


@pytest.fixture(autouse=True)
async def assist(hass: HomeAssistant) -> None:
    """Assist for language models."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})


def expose(hass: HomeAssistant, entry: MockConfigEntry, *, exposed: bool = True) -> None:
    """Let the assistant see one entity of a meter, and no other, or none."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for number, each in enumerate(entities):
        async_expose_entity(hass, ASSISTANT, each.entity_id, exposed and number == 0)


async def api(hass: HomeAssistant) -> llm.APIInstance:
    """Return what a language model may use."""
    return await llm.async_get_api(hass, llm.LLM_API_ASSIST, CONTEXT)


async def tools(hass: HomeAssistant) -> list[llm.Tool]:
    """Return the tools of ours."""
    return [tool for tool in (await api(hass)).tools if tool.name.startswith("dts307")]


async def ask(hass: HomeAssistant, **asked: Any) -> Any:
    """Call the tool with the arguments of a language model."""
    (tool,) = await tools(hass)
    assert tool.name == TOOL
    result = await tool.async_call(hass, llm.ToolInput(TOOL, {**SPAN, **asked}), CONTEXT)
    assert isinstance(result, llm.ToolResult)
    assert not result.error
    return result.data


async def test_a_language_model_asks_for_energy(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    async with metered_home(hass, freezer) as home:
        expose(hass, home.entry)
        (tool,) = await tools(hass)
        assert tool.annotations.read_only
        found = await ask(hass)
        assert found["meter"] == home.entry.title
        assert found["imported"] == pytest.approx(4 * IMPORTED / 1000, abs=1e-3)
        assert found["start"] == "2026-06-30T23:15:00-04:00"
        assert await ask(hass, meter=home.entry.title) == found
        with pytest.raises(ServiceValidationError):
            await ask(hass, start="2020-01-01 00:00:00", end="2020-01-02 00:00:00")
        assert "LLM tool" not in caplog.text


async def test_only_what_is_exposed_can_be_asked_for(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    async with metered_home(hass, freezer) as home:
        expose(hass, home.entry, exposed=False)
        assert not await tools(hass)
        expose(hass, home.entry)
        assert await tools(hass)
        assert async_get_tools(hass, CONTEXT, "another_api") is None
        assert await hass.config_entries.async_unload(home.entry.entry_id)
        assert not await tools(hass)


async def test_one_of_several_meters(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Then the language model has to say which one."""
    other = Device(MeterConfig(serial="OTHER"))
    async with metered_home(hass, freezer) as home, network(other) as line:
        entry = entry_for(other, network_data(line))
        await load(hass, entry)
        hass.config_entries.async_update_entry(entry, title="Solar")
        for each in (home.entry, entry):
            expose(hass, each)
        with pytest.raises(vol.Invalid):
            await ask(hass)
        found = await ask(hass, meter=home.entry.title)
        assert found["registers_at_end"]["serial_number"] == home.entry.unique_id
        with pytest.raises(ServiceValidationError):
            await ask(hass, meter="Solar")
