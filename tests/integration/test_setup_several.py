"""Several meters on one bus: which of them are added, and what becomes of the others."""

from typing import Any

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
import pytest

from custom_components.dts307.connection import MeterAddress, async_temporary_meter
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.flows import NewMeter
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    add_meter,
    answers,
    assert_asks_about_meter,
    describe,
    entry_for,
    form_of,
    load,
    search,
    state_of,
    submit,
    suggested,
    unknowing,
)
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("skip_waiting")


def panel(*unit_ids: int) -> list[Device]:
    """Return meters, each with a serial number of its own."""
    return [Device(MeterConfig(unit=unit_id)) for unit_id in unit_ids]


def offered(result: ConfigFlowResult, field: str) -> dict[str, str]:
    """Return what can be ticked in a form, by value, and see that it has this field."""
    options: list[dict[str, str]] = form_of(result).schema[field].config["options"]
    return {option["value"]: option["label"] for option in options}


def discovered(hass: HomeAssistant) -> dict[str | None, ConfigFlowResult]:
    """Return the flows of what was discovered, by serial number."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    found = {}
    for flow in flows:
        if flow["context"]["source"] == "integration_discovery":
            unique_id = flow["context"].get("unique_id")
            assert unique_id not in found
            found[unique_id] = hass.config_entries.flow.async_get(flow["flow_id"])
    return found


def titles(hass: HomeAssistant) -> dict[str | None, str]:
    """Return the names of the meters that are set up and read, by serial number."""
    entries = hass.config_entries.async_entries(DOMAIN)
    assert all(entry.state is ConfigEntryState.LOADED for entry in entries)
    return {entry.unique_id: entry.title for entry in entries}


async def take_up(hass: HomeAssistant, flow: ConfigFlowResult, **said: Any) -> str:
    """Set a discovered meter up; return its entry's title."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"])
    entry = await add_meter(hass, result, **said)
    assert entry.unique_id == flow["context"].get("unique_id")
    return entry.title


@pytest.mark.parametrize("kind", ["serial", *Framing])
async def test_all_are_added(hass: HomeAssistant, kind: str | Framing) -> None:
    """Each is asked about in turn; CTs are mostly alike, so that they are suggested again."""
    devices = panel(100, 101)
    line_of = network(*devices, framing=kind) if isinstance(kind, Framing) else serial(*devices)
    async with line_of as line:
        transport = "network" if isinstance(kind, Framing) else "serial"
        data = network_data(line) if isinstance(kind, Framing) else serial_data(line)  # type: ignore[arg-type]
        result = await search(hass, transport, answers(data, thorough=True))
        assert result["step_id"] == "meters"
        serials = [device.serial_number for device in devices]
        labels = offered(result, "meters")
        assert list(labels) == serials
        settings = {"serial": "115200 8N1", "socket": "Modbus TCP", "rtu": "Modbus RTU"}[kind]
        assert labels[serials[1]] == f"Measurlogic DTS 307 {serials[1]} (#101, {settings})"
        # All are ticked from the beginning.
        assert form_of(result)({}) == {"meters": serials}

        result = await submit(hass, result, {"meters": serials})
        assert suggested(result) == {"name": "DTS 307 (100)"}
        placeholders = result["description_placeholders"] or {}
        assert (placeholders["position"], placeholders["count"]) == ("1", "2")
        result = await describe(hass, result, name="House", role="grid", ct_rating=400, ct_sets=2)
        assert suggested(result) == {"name": "DTS 307 (101)", "ct_rating": 400, "ct_sets": 2}
        placeholders = result["description_placeholders"] or {}
        assert (placeholders["position"], placeholders["count"]) == ("2", "2")
        assert placeholders["serial_number"] == serials[1]
        result = await describe(hass, result, role="load", ct_rating=50)
        assert result["step_id"] == "finish"
        measured = (result["description_placeholders"] or {})["measured"]
        assert [line.split(":")[0] for line in measured.splitlines()] == [
            "- **House**",
            "- ⚠ **DTS 307 (101)**",
        ]
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].unique_id == serials[0]
        assert titles(hass) == {serials[0]: "House", serials[1]: "DTS 307 (101)"}
        other = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, serials[1])
        assert other is not None
        assert other.data == data | {"unit_id": 101}
        assert other.options == {"role": "load", "ct_rating": 50, "ct_sets": 2}
        assert hass.config_entries.flow.async_progress() == []


async def test_those_that_are_not_ticked_stay_discovered(hass: HomeAssistant) -> None:
    """They can be set up from there, each as itself, and are gone from there then."""
    devices = panel(99, 100, 101, 102)
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line), thorough=True))
        assert set(offered(result, "meters")) == set(serials)
        result = await submit(hass, result, {"meters": serials[1:2]})
        await add_meter(hass, result)
        # The only one that is added needs no number in its name.
        assert titles(hass) == {serials[1]: "DTS 307"}
        left = [serials[0], *serials[2:]]
        assert set(discovered(hass)) == set(left)
        for serial_number in left:
            flow = discovered(hass)[serial_number]
            shown = {"name": f"DTS 307 {serial_number}"}
            assert flow["context"]["title_placeholders"] == shown
        assert ENGLISH["config"]["flow_title"] == "{name}"

        # In whatever order.
        assert await take_up(hass, discovered(hass)[serials[2]]) == "DTS 307 (101)"
        assert set(discovered(hass)) == {serials[0], serials[3]}
        assert await take_up(hass, discovered(hass)[serials[0]], name="Roof") == "Roof"
        assert await take_up(hass, discovered(hass)[serials[3]]) == "DTS 307 (102)"
        assert discovered(hass) == {}
        assert len(titles(hass)) == 4


async def test_at_least_one_is_ticked(hass: HomeAssistant) -> None:
    """Submitting without a tick is an error."""
    devices = panel(100, 101)
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": []})
        assert result["step_id"] == "meters"
        assert result["errors"] == {"meters": "none_chosen"}
        assert ENGLISH["config"]["error"]["none_chosen"]
        result = await submit(hass, result, {"meters": [devices[1].serial_number]})
        assert suggested(result)["name"] == "DTS 307"
        await add_meter(hass, result)
        assert set(discovered(hass)) == {devices[0].serial_number}


async def test_what_is_discovered_already_can_be_added_by_hand(hass: HomeAssistant) -> None:
    """It was not ticked the first time; then it is, together with another one."""
    devices = panel(100, 101, 102)
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        entered = answers(network_data(line), thorough=True)
        result = await search(hass, "network", entered)
        result = await submit(hass, result, {"meters": serials[:1]})
        await add_meter(hass, result)
        assert set(discovered(hass)) == set(serials[1:])

        result = await search(hass, "network", unknowing(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": serials[1:]})
        result = await describe(hass, result)
        result = await describe(hass, result)
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert set(titles(hass)) == set(serials)
        assert hass.config_entries.flow.async_progress() == []


async def test_what_is_found_again_is_discovered_once(hass: HomeAssistant) -> None:
    """Each search finds the neighbours; they do not pile up."""
    devices = panel(100, 101, 102)
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        for serial_number in serials[:2]:
            entered = unknowing(network_data(line), thorough=True)
            result = await search(hass, "network", entered)
            result = await submit(hass, result, {"meters": [serial_number]})
            await add_meter(hass, result)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert set(discovered(hass)) == set(serials[2:])


async def test_a_meter_that_is_ignored_can_be_added(hass: HomeAssistant) -> None:
    """A tick overrides that, be it of the first or another one."""
    devices = panel(100, 101, 102)
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        for serial_number in serials:
            context = {"source": SOURCE_IGNORE}
            ignored = {"unique_id": serial_number, "title": "ignored"}
            await hass.config_entries.flow.async_init(DOMAIN, context=context, data=ignored)  # type: ignore[arg-type]
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": serials[:2]})
        result = await describe(hass, result)
        result = await describe(hass, result)
        await submit(hass, result, {})
        entries = hass.config_entries.async_entries(DOMAIN)
        sources = {entry.unique_id: entry.source for entry in entries}
        assert set(sources) == set(serials)
        assert sources[serials[2]] == SOURCE_IGNORE
        assert SOURCE_IGNORE not in (sources[serials[0]], sources[serials[1]])
        # Who is ignored stays so.
        assert discovered(hass) == {}


async def test_a_meter_that_was_discovered_and_then_added(hass: HomeAssistant) -> None:
    """However it is added, it is not offered any more."""
    devices = panel(100, 101)
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": [devices[0].serial_number]})
        await add_meter(hass, result)
        (flow,) = discovered(hass).values()
        result = await search(hass, "network", answers(network_data(line, unit_id=101)))
        assert_asks_about_meter(result)
        await add_meter(hass, result)
        assert discovered(hass) == {}
        with pytest.raises(UnknownFlow):
            hass.config_entries.flow.async_get(flow["flow_id"])


async def test_a_discovery_of_what_is_set_up_ends_at_once(hass: HomeAssistant) -> None:
    """It is no news."""
    (device,) = panel(100)
    async with network(device) as line:
        data = network_data(line)
        await load(hass, entry_for(device, data))
        address = MeterAddress.parse(data)
        async with async_temporary_meter(hass, address) as meter:
            found = NewMeter(address, meter.identity)
        result = await hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": "integration_discovery"},
            data=found.as_discovered(),
        )
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"


async def test_a_meter_under_any_unit_id_is_one(hass: HomeAssistant) -> None:
    """A gateway may answer for its only meter whatever unit is asked."""
    devices = [Device(MeterConfig(unit=unit, serial="S1")) for unit in range(98, 103)]
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line), thorough=True))
        entry = await add_meter(hass, result)
        assert entry.data["unit_id"] == 100
        await hass.async_block_till_done(wait_background_tasks=True)
        assert discovered(hass) == {}


async def test_neighbours_are_found_without_being_asked_for(hass: HomeAssistant) -> None:
    """The meters of one panel mostly have addresses in a row; those beyond take patience."""
    devices = panel(98, 100, 101)
    serials = [device.serial_number for device in devices]
    async with serial(*devices) as line:
        result = await search(hass, "serial", answers(serial_data(line)))
        assert list(offered(result, "meters")) == serials[1:]
        thorough = answers(serial_data(line), thorough=True)
        result = await search(hass, "serial", thorough)
        assert set(offered(result, "meters")) == set(serials)


async def test_a_second_meter_on_a_port_in_use(hass: HomeAssistant) -> None:
    """It is found over the shared link, while the first is read on."""
    devices = panel(100, 101)
    async with serial(*devices) as line:
        entry = entry_for(devices[0], serial_data(line))
        await load(hass, entry)
        result = await search(hass, "serial", unknowing(serial_data(line)))
        second = await add_meter(hass, result)
        assert second.data == serial_data(line, unit_id=101)
        assert state_of(hass, devices[0], "link_state") == "ok"


async def test_one_of_several_was_added_meanwhile(hass: HomeAssistant) -> None:
    """The others are added all the same, and what is not ticked stays discovered."""
    devices = panel(100, 101, 102)
    serials = [device.serial_number for device in devices]
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": serials[:2]})
        result = await describe(hass, result)
        result = await describe(hass, result)
        await load(hass, entry_for(devices[0], network_data(line)))
        result = await submit(hass, result, {})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert titles(hass) == {serials[0]: "DTS 307", serials[1]: "DTS 307 (101)"}
        assert set(discovered(hass)) == set(serials[2:])


async def test_all_of_several_were_added_meanwhile(hass: HomeAssistant) -> None:
    """That is said, and what is not ticked stays discovered."""
    devices = panel(100, 101)
    async with network(*devices) as line:
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": [devices[0].serial_number]})
        result = await describe(hass, result)
        await load(hass, entry_for(devices[0], network_data(line)))
        result = await submit(hass, result, {})
        assert result["reason"] == "already_configured"
        assert set(discovered(hass)) == {devices[1].serial_number}
