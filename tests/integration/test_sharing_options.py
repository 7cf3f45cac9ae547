"""The form that asks whether and how a meter is shared."""

import asyncio
import socket
from typing import Any

from homeassistant.components.network.network import async_get_network
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    entry_for,
    form_of,
    load,
    options_step,
    settings_of,
    suggested,
)
from tests.integration.shared import (
    ADAPTERS,
    UNIT_ID,
    adapters_become,
    issues,
    port_of,
    sharing,
    whole_map,
)
from tests.integration.test_diagnostics import download
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("adapters")


@pytest.fixture
def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def submit(hass: HomeAssistant, entry: MockConfigEntry, **entered: Any) -> ConfigFlowResult:
    """Open the form, and send it off."""
    asked = await options_step(hass, entry, "sharing")
    result = await hass.config_entries.options.async_configure(asked["flow_id"], entered)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def choices(result: ConfigFlowResult) -> dict[str, str]:
    """Return the adapters that can be chosen, with their labels."""
    field = next(each for key, each in form_of(result).schema.items() if key == "adapter")
    return {each["value"]: each["label"] for each in field.config["options"]}


def default_of(result: ConfigFlowResult, name: str) -> Any:
    """Return the default of a field."""
    return next(key for key in form_of(result).schema if key == name).default()


async def test_a_meter_is_shared_and_shared_no_longer(hass: HomeAssistant, free_port: int) -> None:
    """Its own unit ID and the default adapter are suggested. Other options stay."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), ct_rating=200.0)
        await load(hass, entry)
        before = dict(entry.options)
        asked = await options_step(hass, entry, "sharing")
        assert asked["description_placeholders"] == {"name": "DTS 307", "meters": "-"}
        defaults = {str(key): key.default() for key in form_of(asked).schema}
        assert defaults == {
            "is_shared": False,
            "unit_id": UNIT_ID,
            "port": 1502,
            "adapter": "eth0",
            "allowed_clients": [],
        }
        assert choices(asked) == {
            "all": "all",
            "eth0": "eth0 (192.0.2.1)",
            "lo": "lo (127.0.0.1)",
        }
        result = await submit(hass, entry, is_shared=True, port=free_port, adapter="lo")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert entry.options == {**before, **sharing(port=free_port)}
        assert await whole_map(free_port, device) == list(device.registers.values())

        asked = await options_step(hass, entry, "sharing")
        assert suggested(asked) == {"is_shared": True, **sharing(port=free_port)["sharing"]}
        await submit(hass, entry, is_shared=False)
        assert entry.options == before
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", free_port)


async def test_the_settings_leave_it_as_it_is(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing())
        await load(hass, entry)
        asked = await settings_of(hass, entry)
        answers = {"ct_sets": 1, "states": {}, "billing": {}, "prices": {}}
        await hass.config_entries.options.async_configure(asked["flow_id"], answers)
        await hass.async_block_till_done()
        assert entry.options["sharing"] == sharing()["sharing"]
        assert await whole_map(port_of(hass, entry), device) == list(device.registers.values())


async def test_all_meters_have_one_server(hass: HomeAssistant, free_port: int) -> None:
    """What is said of it last applies to all of them, but not what is a meter's own."""
    first, second = Device(), Device(MeterConfig(serial="S2"))
    async with network(first) as one, network(second) as two:
        entries = [
            entry_for(device, network_data(line), **options)
            for device, line, options in ((first, one, sharing()), (second, two, {}))
        ]
        for entry in entries:
            await load(hass, entry)
        asked = await options_step(hass, entries[1], "sharing")
        assert suggested(asked) == {"port": 0, "adapter": "lo", "allowed_clients": []}
        placeholders = asked["description_placeholders"]
        assert placeholders == {"name": "DTS 307", "meters": f"DTS 307 ({UNIT_ID})"}

        server = {"port": free_port, "adapter": "lo", "allowed_clients": ["127.0.0.0/24"]}
        refused = await submit(hass, entries[1], is_shared=True, **server)
        assert refused["errors"] == {"unit_id": "unit_id_shared"}
        await submit(hass, entries[1], is_shared=True, unit_id=7, **server)
        assert entries[0].options["sharing"] == {"unit_id": UNIT_ID, **server}
        assert entries[1].options["sharing"] == {"unit_id": 7, **server}
        assert await whole_map(free_port, first) == list(first.registers.values())
        assert await whole_map(free_port, second, 7) == list(second.registers.values())
        assert issues(hass) == set()

        await submit(hass, entries[1], is_shared=True, unit_id=8, **server)
        assert await whole_map(free_port, second, 8) == list(second.registers.values())


@pytest.mark.parametrize("allowed", ["home", "192.168.1.0/33"])
async def test_allowed_clients_are_addresses(hass: HomeAssistant, allowed: str) -> None:
    """What was entered stays, to be corrected."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        entered = {"is_shared": True, "allowed_clients": ["192.168.1.0/24", allowed]}
        result = await submit(hass, entry, **entered)
        assert result["errors"] == {"allowed_clients": "allowed_clients_invalid"}
        assert ENGLISH["options"]["error"]["allowed_clients_invalid"]
        assert suggested(result)["allowed_clients"] == entered["allowed_clients"]
        assert "sharing" not in entry.options


async def test_rows_that_were_left_blank_are_no_clients(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        await submit(hass, entry, is_shared=True, allowed_clients=["", " 192.168.1.0/24 ", " "])
        assert entry.options["sharing"]["allowed_clients"] == ["192.168.1.0/24"]
        await submit(hass, entry, is_shared=True, allowed_clients=[""])
        assert entry.options["sharing"]["allowed_clients"] == []


@pytest.mark.parametrize("entered", [{"unit_id": 248}, {"port": 0}])
async def test_numbers_are_in_their_range(hass: HomeAssistant, entered: dict[str, int]) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        with pytest.raises(InvalidData):
            await submit(hass, entry, is_shared=True, **entered)


async def test_an_adapter_that_is_gone_stays_what_was_chosen(hass: HomeAssistant) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing(adapter="tun0"))
        await load(hass, entry)
        asked = await options_step(hass, entry, "sharing")
        assert choices(asked)["tun0"] == "tun0 (-)"
        assert suggested(asked)["adapter"] == "tun0"


async def test_an_adapter_that_came_later_can_be_chosen(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Home Assistant's own list is that of its start."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        adapters_become(monkeypatch, {**ADAPTERS, "tun0": "10.8.0.1"})
        asked = await options_step(hass, entry, "sharing")
        assert choices(asked)["tun0"] == "tun0 (10.8.0.1)"


async def test_without_a_default_adapter_all_are_suggested(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (await async_get_network(hass)).adapters = []
    adapters_become(monkeypatch, {})
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        asked = await options_step(hass, entry, "sharing")
        assert default_of(asked, "adapter") == "all"
        assert choices(asked) == {"all": "all"}


async def test_diagnostics_tell_of_the_server_and_not_of_its_clients(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), **sharing(allowed_clients=["192.0.2.7"]))
        await load(hass, entry)
        diagnostics = await download(hass, hass_client, entry)
        port = port_of(hass, entry)
        expected = {"is_running": True, "port": port, "clients": 0, "unit_ids": [UNIT_ID]}
        assert diagnostics["sharing"] == expected
        assert "192.0.2.7" not in str(diagnostics)
