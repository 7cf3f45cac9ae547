"""The options: how the meter is read, what its states depend on, and how it is billed."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    EVERY_READING,
    entry_for,
    form_of,
    let_pass,
    load,
    settings_of,
    suggested,
)
from tests.lines import network, network_data

DEFAULTS = {
    "export_threshold": 100,
    "export_hold": 30,
    "overload_threshold": 100,
    "overload_hold": 10,
    "phase_lost_hold": 5,
    "voltage_hold": 60,
    "billing_day": 1,
    "demand_window": 15,
    "interval": 15,
}
"""The options in the form's sections, unless something else is entered."""


async def change(hass: HomeAssistant, entry: MockConfigEntry, **entered: Any) -> ConfigFlowResult:
    """Enter options into their form, and leave its sections as they are."""
    entered = {"states": {}, "billing": {}, "prices": {}, **entered}
    result = await settings_of(hass, entry)
    changed = await hass.config_entries.options.async_configure(result["flow_id"], entered)
    await hass.async_block_till_done(wait_background_tasks=True)
    return changed


async def test_the_interval_changes_the_polling(hass: HomeAssistant) -> None:
    """Every five seconds by default, then every half minute.

    Home Assistant moves polls by up to a second, so that those of many devices do not coincide.
    """
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        asked = len(device.requests)
        await let_pass(hass, 3)
        assert len(device.requests) == asked
        await let_pass(hass, 6)
        assert len(device.requests) == asked + 1

        result = await change(hass, entry, scan_interval=30, ct_sets=1)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        asked = len(device.requests)
        await let_pass(hass, 28)
        assert len(device.requests) == asked
        await let_pass(hass, 31)
        assert len(device.requests) == asked + 1


async def test_a_ct_rating_that_is_cleared_is_gone(hass: HomeAssistant) -> None:
    """The form begins with what is set; a field left empty is open again."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=200.0, ct_sets=2)
        await load(hass, entry)
        result = await settings_of(hass, entry)
        assert suggested(result) == {"ct_rating": 200.0, "ct_sets": 2, **EVERY_READING}
        hass.config_entries.options.async_abort(result["flow_id"])

        await change(hass, entry, scan_interval=5, ct_sets=1)
        chosen = {"scan_interval": 5, "ct_sets": 1, "direction": "auto", "recording": "economical"}
        assert entry.options == {**chosen, "fill_outages": True, **DEFAULTS}
        assert type(entry.options["scan_interval"]) is int


async def test_what_is_in_the_sections_is_kept(hass: HomeAssistant) -> None:
    """It is shown again the next time, and what is not changed then stays."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        billing = {"billing_day": 17, "demand_window": "30"}
        states = {"export_threshold": 500, "phase_lost_hold": 0, "voltage_hold": 600}
        await change(hass, entry, ct_sets=1, states=states, billing=billing)
        chosen = {**DEFAULTS, **states, "billing_day": 17, "demand_window": 30}
        assert entry.options.items() >= chosen.items()

        result = await settings_of(hass, entry)
        sections = {
            str(key): suggested({**result, "data_schema": part.schema})
            for key, part in form_of(result).schema.items()
            if isinstance(part, section)
        }
        assert sections["billing"] == billing | {"interval": "15"}
        assert sections["states"].items() >= states.items()


@pytest.mark.parametrize(
    "entered",
    [
        {"scan_interval": 0, "ct_sets": 1},
        {"scan_interval": 61, "ct_sets": 1},
        {"scan_interval": 5, "ct_sets": 4},
        {"scan_interval": 5, "ct_sets": 1, "ct_rating": 0},
        {"ct_sets": 1, "billing": {"demand_window": "20"}},
    ],
)
async def test_what_cannot_be(hass: HomeAssistant, entered: dict[str, Any]) -> None:
    """The form refuses it, and the options stay."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        with pytest.raises(InvalidData):
            await change(hass, entry, **entered)
        assert entry.options == EVERY_READING


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({"billing": {"billing_day": 0}}, {"billing": "billing_day_range"}),
        ({"billing": {"billing_day": 32}}, {"billing": "billing_day_range"}),
        ({"states": {"export_threshold": 0}}, {"states": "export_threshold_range"}),
        ({"states": {"phase_lost_hold": -1}}, {"states": "phase_lost_hold_range"}),
        ({"states": {"voltage_hold": float("inf")}}, {"states": "voltage_hold_range"}),
        (
            {
                "states": {"overload_threshold": 201, "voltage_hold": 3601},
                "billing": {"billing_day": 99},
            },
            {"states": "overload_threshold_range", "billing": "billing_day_range"},
        ),
    ],
)
async def test_out_of_range_in_a_section(
    hass: HomeAssistant, entered: dict[str, Any], errors: dict[str, str]
) -> None:
    """The form says so in our words, keeps what was typed, and takes what is right."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        result = await change(hass, entry, scan_interval=7, ct_sets=1, **entered)
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == errors
        assert all(ENGLISH["options"]["error"][error] for error in errors.values())
        shown = suggested(result)
        assert shown["scan_interval"] == 7
        for name, fields in entered.items():
            assert fields.items() <= suggested(result, name).items()
            assert form_of(result).schema[name].options == {"collapsed": False}
        assert entry.options == EVERY_READING
        answers = {
            "scan_interval": 7,
            "ct_sets": 1,
            "states": {},
            "billing": {"billing_day": 31},
            "prices": {},
        }
        result = await hass.config_entries.options.async_configure(result["flow_id"], answers)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert entry.options["billing_day"] == 31
