"""Scan a serial port or a network adapter for meters."""

from ..meter.bus_scan import result_text
from .scan_flow import ScanFlow
from .suspension import is_suspended

__all__ = ["ScanFlow", "is_suspended", "result_text"]
