"""Names and defaults that several modules of the integration share."""

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

CONF_ADD_TO_ENERGY: Final = "add_to_energy"
"""The owner wants the meter in the Energy dashboard, and it is not there yet."""

DEFAULT_UNIT_ID: Final = 100
DEFAULT_BAUDRATE: Final = 9600
DEFAULT_PORT: Final = 502
