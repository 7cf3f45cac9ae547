"""Modbus links over simulated lines, as the integration builds them from config entry data."""

from collections.abc import Mapping
from typing import Any, cast

from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUnit

from custom_components.dts307.meter.modbus import LINK_TIMING, LinkTiming, ResilientUnit, SharedBus

_DEFAULT_BAUDRATE = 9600
_SOCKET_BAUDRATE = 115200

type LinkParams = ModbusTcpParams | ModbusSerialParams


def params_of(data: Mapping[str, Any]) -> LinkParams:
    """Return the parameters of the connection that config entry data describe."""
    if data["transport"] == "serial":
        return ModbusSerialParams(
            device=data["device"], baudrate=data["baudrate"], parity="N", stopbits=data["stopbits"]
        )
    host, port = data["host"], data["port"]
    if data["framing"] == "rtu":
        return ModbusSerialParams(device=f"socket://{host}:{port}", baudrate=_SOCKET_BAUDRATE)
    return ModbusTcpParams(host=host, port=port)


def bus_of(data: Mapping[str, Any]) -> SharedBus:
    """Return what the units on a new connection share."""
    return SharedBus(is_port=data["transport"] == "serial")


def default_timeout(data: Mapping[str, Any]) -> float:
    """Return the response timeout of a connection, in seconds."""
    return LINK_TIMING.response_timeout(data.get("baudrate", _DEFAULT_BAUDRATE))


def resilient(
    unit: ModbusUnit, timeout: float, bus: SharedBus, timing: LinkTiming = LINK_TIMING
) -> ModbusUnit:
    """Return a resilient unit on a bus."""
    return cast("ModbusUnit", ResilientUnit(unit, timeout=timeout, bus=bus, timing=timing))
