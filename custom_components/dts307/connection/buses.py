"""What is known of the buses that meters share, for as long as Home Assistant runs.

Home Assistant owns the Modbus connections. For each of them, our units have to know whose turn it
is, whether an answer may still be under way, and which units are silent. That outlives a reload of
an entry.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey
from modbus_connection import ModbusTcpParams, ModbusUnit

from ..const import DOMAIN
from ..meter import Meter
from ..meter.address import BusAddress, MeterAddress, ModbusParams, Transport
from ..meter.errors import PortInUseError
from ..meter.modbus import (
    DiagnosingUnit,
    LinkTiming,
    ProbeState,
    RequestLimit,
    ResilientUnit,
    SharedBus,
    probe_gateway,
    probe_unit,
)
from .modbus_internals import ModbusEndpoint
from .request_limits import async_request_limit
from .serial_ports import async_resolved
from .timing import async_timing

DATA_BUSES: HassKey[dict[ModbusEndpoint, _KnownBus]] = HassKey(f"{DOMAIN}_buses")


@dataclass(frozen=True, slots=True)
class _KnownBus:
    shared: SharedBus
    probe_states: dict[tuple[ModbusParams, int], ProbeState] = field(default_factory=dict)
    """by the settings of the connection and the unit ID"""


@callback
def _async_known_bus(hass: HomeAssistant, bus: BusAddress) -> _KnownBus:
    known = hass.data.setdefault(DATA_BUSES, {})
    is_port = bus.transport is Transport.SERIAL
    return known.setdefault(bus.params.endpoint, _KnownBus(SharedBus(is_port=is_port)))


@callback
def async_shared_bus(hass: HomeAssistant, bus: BusAddress) -> SharedBus:
    """Return what the units on a bus share."""
    return _async_known_bus(hass, bus).shared


def resilient_unit(  # noqa: PLR0913 - each is known to another part of the integration
    unit: ModbusUnit,
    address: BusAddress,
    *,
    bus: SharedBus,
    timing: LinkTiming,
    limit: RequestLimit,
    is_alone: Callable[[], bool],
) -> ResilientUnit:
    """Return a unit that tolerates a bad line, and that takes turns with others on the bus."""
    return ResilientUnit(
        unit,
        timeout=timing.response_timeout(address.baudrate),
        byte_time=timing.byte_time(address.baudrate),
        bus=bus,
        limit=limit,
        is_alone=is_alone,
        timing=timing,
    )


@callback
def async_diagnosing_unit(
    hass: HomeAssistant, unit: ModbusUnit, address: MeterAddress
) -> ModbusUnit:
    """Return a resilient unit that finds out why it gets no proper answers."""
    bus, unit_id = address.bus, address.unit_id
    known, timing = _async_known_bus(hass, bus), async_timing(hass).link
    limit = async_request_limit(hass, address)
    params, seconds = bus.params, timing.response_timeout(bus.baudrate)

    def is_alone() -> bool:
        return not _others_answer(hass, params, unit_id, known.probe_states)

    resilient = resilient_unit(
        unit, bus, bus=known.shared, timing=timing, limit=limit, is_alone=is_alone
    )
    if isinstance(params, ModbusTcpParams):
        probe = partial(probe_gateway, params.host, params.port, unit_id, seconds)
    else:
        probe = partial(probe_unit, params, unit_id, seconds)
    diagnosing = DiagnosingUnit(
        resilient,
        known.shared,
        known.probe_states.setdefault((params, unit_id), ProbeState()),
        probe,
        is_free=is_alone,
        timing=timing,
    )
    return cast("ModbusUnit", diagnosing)


def _others_answer(
    hass: HomeAssistant,
    params: ModbusParams,
    unit_id: int,
    probe_states: Mapping[tuple[ModbusParams, int], ProbeState],
) -> bool:
    """Return whether any other unit on a connection answers, as far as that is known.

    Units of other integrations count: whether they answer is not known here.
    """
    for entry_id, unit_ids in async_bus_users(hass, params).items():
        entry = hass.config_entries.async_get_entry(entry_id)
        if entry is not None and entry.domain != DOMAIN:
            return True
        for other in unit_ids:
            state = probe_states.get((params, other))
            if other != unit_id and (state is None or not state.under_way):
                return True
    return False


@callback
def async_bus_users(hass: HomeAssistant, params: ModbusParams) -> Mapping[str, Sequence[int]]:
    """Return the IDs of the config entries that hold a connection, with their unit IDs."""
    infos = async_get_connection_info(hass)
    return next((info.units for info in infos if info.endpoint == params.endpoint), {})


async def async_identify(hass: HomeAssistant, unit: ModbusUnit, limit: RequestLimit) -> Meter:
    """Identify the meter on a diagnosing unit, whose longest request is the ``limit``.

    A serial port that was in use a moment ago, as on every reload, is closed in the background, and
    drivers take their time. So a port that is in use gets a second chance.

    Raises MeterError.
    """
    try:
        return await Meter.identify(unit, limit=limit)
    except PortInUseError:
        await asyncio.sleep(async_timing(hass).link.port_retry)
    return await Meter.identify(unit, limit=limit)


@asynccontextmanager
async def async_temporary_meter(hass: HomeAssistant, address: MeterAddress) -> AsyncIterator[Meter]:
    """Identify whatever meter is at an address, and hold the connection meanwhile.

    Raises MeterError, or HomeAssistantError if the connection is in use with other settings.
    """
    address = await async_resolved(hass, address)
    async with async_get_temporary_unit(hass, address.bus.params, address.unit_id) as unit:
        limit = async_request_limit(hass, address)
        yield await async_identify(hass, async_diagnosing_unit(hass, unit, address), limit)
