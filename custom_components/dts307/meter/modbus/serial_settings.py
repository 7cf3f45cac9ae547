"""The usual baud rates and parities of a serial line."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from modbus_connection import ModbusSerialParams

from .timing import SCAN_RANGE, ScanRange

USUAL_PARITIES: Final[tuple[Literal["N", "E"], ...]] = ("N", "E")


def usual_settings(
    params: ModbusSerialParams, *, scan_range: ScanRange = SCAN_RANGE
) -> Iterator[ModbusSerialParams]:
    """Yield ``params`` and then the usual settings of a serial line, the likeliest first.

    One stop bit is enough: two look to the receiver like one and a pause.
    """
    yield params
    for baudrate in scan_range.baud_rates:
        for parity in USUAL_PARITIES:
            if (baudrate, parity) != (params.baudrate, params.parity):
                yield replace(params, baudrate=baudrate, parity=parity, stopbits=1)


def settings_text(params: ModbusSerialParams) -> str:
    """Return serial settings in the usual short form, such as 19200 8E1."""
    return f"{params.baudrate} {params.bytesize}{params.parity}{params.stopbits}"
