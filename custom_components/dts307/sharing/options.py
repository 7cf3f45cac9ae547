"""The options that say whether and how a meter is shared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final, Self

from homeassistant.const import CONF_PORT

CONF_SHARING: Final = "sharing"
"""The option of a config entry; it is absent while the meter is not shared."""
CONF_SHARED_UNIT_ID: Final = "unit_id"
"""Under which clients find the meter; on its own bus it may have another."""
CONF_ADAPTER: Final = "adapter"
CONF_ALLOWED: Final = "allowed_clients"

DEFAULT_SERVER_PORT: Final = 1502
"""As programs without special rights may open it, unlike port 502 of Modbus TCP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What all shared meters have in common, as they share one server."""

    port: int
    adapter: str
    """the name of a network adapter, or ALL_ADAPTERS"""
    allowed: tuple[str, ...]
    """addresses and networks of clients; all may connect if there is none"""

    @classmethod
    def parse(cls, sharing: Mapping[str, Any]) -> Self:
        """Parse the sharing option of a config entry."""
        return cls(
            port=sharing[CONF_PORT],
            adapter=sharing[CONF_ADAPTER],
            allowed=tuple(sharing[CONF_ALLOWED]),
        )

    def as_option(self) -> dict[str, Any]:
        """Return what ``parse`` reads."""
        return {
            CONF_PORT: self.port,
            CONF_ADAPTER: self.adapter,
            CONF_ALLOWED: list(self.allowed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SharingOptions:
    """How a meter is shared."""

    unit_id: int
    server: ServerSettings

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> Self | None:
        """Parse the options of a config entry; None while its meter is not shared."""
        sharing = options.get(CONF_SHARING)
        return None if sharing is None else cls.from_option(sharing)

    @classmethod
    def from_option(cls, sharing: Mapping[str, Any]) -> Self:
        """Parse the sharing option of a config entry."""
        return cls(unit_id=sharing[CONF_SHARED_UNIT_ID], server=ServerSettings.parse(sharing))

    def as_option(self) -> dict[str, Any]:
        """Return the sharing option of a config entry."""
        return {CONF_SHARED_UNIT_ID: self.unit_id, **self.server.as_option()}


def allowed_networks(allowed: Iterable[str]) -> list[IPv4Network | IPv6Network]:
    """Parse addresses and networks.

    Raises ValueError if one is neither.
    """
    return [ip_network(each.strip(), strict=False) for each in allowed]
