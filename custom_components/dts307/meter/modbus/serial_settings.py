"""The usual speeds and parities of a serial line."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from modbus_connection import ModbusSerialParams

SPEEDS: Final = (9600, 19200, 38400, 57600, 115200, 4800)
"""Baud, the meter's default (guide 4.1) and the most usual of the others first."""

PARITIES: Final[tuple[Literal["N", "E"], ...]] = ("N", "E")


def usual_settings(params: ModbusSerialParams) -> Iterator[ModbusSerialParams]:
    """Go through the usual settings of a line, beginning with those that it has already.

    One stop bit suits all: two are heard as one and a moment of silence.
    """
    yield params
    for baudrate in SPEEDS:
        for parity in PARITIES:
            if (baudrate, parity) != (params.baudrate, params.parity):
                yield replace(params, baudrate=baudrate, parity=parity, stopbits=1)


def settings_text(params: ModbusSerialParams) -> str:
    """Return the settings of a line in the usual short form, such as 19200 8E1."""
    return f"{params.baudrate} {params.bytesize}{params.parity}{params.stopbits}"
