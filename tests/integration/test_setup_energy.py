"""A meter that is set up comes into the Energy dashboard, if its owner wants that."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from simulator import MeterConfig
from simulator.server import TcpLine
from tests.device import Device
from tests.integration.dashboard import (
    OLD_BATTERY,
    OLD_GRID,
    OLD_SOLAR,
    open_dashboard,
    save,
    sources,
)
from tests.integration.home import (
    ENGLISH,
    describe,
    entry_for,
    form_of,
    load,
    search,
    submit,
    unknowing,
)
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("recorder_mock", "hasty")


async def finish(hass: HomeAssistant, line: TcpLine, roles: dict[str, str]) -> ConfigFlowResult:
    """Describe each meter of a line in turn, and return the last form. ``roles`` is by name."""
    result = await search(hass, "network", unknowing(network_data(line), thorough=True))
    if result["step_id"] == "meters":
        result = await submit(hass, result, form_of(result)({}))
    for name, role in roles.items():
        result = await describe(hass, result, name=name, role=role)
    assert result["step_id"] == "finish"
    return result


def ticked(result: ConfigFlowResult) -> list[str]:
    """Return the names that are ticked by default."""
    field = form_of(result).schema["energy"]
    names = {option["value"]: option["label"] for option in field.config["options"]}
    return [names[each] for each in form_of(result)({})["energy"]]


def reason(result: ConfigFlowResult) -> str:
    """Return why meters are not ticked, as the form says it."""
    return str((result["description_placeholders"] or {})["not_ticked"])


@pytest.mark.parametrize(
    ("there", "roles", "wanted", "not_ticked"),
    [
        ([], {"House": "grid"}, ["House"], []),
        ([], {"Roof": "solar"}, ["Roof"], []),
        ([], {"Cellar": "battery"}, ["Cellar"], []),
        ([], {"Oven": "load"}, [], []),
        ([OLD_SOLAR], {"House": "grid"}, ["House"], []),
        ([OLD_GRID], {"Roof": "solar"}, ["Roof"], []),
        ([OLD_GRID], {"House": "grid"}, [], [("House", "grid", "sensor.old_import")]),
        ([OLD_SOLAR], {"Roof": "solar"}, [], [("Roof", "solar", "Old roof")]),
        ([OLD_BATTERY], {"Cellar": "battery"}, [], [("Cellar", "battery", "Old battery")]),
        ([OLD_GRID, OLD_SOLAR], {"Oven": "load"}, [], []),
        (
            [OLD_SOLAR],
            {"Roof": "solar", "House": "grid", "Barn": "grid"},
            ["House"],
            [("Barn", "grid", "House"), ("Roof", "solar", "Old roof")],
        ),
    ],
)
async def test_the_first_of_a_kind_is_ticked(
    hass: HomeAssistant,
    there: list[dict[str, Any]],
    roles: dict[str, str],
    wanted: list[str],
    not_ticked: list[tuple[str, str, str]],
) -> None:
    """The dashboard adds up what is of one kind, so others are not; the form says why."""
    manager = await open_dashboard(hass)
    await save(manager, energy_sources=list(there))
    devices = [Device(MeterConfig(unit=100 + place)) for place in range(len(roles))]
    async with network(*devices) as line:
        result = await finish(hass, line, roles)
        assert ticked(result) == wanted
        expected = [
            ENGLISH["selector"]["live"]["options"][f"{kind}_source_there"].format(
                meters=meters, sources=others
            )
            for meters, kind, others in not_ticked
        ]
        assert reason(result) == "\n\n".join(expected)
        hass.config_entries.flow.async_abort(result["flow_id"])


@pytest.mark.parametrize("unticked", [True, False])
async def test_only_what_is_ticked_comes_into_the_energy_dashboard(
    hass: HomeAssistant, *, unticked: bool
) -> None:
    """A person who clicks through gets the meter there; one who takes the tick away does not."""
    manager = await open_dashboard(hass)
    async with network(Device()) as line:
        result = await finish(hass, line, {"House": "grid"})
        result = await submit(hass, result, {"energy": []} if unticked else {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        added = [each["stat_energy_from"] for each in sources(manager)]
        assert added == ([] if unticked else ["sensor.house_energy_imported"])
        assert "add_to_energy" not in result["result"].data


async def test_a_second_source_is_added_if_it_is_ticked(hass: HomeAssistant) -> None:
    """What was there stays as it was."""
    manager = await open_dashboard(hass)
    await save(manager, energy_sources=[OLD_GRID])
    device = Device()
    async with network(device) as line:
        result = await finish(hass, line, {"House": "grid"})
        await submit(hass, result, {"energy": [device.serial_number]})
        before, added = sources(manager)
        assert before == OLD_GRID
        assert added["stat_energy_from"] == "sensor.house_energy_imported"


async def test_a_meter_that_waits_for_its_place_is_one_already(hass: HomeAssistant) -> None:
    """It is to be added as soon as it answers, so a second one is not ticked meanwhile."""
    await open_dashboard(hass)
    waiting, other = Device(), Device(MeterConfig(unit=101))
    async with network(waiting) as first, network(other) as second:
        waiting.silent = True
        data = {**network_data(first), "add_to_energy": True}
        await load(hass, entry_for(waiting, data, role="grid"))
        result = await finish(hass, second, {"House": "grid"})
        assert ticked(result) == []
        assert "there is one already: DTS 307" in reason(result)
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_two_meters_of_one_name(hass: HomeAssistant) -> None:
    """Their serial numbers distinguish their ticks."""
    await open_dashboard(hass)
    devices = [Device(MeterConfig(unit=unit)) for unit in (100, 101, 102)]
    first, second, third = (device.serial_number for device in devices)
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line), thorough=True))
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
