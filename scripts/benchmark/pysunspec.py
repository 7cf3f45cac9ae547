"""Read the meter model with pysunspec2, the SunSpec Alliance's library, over Modbus RTU.

It blocks its thread, so it runs in an executor, as it would in Home Assistant.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

from sunspec2.modbus.client import SunSpecModbusClientDeviceRTU
from sunspec2.modbus.modbus import ModbusClientTimeout

from .bus import BAUDRATE, MODEL, MeterBus
from .contender import Values
from .registers import MODEL_LENGTH, VALUES


class PySunSpec:
    """Polls one meter after the other, and scales the values."""

    name = "pysunspec2"

    def __init__(self, bus: MeterBus, response_timeout: float) -> None:
        """Open the port with a timeout of ``response_timeout`` seconds."""
        self.bus = bus
        self._devices: dict[int, Any] = {
            unit: SunSpecModbusClientDeviceRTU(
                unit, bus.port, baudrate=BAUDRATE, timeout=response_timeout
            )
            for unit in bus.units
        }

    @classmethod
    @asynccontextmanager
    async def on(cls, bus: MeterBus, response_timeout: float) -> AsyncIterator[Self]:
        """Open the port and find the models of the meters; close it at the end."""
        contender = cls(bus, response_timeout)
        try:
            for device in contender._devices.values():
                await asyncio.to_thread(device.scan, full_model_read=False)
            await contender.poll(bus.units)
            yield contender
        finally:
            for device in contender._devices.values():
                device.close()

    @property
    def model_address(self) -> int:
        """The address of the meter model of the first meter."""
        address: int = self._model(self.bus.units[0]).model_addr
        return address

    @property
    def exponents(self) -> dict[str, int]:
        """The scale factors of the first meter, as powers of ten by point."""
        points = self._model(self.bus.units[0]).points
        return {value.scale_point: points[value.scale_point].value for value in VALUES}

    def _model(self, unit: int) -> Any:
        return self._devices[unit].models[MODEL][0]

    async def poll(self, units: Sequence[int]) -> list[Values | None]:
        """Read the models."""
        return await asyncio.to_thread(lambda: [self._read(unit) for unit in units])

    def _read(self, unit: int) -> Values | None:
        model = self._model(unit)
        try:
            model.read()
        except ModbusClientTimeout:
            return None
        return {value.name: model.points[value.name].cvalue for value in VALUES}

    async def read_bare(self, units: Sequence[int]) -> None:
        """Read the same registers."""
        await asyncio.to_thread(self._ask, units, MODEL_LENGTH)

    async def touch(self) -> None:
        """Read one register of the first meter."""
        await asyncio.to_thread(self._ask, self.bus.units[:1], 1)

    def _ask(self, units: Sequence[int], registers: int) -> None:
        for unit in units:
            self._devices[unit].read(self._model(unit).model_addr, registers)
