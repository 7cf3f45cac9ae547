"""A simulated DTS 307 energy meter: its registers, its LEDs, and the house that it measures."""

from .clock import Clock
from .faults import Faults
from .history import MeterHistory, Span
from .house import House, Tweak
from .measure import Role
from .meter import Meter
from .meter_config import MeterConfig
from .page import Page, PageConfig
from .replay import Replay
from .server import Framing, PtyConfig, SerialConfig, TcpConfig
from .simulator import Simulator, SimulatorConfig

__all__ = [
    "Clock",
    "Faults",
    "Framing",
    "House",
    "Meter",
    "MeterConfig",
    "MeterHistory",
    "Page",
    "PageConfig",
    "PtyConfig",
    "Replay",
    "Role",
    "SerialConfig",
    "Simulator",
    "SimulatorConfig",
    "Span",
    "TcpConfig",
    "Tweak",
]
