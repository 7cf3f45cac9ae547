"""A meter that is set up comes into the Energy dashboard, if its owner wants that."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from simulator.meter import MeterConfig
from tests.device import Device
from tests.integration.dashboard import OLD_GRID, open_dashboard, save, sources
from tests.integration.home import describe, form_of, search, submit, unknowing
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("recorder_mock")


@pytest.mark.parametrize("there", [[], [OLD_GRID]])
async def test_what_is_ticked_comes_into_the_energy_dashboard(
    hass: HomeAssistant, there: list[dict[str, Any]]
) -> None:
    """And nothing else; if the grid is there already, that is said where it matters."""
    manager = await open_dashboard(hass)
    await save(manager, energy_sources=list(there))
    devices = [Device(MeterConfig(unit=unit)) for unit in (100, 101)]
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        result = await submit(hass, result, {"meters": serials})
        result = await describe(hass, result, name="House", role="grid")
        result = await describe(hass, result, name="Roof", role="solar")
        options = form_of(result).schema["energy"].config["options"]
        assert options == [
            {"value": serials[0], "label": "House"},
            {"value": serials[1], "label": "Roof"},
        ]
        assert form_of(result)({}) == {"energy": []}
        said = (result["description_placeholders"] or {})["sources"]
        assert ("sensor.old_import" in said) is bool(there)
        assert bool(said) is bool(there)
        result = await submit(hass, result, {"energy": serials[:1]})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        *before, added = sources(manager)
        assert before == there
        assert added["stat_energy_from"] == "sensor.house_energy_imported"
        assert "add_to_energy" not in result["result"].data


async def test_two_meters_of_one_name(hass: HomeAssistant) -> None:
    """Their serial numbers tell one tick from the other."""
    await open_dashboard(hass)
    devices = [Device(MeterConfig(unit=unit)) for unit in (100, 101, 102)]
    first, second, third = (device.serial_number for device in devices)
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        result = await submit(hass, result, {"meters": [first, second, third]})
        for name in ("House", " House ", "Roof"):
            result = await describe(hass, result, name=name)
        options = form_of(result).schema["energy"].config["options"]
        assert options == [
            {"value": first, "label": f"House ({first})"},
            {"value": second, "label": f"House ({second})"},
            {"value": third, "label": "Roof"},
        ]
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_other_sources_matter_to_the_grid_only(hass: HomeAssistant) -> None:
    """A solar meter stands beside whatever there is."""
    await open_dashboard(hass, old=True)
    async with network(Device()) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        result = await describe(hass, result, role="solar")
        assert (result["description_placeholders"] or {})["sources"] == ""
        hass.config_entries.flow.async_abort(result["flow_id"])
