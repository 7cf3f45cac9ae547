"""Serve what was read of meters to other Modbus clients: a read-only SunSpec server.

docs/sharing.md says what clients get.
"""

from .meters import ClientCounts, RefusedError, SharedMeter, SharedMeters
from .register_image import IMAGE_ADDRESS, RegisterImage
from .server import MOST_CLIENTS, SunSpecServer, load_server

__all__ = [
    "IMAGE_ADDRESS",
    "MOST_CLIENTS",
    "ClientCounts",
    "RefusedError",
    "RegisterImage",
    "SharedMeter",
    "SharedMeters",
    "SunSpecServer",
    "load_server",
]
