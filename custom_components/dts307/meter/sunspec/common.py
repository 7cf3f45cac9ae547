"""SunSpec model 1: the identity of a device."""

from typing import Final

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecComponent, SunSpecModel, string

from ..errors import MapChangedError
from ..identity import Identity
from ..modbus import RequestLimit, retry_once
from .model_reader import ModelReader

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


async def read_identity(unit: ModbusUnit, model: SunSpecModel, limit: RequestLimit) -> Identity:
    """Read model 1, which ``model`` locates, with requests of at most the ``limit``.

    Raises MeterError.
    """
    before, points = await retry_once(ModelReader(unit, Common, model, limit).read)
    if before != points:
        raise MapChangedError("the identity changed while it was read")
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
