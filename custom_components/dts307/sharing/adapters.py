"""The network adapters that the server can listen at.

Home Assistant's own list is that of when it started, so addresses are looked up each time.
"""

from typing import Final

from homeassistant.components import network
from homeassistant.components.network.util import async_load_adapters
from homeassistant.core import HomeAssistant

ALL_ADAPTERS: Final = "all"
_ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - it is the owner's choice


async def async_adapter_choices() -> dict[str, str]:
    """Return the adapters with an IPv4 address: the name of each, with its addresses."""
    return {
        adapter["name"]: ", ".join(addresses)
        for adapter in await async_load_adapters()
        if (addresses := _addresses(adapter))
    }


async def async_default_adapter(hass: HomeAssistant) -> str:
    """Return the name of the adapter that Home Assistant uses by default."""
    adapters = await network.async_get_adapters(hass)
    names = [each["name"] for each in adapters if each["default"] and _addresses(each)]
    return names[0] if names else ALL_ADAPTERS


async def async_listening_addresses(name: str) -> list[str]:
    """Return the addresses of an adapter; none if it is not there."""
    if name == ALL_ADAPTERS:
        return [_ALL_ADDRESSES]
    adapters = await async_load_adapters()
    return [address for each in adapters if each["name"] == name for address in _addresses(each)]


def _addresses(adapter: network.Adapter) -> list[str]:
    return [each["address"] for each in adapter["ipv4"]]
