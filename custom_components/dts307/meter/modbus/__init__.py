"""A Modbus link as meters are found on it: lossy, shared, slow, and sometimes wired wrongly."""

from .backoff import READ_FAILURES, ConnectionHealth
from .diagnosing_unit import DiagnosingUnit, Outage
from .registers import patiently, read_registers
from .resilient_unit import ResilientUnit, SharedBus
from .scan import (
    Ask,
    BusScan,
    Probe,
    ScanResult,
    ScanStage,
    UnusableSettingsError,
    network_passes,
    serial_passes,
)
from .serial_probe import (
    ProbeResult,
    SerialProbe,
    answering_units,
    classified,
    opened_probe,
    probe_unit,
)
from .serial_settings import PARITIES, SPEEDS, settings_text, usual_settings

__all__ = [
    "PARITIES",
    "READ_FAILURES",
    "SPEEDS",
    "Ask",
    "BusScan",
    "ConnectionHealth",
    "DiagnosingUnit",
    "Outage",
    "Probe",
    "ProbeResult",
    "ResilientUnit",
    "ScanResult",
    "ScanStage",
    "SerialProbe",
    "SharedBus",
    "UnusableSettingsError",
    "answering_units",
    "classified",
    "network_passes",
    "opened_probe",
    "patiently",
    "probe_unit",
    "read_registers",
    "serial_passes",
    "settings_text",
    "usual_settings",
]
