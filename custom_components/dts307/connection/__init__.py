"""How a meter is reached: its address, the shared bus behind it, and why it cannot be reached."""

from ..meter.address import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    DEFAULT_BAUDRATE,
    DEFAULT_PORT,
    DEFAULT_UNIT_ID,
    PARITIES,
    BusAddress,
    Framing,
    MeterAddress,
    ModbusParams,
    NetworkAdapter,
    SerialPort,
    Transport,
)
from ..meter.failure_key import failure_key
from .buses import (
    async_bus_users,
    async_diagnosing_unit,
    async_identify,
    async_shared_bus,
    async_temporary_meter,
    resilient_unit,
)
from .failures import Failure, async_failure
from .modbus_internals import ModbusEndpoint, params_in_use
from .port_users import async_only_free_port
from .request_limits import async_store_request_limit, async_stored_request_limit
from .serial_ports import (
    PortChangedError,
    async_check_port_path,
    async_has_other_path,
    async_resolved,
    async_store_persistent_path,
)
from .timing import async_timing

__all__ = [
    "CONF_BAUDRATE",
    "CONF_FRAMING",
    "CONF_PARITY",
    "CONF_STOPBITS",
    "CONF_TRANSPORT",
    "CONF_UNIT_ID",
    "DEFAULT_BAUDRATE",
    "DEFAULT_PORT",
    "DEFAULT_UNIT_ID",
    "PARITIES",
    "BusAddress",
    "Failure",
    "Framing",
    "MeterAddress",
    "ModbusEndpoint",
    "ModbusParams",
    "NetworkAdapter",
    "PortChangedError",
    "SerialPort",
    "Transport",
    "async_bus_users",
    "async_check_port_path",
    "async_diagnosing_unit",
    "async_failure",
    "async_has_other_path",
    "async_identify",
    "async_only_free_port",
    "async_resolved",
    "async_shared_bus",
    "async_store_persistent_path",
    "async_store_request_limit",
    "async_stored_request_limit",
    "async_temporary_meter",
    "async_timing",
    "failure_key",
    "params_in_use",
    "resilient_unit",
]
