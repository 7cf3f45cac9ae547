"""Read holding registers, and ask once more where a reply was lost."""

from collections.abc import Awaitable, Callable
from typing import Final

from modbus_connection import ModbusUnit

from ..errors import GarbledReplyError, MeterSilentError, meter_errors

READ_LIMIT: Final = 125
"""Registers that one request can carry (Modbus Application Protocol 6.3)."""


async def read_registers(unit: ModbusUnit, address: int, count: int) -> list[int]:
    """Read holding registers, in as many requests as their number takes.

    Raises MeterError.
    """
    registers: list[int] = []
    with meter_errors(unit):
        while (missing := count - len(registers)) > 0:
            registers += await unit.read_holding_registers(
                address + len(registers), min(missing, READ_LIMIT)
            )
    return registers


async def patiently[T](ask: Callable[[], Awaitable[T]]) -> T:
    """Ask once more if a reply got lost: one error on the wire is no verdict."""
    try:
        return await ask()
    except MeterSilentError, GarbledReplyError:
        return await ask()
