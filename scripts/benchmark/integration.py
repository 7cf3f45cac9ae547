"""Our own poll, with the library of Home Assistant's shared Modbus connections."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Self, cast

from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from custom_components.dts307.connection import SerialPort, resilient_unit
from custom_components.dts307.meter import Meter, MeterSilentError
from custom_components.dts307.meter.modbus import LINK_TIMING, RequestLimit, SharedBus
from custom_components.dts307.meter.sunspec import FULL_READ_EVERY

from .bus import BAUDRATE, MeterBus
from .contender import Values
from .registers import HEAD_LENGTH, MODEL_LENGTH


def bus_address(bus: MeterBus) -> SerialPort:
    """Return the address of a bus."""
    return SerialPort(device=bus.port, baudrate=BAUDRATE)


class Integration:
    """Polls as the integration's coordinators do: each meter separately, all at the same time."""

    name = "dts307"

    def __init__(self, bus: MeterBus) -> None:
        """Prepare; the port opens with the first request."""
        self.bus = bus
        self.clock = 0.0
        self._address = bus_address(bus)
        self._shared = SharedBus(is_port=True)
        self._connection = ModbusConnection(self._address.params)
        self._units: dict[int, ModbusUnit] = {}
        self._meters: dict[int, Meter] = {}

    @classmethod
    @asynccontextmanager
    async def on(cls, bus: MeterBus) -> AsyncIterator[Self]:
        """Identify the meters of a bus and read each once; close the port at the end."""
        contender = cls(bus)
        try:
            for unit_id in bus.units:
                await contender._identify(unit_id)
            yield contender
        finally:
            await contender._connection.close()

    async def _identify(self, unit_id: int) -> None:
        self._units[unit_id] = self._connection.for_unit(unit_id)
        unit = resilient_unit(
            self._units[unit_id],
            self._address,
            bus=self._shared,
            timing=LINK_TIMING,
            limit=RequestLimit(),
            is_alone=lambda: False,
        )
        meter = self._meters[unit_id] = await Meter.identify(
            cast("ModbusUnit", unit), clock=lambda: self.clock
        )
        await meter.read()

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Read the meters."""
        return await asyncio.gather(*(self._read(self._meters[unit]) for unit in units))

    @staticmethod
    async def _read(meter: Meter) -> Values | None:
        try:
            reading = await meter.read()
        except MeterSilentError:
            return None
        return {
            "W": reading.power.total,
            "PhVphB": reading.voltage_line_to_neutral.b,
            "TotWhImp": reading.energy_imported.total,
        }

    async def read_bare(self, units: Sequence[int]) -> None:
        """Read the same registers."""
        await self.read_registers(units, HEAD_LENGTH)

    async def read_registers(self, units: Sequence[int], count: int) -> None:
        """Read the first ``count`` registers of the meters' models."""
        await asyncio.gather(
            *(
                self._units[unit].read_holding_registers(self._meters[unit].model.address, count)
                for unit in units
            )
        )

    async def touch(self) -> None:
        """Read one register of the first meter."""
        await self.read_registers(self.bus.units[:1], 1)


class WholeModel:
    """Our poll once a minute, which reads the whole model."""

    name = "dts307, once a minute"

    def __init__(self, integration: Integration) -> None:
        """Share the meters and the bus of the regular poll."""
        self.bus = integration.bus
        self._integration = integration
        self._minutes = 0

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Read the meters with the clock a minute later."""
        self._minutes += 1
        self._integration.clock = self._minutes * FULL_READ_EVERY
        try:
            return await self._integration.poll(units)
        finally:
            self._integration.clock = 0.0

    async def read_bare(self, units: Sequence[int]) -> None:
        """Read the same registers."""
        await self._integration.read_registers(units, MODEL_LENGTH)

    async def touch(self) -> None:
        """Read one register of the first meter."""
        await self._integration.touch()
