"""Shared meters, and what their clients get."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.network import Adapter
from homeassistant.components.network.network import async_get_network
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import ifaddr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.sharing import async_sharing_state
from tests.device import Device
from tests.sharing.clients import ModbusRefusal, connected

UNIT_ID = 100
LOOPBACK = "lo"
ADAPTERS = {"eth0": "192.0.2.1", LOOPBACK: "127.0.0.1"}


def _adapter(name: str, address: str) -> Adapter:
    return Adapter(
        name=name,
        index=1,
        enabled=True,
        auto=True,
        default=name == "eth0",
        ipv4=[{"address": address, "network_prefix": 24}],
        ipv6=[],
    )


async def have_adapters(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this machine two network adapters; nothing can listen at the default one."""
    found = await async_get_network(hass)
    found.adapters = [_adapter(name, address) for name, address in ADAPTERS.items()]
    adapters_become(monkeypatch, ADAPTERS)


def adapters_become(monkeypatch: pytest.MonkeyPatch, addresses: Mapping[str, str]) -> None:
    """Let the system have these adapters. Home Assistant's list stays that of its start."""
    adapters = [
        ifaddr.Adapter(name, name, [ifaddr.IP(address, 24, name)], index)
        for index, (name, address) in enumerate(addresses.items())
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)


def sharing(**changed: Any) -> dict[str, Any]:
    """Return the option of a meter that is shared on a free port."""
    option = {"unit_id": UNIT_ID, "port": 0, "adapter": LOOPBACK, "allowed_clients": []}
    return {"sharing": {**option, **changed}}


def port_of(hass: HomeAssistant, entry: MockConfigEntry) -> int:
    """Return the port that is open."""
    state = async_sharing_state(hass, entry)
    assert state is not None
    assert state["is_running"]
    return int(state["port"])


def issues(hass: HomeAssistant) -> set[str]:
    """Return the issues about sharing."""
    return {
        str(issue.translation_key)
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and str(issue.translation_key).startswith("sharing_")
    }


async def refusal(port: int, unit_id: int = UNIT_ID) -> int:
    """Return the exception that a read of the first register gets."""
    async with connected(port) as client:
        with pytest.raises(ModbusRefusal) as refused:
            await client.read(unit_id, 40000, 1)
        return refused.value.code


async def whole_map(port: int, device: Device, unit_id: int | None = None) -> list[int]:
    """Read all of a shared meter's map."""
    unit_id = unit_id or device.unit
    async with connected(port) as client:
        first = await client.read(unit_id, 40000, 100)
        return first + await client.read(unit_id, 40100, len(device.registers) - 100)
