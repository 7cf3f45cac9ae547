"""SunSpec model 1: the identity of a device."""

from typing import Final

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecComponent, SunSpecModel, string, uint16

from ..errors import MapChangedError
from ..identity import Identity
from ..modbus import RequestLimit, retry_once
from .model_reader import ModelReader, Points

COMMON_MODEL: Final = 1
COMMON_LENGTH: Final = 65
"""Shortest length of model 1 that holds the identity."""
PADDED_COMMON_LENGTH: Final = 66
"""Its length with a register that makes it even."""
SERIAL_NUMBER: Final = slice(50, 66)
"""The registers of the serial number, counted from the model's header."""


class Common(SunSpecComponent):
    """SunSpec model 1 (Common)."""

    Mn = string(2, 16)
    Md = string(18, 16)
    Opt = string(34, 8)
    Vr = string(42, 8)
    SN = string(SERIAL_NUMBER.start, SERIAL_NUMBER.stop - SERIAL_NUMBER.start)
    DA = uint16(66)


class PaddedCommon(Common):
    """SunSpec model 1 with its pad register."""

    Pad = uint16(67)


async def read_common(
    unit: ModbusUnit, model: SunSpecModel, limit: RequestLimit
) -> tuple[Identity, tuple[int, ...]]:
    """Return what model 1 says, and its registers with the header.

    ``model`` locates it; requests are at most as long as the ``limit``.

    Raises MeterError.
    """
    component = PaddedCommon if model.length >= PADDED_COMMON_LENGTH else Common
    before, after = await retry_once(ModelReader(unit, component, model, limit).read)
    if before.points != after.points:
        raise MapChangedError("the identity changed while it was read")
    return _identity(after.points), after.registers


def _identity(points: Points) -> Identity:
    return Identity(
        manufacturer=_text(points["Mn"]),
        model=_text(points["Md"]),
        options=_text(points["Opt"]),
        version=_text(points["Vr"]),
        serial_number=_text(points["SN"]),
    )


def _text(registers: str | None) -> str:
    """Return a text up to its first NUL: meters may leave garbage behind it."""
    return (registers or "").partition("\0")[0].strip()
