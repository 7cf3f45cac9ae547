"""Find the speed and parity at which a meter answers on a serial line."""

from collections.abc import Iterator
from dataclasses import replace
import errno
from typing import Final, Literal

from modbus_connection import ModbusSerialParams

from .listen import Heard, listen

SPEEDS: Final = (9600, 19200, 38400, 57600, 115200, 4800)
"""Baud, the meter's default (guide 4.1) and the most usual of the others first."""

PARITIES: Final[tuple[Literal["N", "E"], ...]] = ("N", "E")

_EXCHANGE_BITS: Final = (8 + 9) * 11
"""Bits on the line for the question and its answer."""


def usual_settings(params: ModbusSerialParams) -> Iterator[ModbusSerialParams]:
    """Go through the usual settings of a line, except those that it has already.

    One stop bit suits all: two are heard as one and a moment of silence.
    """
    for baudrate in SPEEDS:
        for parity in PARITIES:
            if (baudrate, parity) != (params.baudrate, params.parity):
                yield replace(params, baudrate=baudrate, parity=parity, stopbits=1)


async def find_settings(
    params: ModbusSerialParams, unit_id: int, patience: float
) -> ModbusSerialParams | None:
    """Return the other settings of a line at which a unit answers; None if there are none.

    At each of them, the meter is given ``patience`` seconds beyond what the bytes take. The line
    is opened for that, so nobody else may hold it; it is closed again in any case. What the
    adapter cannot do is passed over.

    Raises OSError if the line cannot be opened.
    """
    for settings in usual_settings(params):
        seconds = patience + _EXCHANGE_BITS / settings.baudrate
        try:
            heard = await listen(settings, unit_id, seconds)
        except OSError as err:
            if err.errno != errno.EINVAL:
                raise
        else:
            if heard is Heard.ANSWER:
                return settings
    return None
