"""From what the owner entered to a link on Home Assistant's shared Modbus connections."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, cast
from weakref import WeakKeyDictionary

from homeassistant.components.modbus.connection import (
    DATA_MODBUS_CONNECTIONS,
    async_get_connection_info,
)
from homeassistant.const import CONF_DEVICE, CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, async_get_hass
from modbus_connection import ModbusSerialParams, ModbusTcpParams, ModbusUnit

from ..const import (
    CONF_BAUDRATE,
    CONF_FRAMING,
    CONF_PARITY,
    CONF_STOPBITS,
    CONF_TRANSPORT,
    CONF_UNIT_ID,
    DOMAIN,
    FRAMING_RTU,
    TRANSPORT_SERIAL,
)
from ..meter import LinkDownError, Meter, MeterError, MeterSilentError
from ..meter.errors import LinkLostError, PortInUseError, WrongSpeedError
from ..meter.modbus import DiagnosingUnit, Outage, ResilientUnit, SharedBus, probe_unit

PARITIES: Final[Mapping[str, Literal["N", "E", "O"]]] = {
    "none": "N",
    "even": "E",
    "odd": "O",
}

_SOCKET_BAUDRATE: Final = 115200
"""What Home Assistant states for RTU over TCP, where the line's own speed is the adapter's affair;
the same link must be described alike by every integration that shares it."""

_LONGEST_FRAME_BYTES: Final = 256
_LONGEST_FRAME_BITS: Final = _LONGEST_FRAME_BYTES * 11
_PATIENCE: Final = 1.0
_PORT_CLOSES_WITHIN: Final = 1.0

_ON_EITHER_TRANSPORT: Final = (LinkDownError, LinkLostError, MeterSilentError, WrongSpeedError)
"""What there is another thing to do about on a serial port than on a network adapter."""

_LINKS: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[object, SharedBus]]] = (
    WeakKeyDictionary()
)
"""What is known of each connection, also while nobody uses it: a reload is no new beginning."""

_OUTAGES: Final[WeakKeyDictionary[SharedBus, dict[object, Outage]]] = WeakKeyDictionary()
"""What is known of units that do not answer, by the settings of the link and their id."""

type LinkParams = ModbusSerialParams | ModbusTcpParams


def port_params(data: Mapping[str, Any]) -> ModbusSerialParams:
    """Return the parameters of the serial port that config entry data describe."""
    return ModbusSerialParams(
        device=data[CONF_DEVICE],
        baudrate=data[CONF_BAUDRATE],
        parity=PARITIES[data[CONF_PARITY]],
        stopbits=data[CONF_STOPBITS],
    )


def link_params(data: Mapping[str, Any]) -> LinkParams:
    """Return the parameters of the Modbus link that config entry data describe."""
    if data[CONF_TRANSPORT] == TRANSPORT_SERIAL:
        return port_params(data)
    host, port = data[CONF_HOST], data[CONF_PORT]
    if data[CONF_FRAMING] == FRAMING_RTU:
        address = f"[{host}]" if ":" in host else host
        return ModbusSerialParams(device=f"socket://{address}:{port}", baudrate=_SOCKET_BAUDRATE)
    return ModbusTcpParams(host=host, port=port)


def port_data(params: ModbusSerialParams) -> dict[str, Any]:
    """Return the settings of a serial port as config entry data have them."""
    (parity,) = (name for name, letter in PARITIES.items() if letter == params.parity)
    return {
        CONF_BAUDRATE: params.baudrate,
        CONF_PARITY: parity,
        CONF_STOPBITS: params.stopbits,
    }


def params_in_use(hass: HomeAssistant, params: LinkParams) -> object | None:
    """Return the parameters with which Home Assistant holds the port or adapter just now."""
    connections = hass.data.get(DATA_MODBUS_CONNECTIONS, {})
    shared = connections.get(params.endpoint)
    return shared and shared.params


def response_timeout(data: Mapping[str, Any]) -> float:
    """Return how long to wait for an answer, in seconds.

    The meter itself answers within milliseconds; what differs is how long the longest frame takes
    at the speed of the line, which behind an adapter is taken to be the meter's default.
    """
    baudrate: int = data.get(CONF_BAUDRATE, 9600)
    return _PATIENCE + _LONGEST_FRAME_BITS / baudrate


def careful_unit(unit: ModbusUnit, data: Mapping[str, Any], *, missing: bool = False) -> ModbusUnit:
    """Return a unit of the link that config entry data describe, careful with a faulty line.

    Meters on one connection take turns on it, whichever config entry they belong to. They wait no
    longer than they have to for one that is ``missing``.
    """
    return cast("ModbusUnit", _line(unit, data, missing=missing))


def _line(unit: ModbusUnit, data: Mapping[str, Any], *, missing: bool = False) -> ResilientUnit:
    timeout = response_timeout(data)
    return ResilientUnit(
        unit,
        timeout=timeout,
        byte_time=(timeout - _PATIENCE) / _LONGEST_FRAME_BYTES,
        bus=link_state(data),
        unresponsive=missing,
    )


def link_state(data: Mapping[str, Any]) -> SharedBus:
    """Return what is known of the connection that config entry data describe."""
    links = _LINKS.setdefault(asyncio.get_running_loop(), {})
    link = SharedBus(is_port=data[CONF_TRANSPORT] == TRANSPORT_SERIAL)
    return links.setdefault(link_params(data).endpoint, link)


def attentive_unit(
    unit: ModbusUnit, data: Mapping[str, Any], *, missing: bool = False
) -> ModbusUnit:
    """Return a careful unit that finds out why nothing proper comes, where that can be heard.

    That is where the bytes of the bus themselves arrive: not behind a gateway to Modbus TCP.
    """
    params, unit_id = link_params(data), data[CONF_UNIT_ID]
    if isinstance(params, ModbusTcpParams):
        return careful_unit(unit, data, missing=missing)
    link = link_state(data)
    outages = _OUTAGES.setdefault(link, {})
    listener = DiagnosingUnit(
        _line(unit, data, missing=missing),
        link,
        outages.setdefault((params, unit_id), Outage()),
        partial(probe_unit, params, unit_id, response_timeout(data)),
        is_free=lambda: not _others_answer(params, unit_id, outages),
    )
    return cast("ModbusUnit", listener)


def _others_answer(params: LinkParams, unit_id: int, outages: Mapping[object, Outage]) -> bool:
    """Tell whether a link serves anybody but one unit, as far as that is known.

    Of another integration's units it is not known, so that they count.
    """
    entries = async_get_hass().config_entries
    for entry_id, units in link_holders(params).items():
        entry = entries.async_get_entry(entry_id)
        if entry is not None and entry.domain != DOMAIN:
            return True
        for other in units:
            outage = outages.get((params, other))
            if other != unit_id and (outage is None or not outage.under_way):
                return True
    return False


def link_holders(params: LinkParams) -> Mapping[str, Sequence[int]]:
    """Return the ids of the config entries that hold the link, with those of their units."""
    infos = async_get_connection_info(async_get_hass())
    return next((info.units for info in infos if info.endpoint == params.endpoint), {})


async def identify(unit: ModbusUnit, data: Mapping[str, Any]) -> Meter:
    """Identify the meter on a unit of the link that config entry data describe.

    A serial port that was in use a moment ago, as on every reload, is closed in the background,
    and drivers take their time over it. Whoever opens it just then finds it taken, so that a port
    gets a second chance.

    Raises MeterError.
    """
    line = attentive_unit(unit, data)
    try:
        return await Meter.identify(line)
    except PortInUseError:
        pass
    await asyncio.sleep(_PORT_CLOSES_WITHIN)
    return await Meter.identify(line)


def failure_key(err: MeterError, data: Mapping[str, Any]) -> str:
    """Return the translation key that explains a failure, and what to do, on this kind of link."""
    if type(err) in _ON_EITHER_TRANSPORT:
        return f"{err.reason}_{data[CONF_TRANSPORT]}"
    return err.reason
