"""What a person does in Home Assistant, and what they see there."""

from collections.abc import Callable
from datetime import timedelta
import json
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
import voluptuous as vol

import custom_components.dts307
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.options import CONF_RECORDING, Recording
from tests.device import Device

INTEGRATION = Path(custom_components.dts307.__file__).parent
ENGLISH: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())

LINK_SENSORS = {"link_state", "last_reading", "answer_time", "success_rate"}
"""The keys of the sensors about the link, and not about what the meter measures."""


EVERY_READING = {CONF_RECORDING: Recording.EVERY_READING}
"""The option to write every reading."""


def entry_for(device: Device, data: dict[str, Any], **options: Any) -> MockConfigEntry:
    """Return the config entry of a meter that was set up earlier.

    It records every reading, unless the options say otherwise.
    """
    return MockConfigEntry(
        domain=DOMAIN,
        title="DTS 307",
        unique_id=device.serial_number,
        data=data,
        options={**EVERY_READING, **options},
    )


async def load(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    state: ConfigEntryState = ConfigEntryState.LOADED,
) -> None:
    """Set an entry up, and see that it reaches a state."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.state is state, entry.reason


async def settings_of(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Open the form with the settings of a meter."""
    return await options_step(hass, entry, "settings")


async def options_step(hass: HomeAssistant, entry: ConfigEntry, step: str) -> ConfigFlowResult:
    """Open the options, and choose from their menu."""
    manager = hass.config_entries.options
    result = await manager.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    result = await manager.async_configure(result["flow_id"], {"next_step_id": step})
    assert result["step_id"] == step
    return result


async def assert_asked_only_in_use(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    asked: Callable[[HomeAssistant, MockConfigEntry], object | None],
) -> None:
    """See that nothing is ``asked`` while an entry is disabled, and the same again after that."""
    assert asked(hass, entry)
    manager = hass.config_entries
    await manager.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert asked(hass, entry) is None
    await manager.async_set_disabled_by(entry.entry_id, None)
    assert asked(hass, entry)


async def let_pass(hass: HomeAssistant, seconds: float = 6) -> None:
    """Let time pass at once, by default enough for the next poll, and wait for what it starts."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=True)


async def let_poll(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, times: int = 1, seconds: float = 6
) -> None:
    """Let the meter be read some times."""
    for _ in range(times):
        freezer.tick(timedelta(seconds=seconds))
        await let_pass(hass, seconds)


def state_of(hass: HomeAssistant, device: Device, key: str, platform: str = "sensor") -> str:
    """Return the state that the entity with this key shows for a meter."""
    registry = er.async_get(hass)
    unique_id = f"{device.serial_number}_{key}"
    entity_id = registry.async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id is not None, f"no entity {key}"
    state = hass.states.get(entity_id)
    assert state is not None, f"{entity_id} has no state"
    return state.state


def answers(
    data: dict[str, Any], *, thorough: bool = False, everything: bool | None = None
) -> dict[str, Any]:
    """Return what a person enters who knows how the meter of these config entry data is reached."""
    known: dict[str, Any] = {
        key: data[key] for key in ("unit_id", "parity", "framing") if key in data
    }
    known |= {key: str(data[key]) for key in ("baudrate", "stopbits") if key in data}
    asked_again = {} if everything is None else {"everything": everything}
    return {**place(data), **asked_again, "known": {**known, "thorough": thorough}}


def place(data: dict[str, Any]) -> dict[str, Any]:
    """Return what is entered outside of the collapsed section: where the link is."""
    return {key: data[key] for key in ("device", "host", "port") if key in data}


def unknowing(
    data: dict[str, Any], *, thorough: bool = False, everything: bool | None = None
) -> dict[str, Any]:
    """Return what a person enters who knows nothing but where the link is."""
    asked_again = {} if everything is None else {"everything": everything}
    return {**place(data), **asked_again, "known": {"thorough": thorough}}


async def choose(hass: HomeAssistant, result: ConfigFlowResult, step: str) -> ConfigFlowResult:
    """Choose from the menu that a flow shows."""
    assert result["type"] is FlowResultType.MENU
    assert step in result["menu_options"]
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": step}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == step
    assert not result["errors"]
    return result


async def begin(hass: HomeAssistant, transport: str) -> ConfigFlowResult:
    """Begin to add a meter, up to the form that asks for its link."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await choose(hass, result, transport)


async def start(
    hass: HomeAssistant, result: ConfigFlowResult, entered: dict[str, Any]
) -> ConfigFlowResult:
    """Send a form off that starts a search, and see that it is under way."""
    result = await hass.config_entries.flow.async_configure(result["flow_id"], entered)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    return result


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, entered: dict[str, Any]
) -> ConfigFlowResult:
    """Send a form off, and wait until all that it sets in motion is done, a search as well."""
    result = await hass.config_entries.flow.async_configure(result["flow_id"], entered)
    return await follow(hass, result)


async def follow(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Wait for the end of a search as the frontend does, which asks for the step that follows."""
    await hass.async_block_till_done(wait_background_tasks=True)
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
        await hass.async_block_till_done(wait_background_tasks=True)
    assert result["type"] is not FlowResultType.SHOW_PROGRESS
    return result


async def search(hass: HomeAssistant, transport: str, entered: dict[str, Any]) -> ConfigFlowResult:
    """Begin to add a meter, and search for it."""
    return await submit(hass, await begin(hass, transport), entered)


async def describe(hass: HomeAssistant, result: ConfigFlowResult, **said: Any) -> ConfigFlowResult:
    """Say about a meter what is not suggested already."""
    assert_asks_about_meter(result)
    return await submit(hass, result, suggested(result) | said)


async def add_meter(hass: HomeAssistant, result: ConfigFlowResult, **said: Any) -> ConfigEntry[Any]:
    """Go from the question about the only meter to its entry, and return that."""
    result = await describe(hass, result, **said)
    assert result["step_id"] == "finish"
    result = await submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    return result["result"]


def form_of(result: ConfigFlowResult) -> vol.Schema:
    """Return the form that a flow shows."""
    schema = result["data_schema"]
    assert schema is not None
    return schema


def suggested(result: ConfigFlowResult, section: str | None = None) -> dict[str, Any]:
    """Return what a form is filled in with, apart from its sections, or what one of those is."""
    schema = form_of(result).schema
    fields = schema if section is None else schema[section].schema.schema
    return {
        str(key): key.description["suggested_value"]
        for key in fields
        if key.description and "suggested_value" in key.description
    }


def reason_text(reason: str) -> str:
    """Return the English text of a reason as Home Assistant shows it, without its full stop."""
    text: str = ENGLISH["exceptions"][reason]["message"]
    return text.removesuffix(".")


def assert_refused(result: ConfigFlowResult, step: str, reason: str) -> None:
    """See that the form is shown again, with a reason that has a text."""
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == step
    assert result["errors"] == {"base": reason}
    assert ENGLISH["config"]["error"][reason]


def assert_asks_about_meter(result: ConfigFlowResult) -> None:
    """See that a meter was found, and is asked about."""
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "meter"
    assert not result["errors"]
