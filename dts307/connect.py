"""Connect to a bus that this program has to itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
import errno
from functools import partial
import logging
from typing import Any, Final, cast

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusTcpParams,
    ModbusTimeoutError,
    ModbusUnit,
)
from modbus_connection.pymodbus import ModbusConnection

from .meter import Meter
from .meter.address import BusAddress, ModbusParams, Transport
from .meter.modbus import (
    LINK_TIMING,
    DiagnosingUnit,
    LinkTiming,
    ProbeState,
    RequestLimit,
    ResilientUnit,
    SharedBus,
    opened_probe,
    probe_gateway,
    probe_unit,
)

# Its messages repeat what the program says in its own words.
logging.getLogger("pymodbus").addHandler(logging.NullHandler())

_OPENING: Final = (ModbusConnectionError, ModbusTimeoutError, ValueError)


class Connection:
    """A Modbus connection, and what is known of the units behind it."""

    def __init__(
        self, bus: BusAddress, timing: LinkTiming = LINK_TIMING, shared: SharedBus | None = None
    ) -> None:
        """Prepare; the first request opens the connection.

        ``shared`` is what is known of the bus from before.
        """
        self.bus = bus
        self._timing = timing
        self._link = ModbusConnection(bus.params)
        self._shared = shared or SharedBus(is_port=bus.transport is Transport.SERIAL)
        self._states: dict[int, ProbeState] = {}
        self._limits: dict[int, RequestLimit] = {}
        self._units: dict[int, ModbusUnit] = {}

    def unit(self, unit_id: int) -> ModbusUnit:
        """Return a unit that tolerates a bad line, and finds out why it gets no proper answers."""
        if unit_id not in self._units:
            self._units[unit_id] = self._new_unit(unit_id)
        return self._units[unit_id]

    async def identify(self, unit_id: int) -> Meter:
        """Identify the meter with a unit ID.

        Raises MeterError.
        """
        return await Meter.identify(self.unit(unit_id), limit=self._limit(unit_id))

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    def _limit(self, unit_id: int) -> RequestLimit:
        return self._limits.setdefault(unit_id, RequestLimit())

    def _new_unit(self, unit_id: int) -> ModbusUnit:
        bus, timing = self.bus, self._timing
        seconds = timing.response_timeout(bus.baudrate)
        opening = opening_unit(self._link, unit_id, bus.params, timing)
        is_alone = partial(self._is_alone, unit_id)
        resilient = ResilientUnit(
            opening,
            timeout=seconds,
            byte_time=timing.byte_time(bus.baudrate),
            bus=self._shared,
            limit=self._limit(unit_id),
            is_alone=is_alone,
            timing=timing,
        )
        if isinstance(bus.params, ModbusTcpParams):
            host, port = bus.params.host, bus.params.port
            probe = partial(probe_gateway, host, port, unit_id, seconds)
        else:
            probe = partial(probe_unit, bus.params, unit_id, seconds)
        state = self._states.setdefault(unit_id, ProbeState())
        diagnosing = DiagnosingUnit(
            resilient, self._shared, state, probe, is_free=is_alone, timing=timing
        )
        return cast("ModbusUnit", diagnosing)

    def _is_alone(self, unit_id: int) -> bool:
        """Return whether no other unit answers, as far as that is known."""
        others = (state for each, state in self._states.items() if each != unit_id)
        return all(state.under_way for state in others)


@asynccontextmanager
async def connected(
    bus: BusAddress, timing: LinkTiming = LINK_TIMING, shared: SharedBus | None = None
) -> AsyncIterator[Connection]:
    """Use a bus, and close the connection to it in any case."""
    connection = Connection(bus, timing, shared)
    try:
        yield connection
    finally:
        await connection.close()


def opening_unit(
    link: ModbusConnection, unit_id: int, params: ModbusParams, timing: LinkTiming
) -> ModbusUnit:
    """Return a unit that finds out why its connection cannot be opened."""
    return cast("ModbusUnit", _OpeningUnit(link, link.for_unit(unit_id), params, timing))


class _OpeningUnit:
    """A unit that finds out why its connection cannot be opened.

    pymodbus only says that it cannot. The operating system's error, which names the remedy, is that
    of another attempt.
    """

    def __init__(
        self, link: ModbusConnection, unit: ModbusUnit, params: ModbusParams, timing: LinkTiming
    ) -> None:
        self._link = link
        self._unit = unit
        self._params = params
        self._timing = timing

    def __getattr__(self, name: str) -> Any:
        """Delegate everything else to the unit."""
        return getattr(self._unit, name)

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """Read registers over a connection that is opened if necessary.

        Raises ModbusError; its cause is an OSError if the operating system says why.
        """
        if not self._unit.connected:
            await self._open()
        return await self._unit.read_holding_registers(address, count)

    async def _open(self) -> None:
        try:
            await self._link.connect()
        except _OPENING as err:
            failure: ModbusError = ModbusConnectionError(str(err))
            raise failure from await self._reason()

    async def _reason(self) -> OSError | UnicodeError | None:
        """Return why a connection cannot be opened; None if it could be, this time."""
        params = self._params
        try:
            if isinstance(params, ModbusTcpParams):
                async with asyncio.timeout(self._timing.patience):
                    _, writer = await asyncio.open_connection(params.host, params.port)
                writer.transport.abort()
            else:
                async with asyncio.timeout(self._timing.patience), AsyncExitStack() as stack:
                    await stack.enter_async_context(opened_probe(params))
        except TimeoutError:
            return OSError(errno.ETIMEDOUT, "no answer")
        except (OSError, UnicodeError) as err:
            return err
        except ValueError as err:
            return OSError(errno.EINVAL, str(err))
        return None
