"""Solar production at a meter: which counter counts it, and when the sun is up."""

from .daylight import async_may_flow
from .production import async_locate_production, production

__all__ = ["async_locate_production", "async_may_flow", "production"]
