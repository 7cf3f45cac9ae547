"""Read holding registers with requests of a length that is served, and retry lost responses."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from modbus_connection import ModbusUnit

from ..errors import (
    AddressRefusedError,
    DeviceFailureError,
    GarbledReplyError,
    MeterError,
    MeterSilentError,
    meter_errors,
)

READ_HOLDING_REGISTERS: Final = 3
"""The function code that reads them (Modbus Application Protocol 6.3)."""

READ_LIMIT: Final = 125
"""Most registers that one request can read (Modbus Application Protocol 6.3)."""

LOST_RESPONSES: Final = (MeterSilentError, GarbledReplyError, DeviceFailureError)
"""No response, or a corrupt one, which some gateways report as a failure of the device."""

_SHORTEST: Final = 2
"""Registers of the shortest request; without it, the model chain cannot be walked."""


@dataclass
class RequestLimit:
    """The most registers that a unit serves in one request; it outlives the unit.

    Some gateways serve fewer than Modbus allows. They refuse a longer request with the exception
    that also means that the registers do not exist.
    """

    most: int = READ_LIMIT

    async def learn(self, unit: ModbusUnit, address: int, count: int) -> bool:
        """Find the longest request that is served, after one for ``count`` registers was refused.

        Return False, and leave the limit, if something else was refused than the length.

        Raises MeterError.
        """
        before, self.most = self.most, count
        learnt = False
        try:
            longest = await self._longest(unit, address, count)
            learnt = 0 < longest < count
        finally:
            self.most = longest if learnt else before
        return learnt

    async def read(self, unit: ModbusUnit, address: int, count: int) -> list[int]:
        """Read holding registers, with as many requests as they take.

        Raises MeterError.
        """
        while True:
            try:
                return await read_registers(unit, address, count, most=self.most)
            except AddressRefusedError:
                if not await self.learn(unit, address, min(count, self.most)):
                    raise

    async def _longest(self, unit: ModbusUnit, address: int, count: int) -> int:
        """Return the longest length that is served; 0 if registers in this range do not exist."""
        if await self._is_served(unit, address, count):
            return count
        if not await self._is_served(unit, address, _SHORTEST):
            return 0
        served, refused = _SHORTEST, count
        while refused - served > 1:
            middle = (served + refused) // 2
            if await self._is_served(unit, address, middle):
                served = middle
            else:
                refused = middle
        rest = min(served, count - served)
        return served if await self._is_served(unit, address + served, rest) else 0

    async def _is_served(self, unit: ModbusUnit, address: int, length: int) -> bool:
        # A ResilientUnit with this limit must not lengthen the request.
        self.most = length
        try:
            await retry_once(lambda: read_registers(unit, address, length))
        except AddressRefusedError:
            return False
        return True


async def read_registers(
    unit: ModbusUnit, address: int, count: int, *, most: int = READ_LIMIT
) -> list[int]:
    """Read holding registers, with requests for at most ``most`` registers each.

    Raises MeterError.
    """
    registers: list[int] = []
    with meter_errors(unit):
        while (missing := count - len(registers)) > 0:
            registers += await unit.read_holding_registers(
                address + len(registers), min(missing, most)
            )
    return registers


async def retry_once[T](
    request: Callable[[], Awaitable[T]], *, after: tuple[type[MeterError], ...] = LOST_RESPONSES
) -> T:
    """Repeat a request once ``after`` certain failures: one of them may be noise.

    Raises MeterError.
    """
    try:
        return await request()
    except after:
        return await request()
