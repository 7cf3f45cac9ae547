"""Where a meter sits, and its place in the Energy dashboard, can be said later in the options."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.dashboard import OLD_PREFERENCES, open_dashboard, shown, sources
from tests.integration.home import (
    ENGLISH,
    entry_for,
    form_of,
    load,
    settings_of,
    state_of,
    suggested,
)
from tests.lines import network, network_data

PRODUCTION = "sensor.dts_307_production"
POWER = "sensor.dts_307_power"


pytestmark = pytest.mark.usefixtures("recorder_mock")


async def ask(hass: HomeAssistant, entry: MockConfigEntry, step: str) -> ConfigFlowResult:
    """Open the options, and choose from their menu."""
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["settings", "energy_dashboard", "sharing"]
    return await hass.config_entries.options.async_configure(
        result["flow_id"], {"next_step_id": step}
    )


async def submit(
    hass: HomeAssistant, asked: ConfigFlowResult, entered: dict[str, Any]
) -> ConfigFlowResult:
    """Send a form off, and wait until all that it sets in motion is done."""
    result = await hass.config_entries.options.async_configure(asked["flow_id"], entered)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def set_up(hass: HomeAssistant, entry: MockConfigEntry, **entered: Any) -> None:
    """Change the settings, which take effect at once, and leave their sections as they are."""
    asked = await settings_of(hass, entry)
    result = await submit(
        hass, asked, {"ct_sets": 1, "states": {}, "billing": {}, "prices": {}, **entered}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the entities that the registry has, each with what its history belongs to."""
    registry = er.async_get(hass)
    found = er.async_entries_for_config_entry(registry, entry.entry_id)
    return {entity.entity_id: entity.id for entity in found}


def assert_over(result: ConfigFlowResult, reason: str) -> None:
    """See that there is no more to do, for a reason that has a text."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason
    assert ENGLISH["options"]["abort"][reason]


async def test_added_from_the_options(hass: HomeAssistant) -> None:
    """Only after a yes, which knows what is there; after it there is nothing left to do."""
    manager = await open_dashboard(hass, old=True)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        asked = await ask(hass, entry, "energy_dashboard")
        assert asked["type"] is FlowResultType.FORM
        assert asked["description_placeholders"] == {
            "name": "DTS 307",
            "sources": "sensor.old_import",
        }
        assert shown(manager) == OLD_PREFERENCES
        assert_over(await submit(hass, asked, {}), "added")
        added = shown(manager)["energy_sources"].pop()
        assert added["power_config"] == {"stat_rate": POWER}
        assert_over(await ask(hass, entry, "energy_dashboard"), "already_there")


async def test_nothing_is_there(hass: HomeAssistant) -> None:
    await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="load")
        await load(hass, entry)
        asked = await ask(hass, entry, "energy_dashboard")
        assert asked["description_placeholders"] == {"name": "DTS 307", "sources": "-"}


async def test_added_elsewhere_meanwhile(hass: HomeAssistant) -> None:
    """In another window, while the question is open here."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        windows = [await ask(hass, entry, "energy_dashboard") for _ in range(2)]
        assert_over(await submit(hass, windows[0], {}), "added")
        assert_over(await submit(hass, windows[1], {}), "already_there")
        assert len(sources(manager)) == 1


async def test_a_role_is_needed(hass: HomeAssistant) -> None:
    """A meter that was set up before there were roles gets one in the settings."""
    manager = await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert_over(await ask(hass, entry, "energy_dashboard"), "no_role")
        asked = await ask(hass, entry, "settings")
        await submit(
            hass, asked, {"ct_sets": 1, "role": "solar", "states": {}, "billing": {}, "prices": {}}
        )
        assert_over(await submit(hass, await ask(hass, entry, "energy_dashboard"), {}), "added")
        assert [source["stat_rate"] for source in sources(manager)] == [PRODUCTION]


async def test_a_sensor_is_disabled(hass: HomeAssistant) -> None:
    await open_dashboard(hass)
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        registry = er.async_get(hass)
        registry.async_update_entity(POWER, disabled_by=er.RegistryEntryDisabler.USER)
        asked = await ask(hass, entry, "energy_dashboard")
        assert_over(await submit(hass, asked, {}), "sensor_disabled")
        registry.async_update_entity(POWER, disabled_by=None)
        asked = await ask(hass, entry, "energy_dashboard")
        assert_over(await submit(hass, asked, {}), "added")


async def test_a_role_comes_and_goes(hass: HomeAssistant) -> None:
    """The production goes without a trace; all other entities are the same throughout."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="grid")
        await load(hass, entry)
        before = entities(hass, entry)
        await set_up(hass, entry, role="solar")
        assert entities(hass, entry).keys() - before.keys() == {PRODUCTION}
        assert entities(hass, entry).items() >= before.items()
        await set_up(hass, entry, role="load")
        assert entities(hass, entry) == before
        assert entry.options["role"] == "load"
        await set_up(hass, entry)
        assert "role" not in entry.options


async def test_its_owner_knows_which_counter_it_is(hass: HomeAssistant) -> None:
    """What was detected can be corrected; left empty, it is detected again."""
    device = Device()
    for phase, hundreds in {"": 20, "phA": 20, "phB": 0, "phC": 0}.items():
        device.write(f"W{phase}", hundreds)
    device.write("W_SF", 2)
    async with network(device) as line:
        entry = entry_for(device, network_data(line), role="solar")
        await load(hass, entry)
        assert float(state_of(hass, device, "production")) == -2000
        asked = await settings_of(hass, entry)
        assert suggested(asked)["production"] == "energy_exported"
        hass.config_entries.options.async_abort(asked["flow_id"])

        await set_up(hass, entry, role="solar", production="energy_imported")
        assert float(state_of(hass, device, "production")) == 2000
        await set_up(hass, entry, role="solar")
        assert entry.options["production"] == "energy_exported"
        assert float(state_of(hass, device, "production")) == -2000


@pytest.mark.parametrize("options", [{}, {"role": "grid"}, {"role": "load"}])
async def test_others_are_not_asked_for_it(hass: HomeAssistant, options: dict[str, str]) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **options)
        await load(hass, entry)
        asked = await settings_of(hass, entry)
        assert "production" not in {str(field) for field in form_of(asked).schema}
