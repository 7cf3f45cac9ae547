"""The one place that reaches into private data of Home Assistant's Modbus integration.

``tests/private_names.py`` lists the names, and says which one is missing when Home Assistant
changes.
"""

from homeassistant.components.modbus.connection import DATA_MODBUS_CONNECTIONS
from homeassistant.components.modbus.const import DATA_MODBUS_HUBS
from homeassistant.core import HomeAssistant
from modbus_connection import (
    ModbusSerialParams,
    ModbusTcpParams,
    ModbusTlsParams,
    ModbusUdpParams,
)

type ModbusEndpoint = tuple[str, str, int] | tuple[str, str]
"""The kind of link and the port's path, or its kind, host and port."""

type AnyModbusParams = ModbusTcpParams | ModbusUdpParams | ModbusTlsParams | ModbusSerialParams


def params_in_use(hass: HomeAssistant, endpoint: ModbusEndpoint) -> AnyModbusParams | None:
    """Return the parameters of the shared connection that is open to an endpoint."""
    connection = hass.data.get(DATA_MODBUS_CONNECTIONS, {}).get(endpoint)
    return None if connection is None else connection.params


def yaml_hubs(hass: HomeAssistant) -> dict[str, ModbusEndpoint]:
    """Return the endpoints of the hubs that configuration.yaml sets up, by their names."""
    return {hub.name: hub.endpoint for hub in hass.data.get(DATA_MODBUS_HUBS, {}).values()}
