"""SunSpec model 1: the identity of a device."""

from typing import Final

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecComponent, SunSpecModel, string

from ..errors import meter_errors
from ..identity import Identity
from ..modbus import retry_once

COMMON_MODEL: Final = 1
COMMON_LENGTH: Final = 65
"""Shortest length of model 1 that holds the identity; with its pad register it is 66."""
SERIAL_NUMBER: Final = slice(50, 66)
"""The registers of the serial number, counted from the model's header."""


class Common(SunSpecComponent):
    """SunSpec model 1 (Common)."""

    Mn = string(2, 16)
    Md = string(18, 16)
    Opt = string(34, 8)
    Vr = string(42, 8)
    SN = string(SERIAL_NUMBER.start, SERIAL_NUMBER.stop - SERIAL_NUMBER.start)


async def read_identity(unit: ModbusUnit, model: SunSpecModel) -> Identity:
    """Read model 1, which ``model`` locates.

    Raises MeterError.
    """
    common = Common(unit, model)

    async def update() -> None:
        with meter_errors(unit):
            await common.async_update()

    await retry_once(update)
    return Identity(
        manufacturer=_text(common.Mn),
        model=_text(common.Md),
        options=_text(common.Opt),
        version=_text(common.Vr),
        serial_number=_text(common.SN),
    )


def _text(registers: str | None) -> str:
    """Return a text up to its first NUL: meters may leave garbage behind it."""
    return (registers or "").partition("\0")[0].strip()
