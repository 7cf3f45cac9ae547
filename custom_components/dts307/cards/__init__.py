"""What the dashboard cards need of Home Assistant: their modules, and every reading."""

from .frontend_module import async_serve_module
from .live_readings import async_register_live_readings

__all__ = ["async_register_live_readings", "async_serve_module"]
