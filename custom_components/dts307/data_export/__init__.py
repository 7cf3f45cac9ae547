"""Interval data as a file: a link from an action, and a download. See docs/take-your-data.md."""

from .action import async_register_export
from .downloads import async_register_downloads

__all__ = ["async_register_downloads", "async_register_export"]
