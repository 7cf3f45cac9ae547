"""Meters whose serial number does not distinguish them are bound to their addresses."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlowResult
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.identification import identification
from custom_components.dts307.meter import Identity
from simulator import MeterConfig
from tests.device import Device
from tests.integration.disk import storage_key
from tests.integration.home import (
    ENGLISH,
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    describe,
    entry_for,
    let_pass,
    load,
    search,
    submit,
    unknowing,
)
from tests.integration.scanning import assert_moved, reconfigure
from tests.lines import network, network_data, serial as serial_line, serial_data

pytestmark = pytest.mark.usefixtures("skip_waiting")

PLACEHOLDERS = ["", "0", "N/A"]
SHARED = "S1"


def meters(serial_number: str, *unit_ids: int) -> list[Device]:
    """Return meters that all report one serial number, and have counted differently."""
    devices = [Device(MeterConfig(unit=unit_id)) for unit_id in unit_ids]
    for device in devices:
        device.write("SN", serial_number)
        device.write("TotWhImp", 1_000_000 * device.unit)
    return devices


def sentence(serial_number: str, address: str) -> str:
    """Return what the form has to say about a meter's serial number."""
    texts = ENGLISH["selector"]["live"]["options"]
    if serial_number == SHARED:
        return str(texts["shared_serial_number"].format(serial_number=SHARED))
    return str(texts["no_serial_number"].format(address=address))


def identified(result: ConfigFlowResult) -> str:
    """Return what the form about a meter says about its serial number."""
    assert_asks_about_meter(result)
    return str((result["description_placeholders"] or {})["identified"])


def state(hass: HomeAssistant, entry: ConfigEntry[Any], key: str) -> str:
    """Return the state of one of an entry's sensors."""
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{entry.unique_id}_{key}")
    assert entity_id is not None
    shown = hass.states.get(entity_id)
    assert shown is not None
    return shown.state


def assert_reads(hass: HomeAssistant, entry: ConfigEntry[Any], device: Device) -> None:
    """See that an entry shows this device, and asks nothing."""
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, entry, "link_state") == "ok"
    assert state(hass, entry, "energy_imported") == f"{1000 * device.unit}.0"
    assert replaced(hass, entry) is None


def replaced(hass: HomeAssistant, entry: ConfigEntry[Any]) -> ir.IssueEntry | None:
    """Return the repair that asks whether the meter was replaced."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"meter_replaced_{entry.entry_id}")


def entries_by_unit(hass: HomeAssistant) -> dict[int, ConfigEntry[Any]]:
    """Return all entries by the unit ID of their meters."""
    return {entry.data["unit_id"]: entry for entry in hass.config_entries.async_entries(DOMAIN)}


@pytest.mark.parametrize("serial_number", [*PLACEHOLDERS, SHARED])
@pytest.mark.parametrize("transport", ["serial", "network"])
async def test_two_meters_are_added_together(
    hass: HomeAssistant, hass_storage: dict[str, Any], transport: str, serial_number: str
) -> None:
    """Each form says what it means, and nothing of one is mixed with the other."""
    devices = meters(serial_number, 100, 101)
    line_of = serial_line(*devices) if transport == "serial" else network(*devices)
    async with line_of as line:
        data = serial_data(line) if transport == "serial" else network_data(line)  # type: ignore[arg-type]
        place = data["device"] if transport == "serial" else f"{data['host']}:{data['port']}"
        addresses = [f"{place}#100", f"{place}#101"]
        result = await search(hass, transport, answers(data, thorough=True))
        assert result["step_id"] == "meters"
        (field,) = result["data_schema"].schema.values()  # type: ignore[union-attr]
        chosen = [option["value"] for option in field.config["options"]]
        assert chosen == [SHARED if serial_number == SHARED else addresses[0], addresses[1]]
        result = await submit(hass, result, {"meters": chosen})
        assert identified(result) == sentence(serial_number, addresses[0])
        result = await describe(hass, result)
        assert identified(result) == sentence(serial_number, addresses[1])
        result = await describe(hass, result)
        await submit(hass, result, {})

        entries = entries_by_unit(hass)
        assert [entries[unit_id].unique_id for unit_id in (100, 101)] == chosen
        assert entries[101].data == data | {"unit_id": 101, "serial_number": serial_number}
        for device in devices:
            entry = entries[device.unit]
            assert_reads(hass, entry, device)
            (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            assert shown.serial_number == (serial_number or None)
            assert await hass.config_entries.async_unload(entry.entry_id)
            assert hass_storage[storage_key(entry, "counters")]
        for device in devices:
            assert await hass.config_entries.async_setup(entries[device.unit].entry_id)
            await let_pass(hass)
            assert_reads(hass, entries[device.unit], device)


@pytest.mark.parametrize("serial_number", [*PLACEHOLDERS, SHARED])
async def test_the_second_meter_is_added_later(hass: HomeAssistant, serial_number: str) -> None:
    """While the first is polled; then there are no more."""
    devices = meters(serial_number, 100, 101)
    async with network(*devices) as line:
        devices[1].silent = True
        data = network_data(line)
        result = await search(hass, "network", answers(data))
        assert bool(identified(result)) == (serial_number != SHARED)
        await add_meter(hass, result)
        devices[1].silent = False
        result = await search(hass, "network", unknowing(data))
        assert identified(result) == sentence(serial_number, f"{line.host}:{line.port}#101")
        await add_meter(hass, result)
        entries = entries_by_unit(hass)
        for device in devices:
            assert_reads(hass, entries[device.unit], device)
        result = await search(hass, "network", unknowing(data))
        assert_refused(result, "network", "only_known_meters")


async def test_an_entry_of_an_earlier_version_stays_as_it_is(hass: HomeAssistant) -> None:
    """A placeholder was its unique ID, and another meter has the same one."""
    devices = meters("0", 100, 101)
    async with network(*devices) as line:
        old = entry_for(devices[0], network_data(line))
        await load(hass, old)
        assert old.unique_id == "0"
        new = await add_meter(hass, await search(hass, "network", unknowing(network_data(line))))
        assert new.unique_id == f"{line.host}:{line.port}#101"
        assert old.unique_id == "0"
        assert old.data == network_data(line)
        for entry, device in zip((old, new), devices, strict=True):
            assert_reads(hass, entry, device)


async def test_a_meter_that_has_moved_is_not_a_second_one(hass: HomeAssistant) -> None:
    """Its entry finds nothing in its old place, and reconfiguring it keeps the history."""
    device, moved = meters(SHARED, 100, 101)
    async with network(device, moved) as line:
        moved.silent = True
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device.silent, moved.silent = True, False
        await let_pass(hass)
        result = await search(hass, "network", unknowing(network_data(line)))
        assert_refused(result, "network", "only_known_meters")


@pytest.mark.parametrize("answering", [True, False])
async def test_a_second_meter_on_another_bus(hass: HomeAssistant, *, answering: bool) -> None:
    """While both answer, their counters show that they are two."""
    first, second = meters(SHARED, 100, 100)
    second.write("TotWhImp", 100_000_001)
    async with network(first) as line, network(second) as elsewhere:
        entry = entry_for(first, network_data(line))
        await load(hass, entry)
        first.silent = not answering
        result = await search(hass, "network", unknowing(network_data(elsewhere)))
        if not answering:
            assert_refused(result, "network", "only_known_meters")
            return
        assert identified(result) == sentence(SHARED, "")
        new = await add_meter(hass, result)
        assert new.unique_id == f"{elsewhere.host}:{elsewhere.port}#100"
        assert_reads(hass, entry, first)
        assert state(hass, new, "energy_imported") == "100000.001"


async def test_a_gateway_that_ignores_unit_ids_has_one_meter(hass: HomeAssistant) -> None:
    """Even if that has no serial number."""
    devices = meters("", *range(98, 103))
    for device in devices:
        device.write("TotWhImp", 100_000_000)
    async with network(*devices) as line:
        entry = await add_meter(
            hass, await search(hass, "network", unknowing(network_data(line), thorough=True))
        )
        assert entry.data["unit_id"] == 100
        assert hass.config_entries.flow.async_progress() == []
        known = network_data(line, unit_id=101)
        result = await search(hass, "network", answers(known))
        assert_refused(result, "network", "only_known_meters")


async def test_one_of_two_stays_discovered(hass: HomeAssistant) -> None:
    """It is called by its unit ID, and can be set up from there."""
    devices = meters("", 100, 101)
    async with network(*devices) as line:
        place = f"{line.host}:{line.port}"
        result = await search(hass, "network", answers(network_data(line), thorough=True))
        result = await submit(hass, result, {"meters": [f"{place}#100"]})
        assert (result["description_placeholders"] or {})["serial_number"] == "#100"
        await add_meter(hass, result)
        await hass.async_block_till_done(wait_background_tasks=True)
        (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        assert flow["context"].get("title_placeholders") == {"name": "DTS 307 #101"}
        result = await hass.config_entries.flow.async_configure(flow["flow_id"])
        assert identified(result) == sentence("", f"{place}#101")
        entry = await add_meter(hass, result)
        assert entry.unique_id == f"{place}#101"
        assert entry.data == network_data(line, unit_id=101) | {"serial_number": ""}
        assert_reads(hass, entry, devices[1])


async def bound(
    hass: HomeAssistant, device: Device, data: dict[str, Any], serial_number: str = ""
) -> MockConfigEntry:
    """Set up a meter without a serial number earlier, and return its entry."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="DTS 307",
        unique_id=f"{data['host']}:{data['port']}#{device.unit}",
        data=data | {"unit_id": device.unit, "serial_number": serial_number},
    )
    await load(hass, entry)
    return entry


async def test_moved_to_the_address_that_is_entered(hass: HomeAssistant) -> None:
    """No other meter without a serial number takes its place by chance."""
    device, other, third = meters("", 100, 101, 102)
    async with network(device) as line, network(other, third) as elsewhere:
        entry = await bound(hass, device, network_data(line))
        before = entry.unique_id
        await bound(hass, other, network_data(elsewhere))
        result = await reconfigure(hass, entry, "network")
        for unit_id in (100, 101):
            entered = answers(network_data(elsewhere, unit_id=unit_id))
            result = await submit(hass, result, entered)
            assert_refused(result, "network", "other_meters")
        entered = answers(network_data(elsewhere, unit_id=102))
        result = await submit(hass, result, entered)
        data = network_data(elsewhere, unit_id=102) | {"serial_number": ""}
        assert_moved(result, entry, data)
        assert entry.unique_id == before

        # The address is free for another meter, and that has an ID of its own.
        new = await add_meter(hass, await search(hass, "network", answers(network_data(line))))
        assert new.unique_id == f"{before} (2)"


async def test_moved_without_an_entered_unit_id(hass: HomeAssistant) -> None:
    """The only one that is new there is the one."""
    device, other, third = meters("0", 100, 101, 102)
    async with network(device) as line, network(other, third) as elsewhere:
        entry = await bound(hass, device, network_data(line), "0")
        await bound(hass, other, network_data(elsewhere), "0")
        result = await reconfigure(hass, entry, "network")
        result = await submit(hass, result, unknowing(network_data(elsewhere)))
        data = network_data(elsewhere, unit_id=102) | {"serial_number": "0"}
        assert_moved(result, entry, data)


async def answer(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Say that the meter that answers replaces the entry's own."""
    asked = replaced(hass, entry)
    assert asked is not None
    manager = hass.data["repairs"]["flow_manager"]
    shown = await manager.async_init(DOMAIN, data={"issue_id": asked.issue_id})
    result = await manager.async_configure(shown["flow_id"], {"next_step_id": "same_place"})
    await hass.async_block_till_done(wait_background_tasks=True)
    return str(result["type"])


async def test_replaced_by_a_meter_with_a_serial_number_and_back(hass: HomeAssistant) -> None:
    """It is noticed, and the history goes on, whichever way the meter is identified."""
    assert await async_setup_component(hass, "repairs", {})
    (device,) = meters("", 100)
    async with network(device) as line:
        entry = await bound(hass, device, network_data(line))
        before = {row.entity_id for row in er.async_get(hass).entities.values()}
        for serial_number, unique_id, kept in (
            ("S9", "S9", {}),
            ("N/A", f"{line.host}:{line.port}#100", {"serial_number": "N/A"}),
            ("", f"{line.host}:{line.port}#100", {"serial_number": ""}),
        ):
            device.write("SN", serial_number)
            device.lost_replies = 2
            await let_pass(hass)
            await let_pass(hass, 40)
            assert state(hass, entry, "energy_imported") == STATE_UNAVAILABLE
            assert await answer(hass, entry) == FlowResultType.CREATE_ENTRY
            assert entry.unique_id == unique_id
            assert entry.data == network_data(line) | kept
            assert state(hass, entry, "energy_imported") == "100000.0"
            assert {row.entity_id for row in er.async_get(hass).entities.values()} == before
            (shown,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
            assert shown.identifiers == {(DOMAIN, unique_id)}
            assert shown.serial_number == (serial_number or None)


def test_an_identification_is_distinct() -> None:
    own = Identity(serial_number="S1")
    assert identification(own, "here", ()) == ("S1", {})
    taken = {"S1", "here", "here (2)"}
    assert identification(own, "here", taken) == ("here (3)", {"serial_number": "S1"})
    assert identification(Identity(), "there", taken) == ("there", {"serial_number": ""})
