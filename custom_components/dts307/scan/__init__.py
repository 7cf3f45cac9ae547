"""Scan a serial port or a network adapter for meters."""

from .results import distinct, result_text
from .scan_flow import ScanFlow
from .suspension import is_suspended

__all__ = ["ScanFlow", "distinct", "is_suspended", "result_text"]
