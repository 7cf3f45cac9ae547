"""Names and defaults that several modules of the integration share."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

DOMAIN: Final = "dts307"
MANUFACTURER: Final = "Measurlogic"
DEFAULT_NAME: Final = "DTS 307"

CONF_TRANSPORT: Final = "transport"
TRANSPORT_SERIAL: Final = "serial"
TRANSPORT_NETWORK: Final = "network"

CONF_BAUDRATE: Final = "baudrate"
CONF_PARITY: Final = "parity"
CONF_STOPBITS: Final = "stopbits"
CONF_FRAMING: Final = "framing"
CONF_UNIT_ID: Final = "unit_id"

FRAMING_TCP: Final = "tcp"
FRAMING_RTU: Final = "rtu"

CONF_ROLE: Final = "role"


class Role(StrEnum):
    """Where a meter sits, as its owner says."""

    GRID = "grid"
    SOLAR = "solar"
    LOAD = "load"


CONF_ADD_TO_ENERGY: Final = "add_to_energy"
"""The owner wants the meter in the Energy dashboard, and it is not there yet."""

CONF_PRODUCTION: Final = "production"


class ProductionCounter(StrEnum):
    """The counter of a solar meter that counts what the sun gives, by its sensor's key."""

    EXPORTED = "energy_exported"
    IMPORTED = "energy_imported"


CONF_CT_RATING: Final = "ct_rating"
CONF_CT_SETS: Final = "ct_sets"
MOST_CT_SETS: Final = 3
"""Sets of CTs that the meter's inputs take in parallel (guide 3.4)."""

CONF_DIRECTION: Final = "direction"
DIRECTION_AUTO: Final = "auto"

CONF_EXPORT_THRESHOLD: Final = "export_threshold"
CONF_EXPORT_HOLD: Final = "export_hold"
CONF_OVERLOAD_THRESHOLD: Final = "overload_threshold"
CONF_OVERLOAD_HOLD: Final = "overload_hold"
CONF_PHASE_LOST_HOLD: Final = "phase_lost_hold"
CONF_VOLTAGE_HOLD: Final = "voltage_hold"
DEFAULT_EXPORT_THRESHOLD: Final = 100
"""W"""
DEFAULT_EXPORT_HOLD: Final = 30
"""s"""
DEFAULT_OVERLOAD_THRESHOLD: Final = 100
"""% of the service current"""
DEFAULT_OVERLOAD_HOLD: Final = 10
"""s"""
DEFAULT_PHASE_LOST_HOLD: Final = 5
"""s; two readings at the usual interval"""
DEFAULT_VOLTAGE_HOLD: Final = 60
"""s; C84.1 speaks of sustained voltages, and IEEE 1159 calls those long that last a minute"""

CONF_BILLING_DAY: Final = "billing_day"
CONF_DEMAND_WINDOW: Final = "demand_window"
DEFAULT_BILLING_DAY: Final = 1
DEFAULT_DEMAND_WINDOW: Final = 15
"""min"""
DEMAND_WINDOWS: Final = (15, 30, 60)

DEFAULT_UNIT_ID: Final = 100
DEFAULT_BAUDRATE: Final = 9600
DEFAULT_PORT: Final = 502
DEFAULT_SCAN_INTERVAL: Final = timedelta(seconds=5)
