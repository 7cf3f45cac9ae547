"""The Modbus connections of a scan, which this program has to itself."""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from modbus_connection import ModbusUnit
from modbus_connection.pymodbus import ModbusConnection

from .connect import connected, opening_unit
from .meter import Meter
from .meter.address import BusAddress, MeterAddress, ModbusParams, Transport
from .meter.bus_scan import BusTiming
from .meter.modbus import SharedBus

_DEFAULT = BusTiming()


class OwnLinks:
    """Connections that are opened for each use, and shared by uses at the same time."""

    unavailable: type[Exception] = ValueError

    def __init__(self, timing: BusTiming = _DEFAULT) -> None:
        """Begin with none."""
        self.timing = timing
        self._open: dict[ModbusParams, ModbusConnection] = {}
        self._buses: dict[Hashable, SharedBus] = {}

    def params_in_use(self, _endpoint: Hashable, /) -> object | None:
        """Return None: nothing else uses a connection of this program."""
        return None

    def is_used(self, _params: ModbusParams, /) -> bool:
        """Return False, for the same reason."""
        return False

    def shared_bus(self, bus: BusAddress, /) -> SharedBus:
        """Return what the units on a bus share."""
        is_port = bus.transport is Transport.SERIAL
        return self._buses.setdefault(bus.params.endpoint, SharedBus(is_port=is_port))

    @asynccontextmanager
    async def unit(self, params: ModbusParams, unit_id: int, /) -> AsyncIterator[ModbusUnit]:
        """Hold a connection, and return a unit on it."""
        is_first = params not in self._open
        link = self._open.setdefault(params, ModbusConnection(params))
        unit = opening_unit(link, unit_id, params, self.timing.link)
        try:
            yield unit
        finally:
            unit.require_timeout(None)
            if is_first:
                del self._open[params]
                await link.close()

    @asynccontextmanager
    async def meter(self, address: MeterAddress, /) -> AsyncIterator[Meter]:
        """Open a connection, and identify the meter at an address.

        Raises MeterError.
        """
        bus = address.bus
        async with connected(bus, self.timing.link, self.shared_bus(bus)) as connection:
            yield await connection.identify(address.unit_id)
