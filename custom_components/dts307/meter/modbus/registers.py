"""Read holding registers, and retry once if a response was lost."""

from collections.abc import Awaitable, Callable
from typing import Final

from modbus_connection import ModbusUnit

from ..errors import GarbledReplyError, MeterSilentError, meter_errors

READ_LIMIT: Final = 125
"""Most registers that one request can read (Modbus Application Protocol 6.3)."""


async def read_registers(unit: ModbusUnit, address: int, count: int) -> list[int]:
    """Read holding registers, with as many requests as ``count`` takes.

    Raises MeterError.
    """
    registers: list[int] = []
    with meter_errors(unit):
        while (missing := count - len(registers)) > 0:
            registers += await unit.read_holding_registers(
                address + len(registers), min(missing, READ_LIMIT)
            )
    return registers


async def retry_once[T](request: Callable[[], Awaitable[T]]) -> T:
    """Repeat a request once if its response was lost or corrupt: one error may be noise.

    Raises MeterError.
    """
    try:
        return await request()
    except MeterSilentError, GarbledReplyError:
        return await request()
