"""From what the owner entered to a link on Home Assistant's shared Modbus connections."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, Literal, cast
from weakref import WeakValueDictionary

from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT
from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUnit

from .const import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    FRAMING_RTU,
    TRANSPORT_SERIAL,
)
from .meter import Line, Link, LinkDownError, Meter, MeterError, MeterSilentError

PARITIES: Final[Mapping[str, Literal["N", "E", "O"]]] = {
    "none": "N",
    "even": "E",
    "odd": "O",
}

_SOCKET_BAUDRATE: Final = 115200
"""What Home Assistant states for RTU over TCP, where the line's own speed is the adapter's affair;
the same link must be described alike by every integration that shares it."""

_LONGEST_FRAME_BITS: Final = 256 * 11
_PATIENCE: Final = 1.0
_PORT_CLOSES_WITHIN: Final = 1.0

_LINKS: Final[WeakValueDictionary[tuple[object, ...], Link]] = WeakValueDictionary()

type LinkParams = ModbusSerialParams | ModbusTcpParams


def link_params(data: Mapping[str, Any]) -> LinkParams:
    """Return the parameters of the Modbus link that config entry data describe."""
    if data[CONF_TRANSPORT] == TRANSPORT_SERIAL:
        return ModbusSerialParams(
            device=data[CONF_DEVICE],
            baudrate=data[CONF_BAUDRATE],
            parity=PARITIES[data[CONF_PARITY]],
            stopbits=data[CONF_STOPBITS],
        )
    host, port = data[CONF_HOST], data[CONF_PORT]
    if data[CONF_FRAMING] == FRAMING_RTU:
        address = f"[{host}]" if ":" in host else host
        return ModbusSerialParams(device=f"socket://{address}:{port}", baudrate=_SOCKET_BAUDRATE)
    return ModbusTcpParams(host=host, port=port)


def response_timeout(data: Mapping[str, Any]) -> float:
    """Return how long to wait for an answer, in seconds.

    The meter itself answers within milliseconds; what differs is how long the longest frame takes
    at the speed of the line, which behind an adapter is taken to be the meter's default.
    """
    baudrate: int = data.get(CONF_BAUDRATE, 9600)
    return _PATIENCE + _LONGEST_FRAME_BITS / baudrate


def careful_unit(unit: ModbusUnit, data: Mapping[str, Any]) -> ModbusUnit:
    """Return a unit of the link that config entry data describe, careful with a faulty line.

    Meters on one connection take turns on it, whichever config entry they belong to.
    """
    key = (asyncio.get_running_loop(), *link_params(data).endpoint)
    link = _LINKS.setdefault(key, Link())
    return cast("ModbusUnit", Line(unit, timeout=response_timeout(data), link=link))


async def identify(unit: ModbusUnit, data: Mapping[str, Any]) -> Meter:
    """Identify the meter on a unit of the link that config entry data describe.

    A serial port that was in use a moment ago, as on every reload, is closed in the background,
    and drivers take their time over it. Whoever opens it just then finds it taken, so that a port
    gets a second chance.

    Raises MeterError.
    """
    line = careful_unit(unit, data)
    try:
        return await Meter.identify(line)
    except LinkDownError:
        if data[CONF_TRANSPORT] != TRANSPORT_SERIAL:
            raise
    await asyncio.sleep(_PORT_CLOSES_WITHIN)
    return await Meter.identify(line)


def failure_key(err: MeterError, data: Mapping[str, Any]) -> str:
    """Return the translation key that explains a failure, and what to do, on this kind of link."""
    if isinstance(err, (LinkDownError, MeterSilentError)):
        return f"{err.reason}_{data[CONF_TRANSPORT]}"
    return err.reason
