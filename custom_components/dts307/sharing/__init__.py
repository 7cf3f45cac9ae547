"""Share meters with other programs and devices, over one SunSpec server. See docs/sharing.md."""

from .adapters import ALL_ADAPTERS, async_adapter_choices, async_default_adapter
from .counts import SharingCoordinator
from .options import (
    CONF_ADAPTER,
    CONF_ALLOWED,
    CONF_SHARED_UNIT_ID,
    CONF_SHARING,
    DEFAULT_SERVER_PORT,
    SharingOptions,
    allowed_networks,
)
from .server import async_share, async_sharing_state, async_stop_sharing

__all__ = [
    "ALL_ADAPTERS",
    "CONF_ADAPTER",
    "CONF_ALLOWED",
    "CONF_SHARED_UNIT_ID",
    "CONF_SHARING",
    "DEFAULT_SERVER_PORT",
    "SharingCoordinator",
    "SharingOptions",
    "allowed_networks",
    "async_adapter_choices",
    "async_default_adapter",
    "async_share",
    "async_sharing_state",
    "async_stop_sharing",
]
