"""Modbus links as they are in the field: lossy, shared, slow, and sometimes set up wrongly."""

from .backoff import READ_FAILURES, ConnectionHealth
from .diagnosing_unit import PROBE_ERRORS, DiagnosingUnit, ProbeState
from .gateway_probe import probe_gateway
from .raw_port import raw_port
from .registers import (
    LOST_RESPONSES,
    READ_HOLDING_REGISTERS,
    READ_LIMIT,
    RequestLimit,
    read_registers,
    retry_once,
)
from .resilient_unit import ResilientUnit
from .scan import (
    BusScan,
    Probe,
    ScanResult,
    UnitProbe,
    UnusableSettingsError,
)
from .scan_passes import ScanStage, network_passes, serial_passes
from .serial_probe import (
    USUAL_BASE_ADDRESS,
    PortLostError,
    ProbeResult,
    SerialProbe,
    classify,
    opened_probe,
    probe_unit,
    responding_units,
)
from .serial_settings import USUAL_PARITIES, settings_text, usual_settings
from .shared_bus import SharedBus
from .time_limit import limited_request
from .timing import (
    HIGHEST_UNIT_ID,
    LINK_TIMING,
    SCAN_RANGE,
    SCAN_TIMING,
    LinkTiming,
    ScanRange,
    ScanTiming,
)

__all__ = [
    "HIGHEST_UNIT_ID",
    "LINK_TIMING",
    "LOST_RESPONSES",
    "PROBE_ERRORS",
    "READ_FAILURES",
    "READ_HOLDING_REGISTERS",
    "READ_LIMIT",
    "SCAN_RANGE",
    "SCAN_TIMING",
    "USUAL_BASE_ADDRESS",
    "USUAL_PARITIES",
    "BusScan",
    "ConnectionHealth",
    "DiagnosingUnit",
    "LinkTiming",
    "PortLostError",
    "Probe",
    "ProbeResult",
    "ProbeState",
    "RequestLimit",
    "ResilientUnit",
    "ScanRange",
    "ScanResult",
    "ScanStage",
    "ScanTiming",
    "SerialProbe",
    "SharedBus",
    "UnitProbe",
    "UnusableSettingsError",
    "classify",
    "limited_request",
    "network_passes",
    "opened_probe",
    "probe_gateway",
    "probe_unit",
    "raw_port",
    "read_registers",
    "responding_units",
    "retry_once",
    "serial_passes",
    "settings_text",
    "usual_settings",
]
