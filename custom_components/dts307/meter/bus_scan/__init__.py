"""Scan a bus for meters, over a port of its own or over connections that others use, too."""

from .cause import cause_of
from .links import BusTiming, Links
from .meter_scan import MeterScan
from .results import result_text, results_text

__all__ = ["BusTiming", "Links", "MeterScan", "cause_of", "result_text", "results_text"]
