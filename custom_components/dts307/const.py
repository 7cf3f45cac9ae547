"""Names and defaults that several modules of the integration share."""

from datetime import timedelta
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

CONF_CT_RATING: Final = "ct_rating"
CONF_CT_SETS: Final = "ct_sets"
MOST_CT_SETS: Final = 3
"""Sets of CTs that the meter's inputs take in parallel (guide 3.4)."""

CONF_DIRECTION: Final = "direction"
DIRECTION_AUTO: Final = "auto"

DEFAULT_UNIT_ID: Final = 100
DEFAULT_BAUDRATE: Final = 9600
DEFAULT_PORT: Final = 502
DEFAULT_SCAN_INTERVAL: Final = timedelta(seconds=5)
