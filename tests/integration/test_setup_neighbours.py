"""Behind a network adapter, the neighbours of a meter are asked while its form is shown."""

import asyncio

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from simulator.server import TcpLine
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_asks_about_meter,
    begin,
    describe,
    entry_for,
    form_of,
    load,
    search,
    start,
    submit,
    suggested,
)
from tests.integration.scanning import give_up, tasks, until, watch
from tests.integration.timing import change_timing
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")

ENDLESS = {"gateway": 600}
"""A silent unit is waited for as long as the test takes."""


def panel(*unit_ids: int) -> list[Device]:
    """Return meters, each with a serial number of its own."""
    return [Device(MeterConfig(unit=unit_id)) for unit_id in unit_ids]


async def first_form(hass: HomeAssistant, line: TcpLine) -> ConfigFlowResult:
    """Search until the first form, while the search goes on."""
    entered = answers(network_data(line))
    *_, result = await watch(hass, await start(hass, await begin(hass, "network"), entered))
    assert_asks_about_meter(result)
    return result


def offered(result: ConfigFlowResult) -> list[str]:
    """Return the serial numbers of the meters that the form offers, all of them ticked."""
    assert result["step_id"] == "more_meters"
    options = form_of(result).schema["meters"].config["options"]
    serials = [option["value"] for option in options]
    assert form_of(result)({}) == {"meters": serials}
    return serials


def discovered(hass: HomeAssistant) -> set[str | None]:
    """Return the serial numbers of the meters that are left among what was discovered."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return {flow["context"].get("unique_id") for flow in flows}


async def test_the_form_does_not_wait_for_neighbours(hass: HomeAssistant) -> None:
    """It is there while the first of them is asked, and closing it ends that."""
    change_timing(hass, scan=ENDLESS)
    device, silent = panel(100, 101)
    silent.silent = True
    async with network(device, silent) as line:
        result = await first_form(hass, line)
        await until(lambda: bool(silent.requests))
        (asking,) = tasks("scan")
        await give_up(hass, result)
        assert asking.cancelled()


async def test_the_window_says_what_the_next_form_waits_for(hass: HomeAssistant) -> None:
    """An owner who submits early sees which unit ID is asked, and not just a busy button."""
    change_timing(hass, scan={"gateway": 0.3}, scan_range={"meters_in_a_panel": 3})
    device, *silent = panel(100, 101, 102)
    for each in silent:
        each.silent = True
    async with network(device, *silent) as line:
        result = await first_form(hass, line)
        result = await start(hass, result, suggested(result))
        *shown, last = await watch(hass, result)
        asking = [each for each in shown if each["progress_action"] == "neighbours"]
        told = [each["description_placeholders"] or {} for each in asking]
        assert {each["unit_id"] for each in told} >= {"102"}
        assert {each["count"] for each in told} == {"1"}
        assert last["step_id"] == "finish"
        await give_up(hass, last)


async def test_a_step_that_is_requested_twice(hass: HomeAssistant) -> None:
    """The frontend asks for it whenever it hears of a change, and may do so twice at once."""
    (device,) = panel(100)
    async with network(device) as line:
        result = await start(hass, await begin(hass, "network"), answers(network_data(line)))
        await asyncio.wait(tasks("scan"))
        configure, flow_id = hass.config_entries.flow.async_configure, result["flow_id"]
        await asyncio.gather(configure(flow_id), configure(flow_id))
        result = await configure(flow_id)
        assert (result["description_placeholders"] or {})["count"] == "1"
        result = await describe(hass, result)
        assert result["step_id"] == "finish"
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_no_neighbour_answers(hass: HomeAssistant) -> None:
    """Then nothing more is said of it."""
    device, silent = panel(100, 101)
    silent.silent = True
    async with network(device, silent) as line:
        result = await describe(hass, await first_form(hass, line))
        assert silent.requests
        assert tasks("scan") == []
        assert result["step_id"] == "finish"
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert discovered(hass) == set()


@pytest.mark.parametrize("chosen", [0, 1, 2])
async def test_neighbours_are_offered_after_the_first_form(
    hass: HomeAssistant, chosen: int
) -> None:
    """Those that are ticked are added in one go; the others stay discovered."""
    devices = panel(100, 101, 102)
    first, *others = [device.serial_number for device in devices]
    async with network(*devices) as line:
        result = await first_form(hass, line)
        result = await describe(hass, result, name="House", ct_rating=200)
        assert offered(result) == others
        result = await submit(hass, result, {"meters": others[:chosen]})
        for place, serial_number in enumerate(others[:chosen], start=2):
            assert suggested(result) == {
                "name": f"DTS 307 ({99 + place})",
                "ct_rating": 200,
                "ct_sets": 1,
            }
            told = result["description_placeholders"] or {}
            assert (told["position"], told["count"]) == (str(place), str(1 + chosen))
            assert told["serial_number"] == serial_number
            result = await describe(hass, result)
        assert result["step_id"] == "finish"
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        added = {entry.unique_id for entry in hass.config_entries.async_entries(DOMAIN)}
        assert added == {first, *others[:chosen]}
        assert discovered(hass) == set(others[chosen:])


async def test_another_window_ends_the_questions_to_neighbours(hass: HomeAssistant) -> None:
    """The window that was first goes on with its meter."""
    change_timing(hass, scan=ENDLESS, scan_range={"meters_in_a_panel": 2})
    device, neighbour = panel(100, 101)
    neighbour.silent = True
    async with network(device, neighbour) as line:
        old = await first_form(hass, line)
        await until(lambda: bool(neighbour.requests))
        (asking,) = tasks("scan")
        new = await first_form(hass, line)
        assert asking.cancelled()
        neighbour.silent = False
        result = await describe(hass, old)
        assert result["step_id"] == "finish"
        assert offered(await describe(hass, new)) == [neighbour.serial_number]
        for each in (old, new):
            await give_up(hass, each)


async def test_a_window_that_goes_on_late_asks_no_neighbours(hass: HomeAssistant) -> None:
    """Another one asks them, which began while the first was left alone."""
    change_timing(hass, scan=ENDLESS, scan_range={"meters_in_a_panel": 2})
    device, neighbour = panel(100, 101)
    neighbour.silent = True
    async with network(device, neighbour) as line:
        old = await start(hass, await begin(hass, "network"), answers(network_data(line)))
        await asyncio.wait(tasks("scan"))
        new = await first_form(hass, line)
        asking = tasks("scan")
        *_, old = await watch(hass, await hass.config_entries.flow.async_configure(old["flow_id"]))
        assert_asks_about_meter(old)
        assert set(tasks("scan")) <= set(asking)
        for each in (old, new):
            await give_up(hass, each)


async def test_the_adapter_goes_away_while_neighbours_are_asked(hass: HomeAssistant) -> None:
    """The meter that was found can be added all the same."""
    async with network(*panel(100, 101)) as line:
        result = await first_form(hass, line)
        await line.close()
        result = await describe(hass, result)
        assert result["step_id"] == "finish"
        await give_up(hass, result)


async def test_neighbours_of_a_meter_that_waits_are_asked_at_once(hass: HomeAssistant) -> None:
    """A silent meter is not read during a search, which therefore ends before the form."""
    devices = panel(100, 101, 102)
    *new, waiting = devices
    waiting.silent = True
    async with network(*devices) as line:
        await load(hass, entry_for(waiting, network_data(line, unit_id=102)))
        result = await search(hass, "network", answers(network_data(line)))
        assert result["step_id"] == "meters"
        labels = form_of(result).schema["meters"].config["options"]
        assert [each["value"] for each in labels] == [device.serial_number for device in new]
        await give_up(hass, result)
