"""A meter that is shared: what clients get, and what becomes of the port."""

import asyncio
from collections.abc import AsyncIterator
import socket

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.sharing import ALL_ADAPTERS, async_share, async_sharing_state
from custom_components.dts307.sharing.adapters import async_listening_addresses
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.integration.shared import (
    LOOPBACK,
    UNIT_ID,
    adapters_become,
    issues,
    port_of,
    refusal,
    sharing,
    whole_map,
)
from tests.lines import network, network_data
from tests.sharing.clients import connected

pytestmark = pytest.mark.usefixtures("adapters")


@pytest.fixture
async def taken_port() -> AsyncIterator[socket.socket]:
    """Occupy a port, as another program does."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other


@pytest.mark.parametrize("model", [203, 213])
async def test_clients_read_what_the_meter_sent(hass: HomeAssistant, model: int) -> None:
    """The bus has no part in it. A poll brings the next values."""
    device = Device(MeterConfig(model=model))
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        asked = len(device.requests)
        port = port_of(hass, entry)
        maps = await asyncio.gather(*(whole_map(port, device) for _ in range(10)))
        assert maps == [list(device.registers.values())] * 10
        assert len(device.requests) == asked

        device.write("A", 7)
        before = maps[0]
        assert await whole_map(port, device) == before
        await let_pass(hass)
        assert await whole_map(port, device) == list(device.registers.values()) != before


async def test_power_keeps_the_sign_of_the_meter(hass: HomeAssistant) -> None:
    """Whatever the options say of it."""
    device = Device()
    device.write("W_SF", 0)
    device.write("W", 1500)
    async with network(device) as line:
        options = {"direction": "export_positive", **sharing()}
        entry = entry_for(device, network_data(line), **options)
        await load(hass, entry)
        assert float(state_of(hass, device, "power")) == -1500
        assert await whole_map(port_of(hass, entry), device) == list(device.registers.values())


@pytest.mark.usefixtures("hasty")
async def test_nothing_old_is_served(hass: HomeAssistant) -> None:
    """After three polls without an answer there is none to a client either."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        port = port_of(hass, entry)
        device.silent = True
        await asyncio.sleep(13)
        assert await whole_map(port, device) == list(device.registers.values())
        await asyncio.sleep(3)
        assert await refusal(port) == 0x0B

        device.silent = False
        await asyncio.sleep(120)
        assert await whole_map(port, device) == list(device.registers.values())


@pytest.mark.usefixtures("hasty")
async def test_a_meter_that_never_answered_is_not_served(hass: HomeAssistant) -> None:
    device = Device()
    device.silent = True
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        assert await refusal(port_of(hass, entry)) == 0x0B


async def test_a_set_up_that_is_tried_again_shares_its_own_readings(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        port = port_of(hass, entry)
        assert await whole_map(port, device)
        await async_share(hass, entry, lambda: None, 5.0)
        assert await refusal(port) == 0x0B


async def test_nothing_is_served_unless_it_is_wanted(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert async_sharing_state(hass, entry) is None
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_the_port_is_closed_with_the_entry(hass: HomeAssistant) -> None:
    """And open again after a reload."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        port = port_of(hass, entry)
        async with connected(port) as client:
            await hass.config_entries.async_reload(entry.entry_id)
            assert await client.is_dropped()
        port = port_of(hass, entry)
        assert await whole_map(port, device) == list(device.registers.values())
        assert await hass.config_entries.async_unload(entry.entry_id)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


async def test_the_port_is_closed_when_home_assistant_stops(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        port = port_of(hass, entry)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def test_a_port_that_is_taken_is_opened_when_it_is_free(
    hass: HomeAssistant, taken_port: socket.socket
) -> None:
    """The meter itself is read all the time."""
    device = Device()
    async with network(device) as line:
        port = taken_port.getsockname()[1]
        entry = entry_for(device, network_data(line), **sharing(port=port))
        await load(hass, entry)
        assert entry.state is ConfigEntryState.LOADED
        assert float(state_of(hass, device, "power"))
        assert issues(hass) == {"sharing_port_taken"}
        issue = ir.async_get(hass).async_get_issue(DOMAIN, "sharing_port_taken")
        assert issue is not None
        assert issue.translation_placeholders is not None
        assert issue.translation_placeholders["port"] == str(port)

        await let_pass(hass, 31)
        assert issues(hass) == {"sharing_port_taken"}
        taken_port.close()
        await let_pass(hass, 31)
        assert issues(hass) == set()
        assert await whole_map(port, device) == list(device.registers.values())


@pytest.mark.parametrize("adapter", ["tun0", "eth0"])
async def test_an_adapter_that_cannot_be_listened_at_is_a_repair(
    hass: HomeAssistant, adapter: str
) -> None:
    """One that is gone, or has another address now; the repair goes with the entry."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing(adapter=adapter))
        await load(hass, entry)
        assert issues(hass) == {"sharing_not_listening"}
        issue = ir.async_get(hass).async_get_issue(DOMAIN, "sharing_not_listening")
        assert issue is not None
        assert issue.translation_placeholders == {
            "port": "0",
            "adapter": adapter,
            "error": "Cannot assign requested address",
        }
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert issues(hass) == set()


async def test_an_adapter_that_comes_back_is_listened_at(
    hass: HomeAssistant, taken_port: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant may have started before the adapter had its address. One repair at a time."""
    port = taken_port.getsockname()[1]
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing(adapter="tun0", port=port))
        await load(hass, entry)
        assert issues(hass) == {"sharing_not_listening"}
        adapters_become(monkeypatch, {"tun0": "127.0.0.1"})
        await let_pass(hass, 31)
        assert issues(hass) == {"sharing_port_taken"}
        adapters_become(monkeypatch, {LOOPBACK: "127.0.0.1"})
        await let_pass(hass, 31)
        assert issues(hass) == {"sharing_not_listening"}
        adapters_become(monkeypatch, {"tun0": "127.0.0.1"})
        taken_port.close()
        await let_pass(hass, 31)
        assert issues(hass) == set()
        assert await whole_map(port, device) == list(device.registers.values())


async def test_two_meters_have_one_server(hass: HomeAssistant) -> None:
    """It runs as long as one of them is shared."""
    first, second = Device(), Device(MeterConfig(unit=101, serial="S2"))
    async with network(first) as one, network(second) as two:
        entries = [
            entry_for(first, network_data(one), **sharing()),
            entry_for(second, network_data(two, unit_id=101), **sharing(unit_id=101)),
        ]
        for entry in entries:
            await load(hass, entry)
        port = port_of(hass, entries[0])
        assert port == port_of(hass, entries[1])
        for device in (first, second):
            assert await whole_map(port, device) == list(device.registers.values())
        assert await hass.config_entries.async_unload(entries[0].entry_id)
        assert await refusal(port) == 0x0B
        assert await whole_map(port, second) == list(second.registers.values())


async def test_two_meters_cannot_have_one_unit_id(hass: HomeAssistant) -> None:
    """The first one keeps it. The other is shared once it is free."""
    first, second = Device(), Device(MeterConfig(serial="S2"))
    async with network(first) as one, network(second) as two:
        entries = [
            entry_for(device, network_data(line), **sharing())
            for device, line in ((first, one), (second, two))
        ]
        for entry in entries:
            await load(hass, entry)
        port = port_of(hass, entries[0])
        assert issues(hass) == {"sharing_unit_id_taken"}
        assert await whole_map(port, first) == list(first.registers.values())
        assert await hass.config_entries.async_unload(entries[0].entry_id)
        assert issues(hass) == set()
        assert await whole_map(port, second) == list(second.registers.values())
        await hass.config_entries.async_setup(entries[0].entry_id)
        assert issues(hass) == {"sharing_unit_id_taken"}
        assert await hass.config_entries.async_unload(entries[0].entry_id)
        assert issues(hass) == set()


async def test_this_integration_reads_a_shared_meter(hass: HomeAssistant) -> None:
    """As another Home Assistant would, which finds the same meter."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        data = {**network_data(line), "port": port_of(hass, entry)}
        other = MockConfigEntry(
            domain=DOMAIN,
            unique_id="other",
            title="Other",
            data={**data, "serial_number": device.serial_number},
        )
        await load(hass, other)
        power = hass.states.get("sensor.other_power")
        assert power is not None
        assert power.state == state_of(hass, device, "power")


@pytest.mark.usefixtures("all_entities_enabled")
async def test_sensors_show_who_reads_the_meter(
    hass: HomeAssistant, taken_port: socket.socket
) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        assert state_of(hass, device, "sharing_clients") == "0"
        async with connected(port_of(hass, entry)) as client:
            for _ in range(3):
                await client.read(UNIT_ID, 40000, 1)
            await let_pass(hass, 31)
            assert state_of(hass, device, "sharing_clients") == "1"
            assert state_of(hass, device, "sharing_requests") == "3"

        option = sharing(port=taken_port.getsockname()[1])
        hass.config_entries.async_update_entry(entry, options={**entry.options, **option})
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        assert state_of(hass, device, "sharing_requests") == "0"


@pytest.mark.usefixtures("all_entities_enabled")
async def test_a_meter_that_is_shared_no_longer_has_no_sensors_of_it(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        assert state_of(hass, device, "sharing_clients") == "0"
        options = {key: value for key, value in entry.options.items() if key not in sharing()}
        hass.config_entries.async_update_entry(entry, options=options)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        assert entities
        assert not any("sharing" in entity.unique_id for entity in entities)


async def test_all_adapters_are_all_addresses() -> None:
    """No test listens there."""
    assert await async_listening_addresses(ALL_ADAPTERS) == ["0.0.0.0"]  # noqa: S104 - only told
