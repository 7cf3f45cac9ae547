"""Give a meter another unit ID: the only thing that this program ever writes."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import takewhile
from typing import Annotated, Final

from modbus_connection import (
    IllegalDataAddressError,
    IllegalDataValueError,
    IllegalFunctionError,
    ModbusTimeoutError,
    ModbusUnit,
    ServerDeviceFailureError,
)
import typer

from .connect import Connection, connected
from .exit_codes import ExitCode
from .meter import Meter, MeterError, MeterSilentError
from .meter.errors import LinkDownError, meter_errors
from .meter.modbus import HIGHEST_UNIT_ID, read_registers
from .output import meter_text
from .program import explained, fail, run
from .target import Target, takes_target

_COMMON_MODEL: Final = 1
_ADDRESS: Final = 66
"""Where model 1 has DA, counted from its header."""
_NOT_IMPLEMENTED: Final = (0x8000, 0xFFFF)

NewUnit = Annotated[
    int, typer.Argument(min=1, max=HIGHEST_UNIT_ID, help="The unit ID that it gets.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]

_REJECTIONS: Final = (
    IllegalDataAddressError,
    IllegalDataValueError,
    IllegalFunctionError,
    ServerDeviceFailureError,
)
_REJECTED: Final = (
    "The meter refuses to change its unit ID over SunSpec (Modbus exception {code}). Nothing was"
    " changed. Set it with the software of its manufacturer."
)


_NOT_OFFERED: Final = (
    "The meter does not offer its unit ID over SunSpec. Nothing was changed. Set it with the"
    " software of its manufacturer."
)


class _RefusedError(Exception):
    """Why the unit ID was not changed, or the change not confirmed."""


@takes_target
def set_address(target: Target, new: NewUnit, *, yes: Yes = False) -> None:
    """Give a meter another unit ID, if it allows that.

    It writes one register, DA of SunSpec model 1, after it has asked, and reads it back. Nothing
    else is ever written. Not every meter allows it.

    [bold]Examples[/bold]

        dts307 set-address /dev/ttyUSB0 101
        dts307 set-address 192.168.1.50 101 --unit 100 --yes
    """
    name = run(refusable(examine, target, new))
    if name is None:
        typer.echo(f"The meter has the unit ID {new} already. Nothing was changed.")
        return
    if not (yes or _agrees(f"Change the unit ID of {name} to {new}?")):
        raise fail("Nothing was changed.")
    run(refusable(change, target, new))
    typer.echo(f"The meter has the unit ID {new} now. Programs that read it need to know.")


def _agrees(question: str) -> bool:
    """Ask, outside the event loop, which would keep Ctrl-C from ending the question.

    Raises typer.Exit on Ctrl-C.
    """
    try:
        return typer.confirm(question)
    except typer.Abort:
        raise fail("Nothing was changed.", ExitCode.INTERRUPTED) from None


async def refusable[T](
    step: Callable[[Connection, Target, int], Awaitable[T]], target: Target, new: int
) -> T:
    """Take a step on a new connection, and say why it is refused if it is.

    Raises typer.Exit.
    """
    try:
        with explained(target.bus):
            async with connected(target.bus) as connection:
                return await step(connection, target, new)
    except _RefusedError as err:
        raise fail(str(err), ExitCode.REFUSED) from err


async def examine(connection: Connection, target: Target, new: int) -> str | None:
    """Return the name of a meter that can be changed; None if it has the new unit ID already."""
    old = target.unit_id
    meter = await connection.identify(old)
    (present,) = await read_registers(connection.unit(old), _register(meter), 1)
    if present in _NOT_IMPLEMENTED:
        raise _RefusedError(_NOT_OFFERED)
    if new == old:
        return None
    if await _is_taken(connection, new):
        raise _RefusedError(f"Another device answers with unit ID {new}. Nothing was changed.")
    return meter_text(meter.identity, old)


async def change(connection: Connection, target: Target, new: int) -> None:
    """Write the new unit ID, and read the meter with it."""
    old = target.unit_id
    meter = await connection.identify(old)
    await _write(connection.unit(old), _register(meter), new)
    try:
        changed = await connection.identify(new)
    except MeterError as err:
        raise _RefusedError(await _state_after(connection, meter, old, new)) from err
    if changed.identity != meter.identity:
        raise _RefusedError(
            f"Another meter answers with unit ID {new}. Check the devices on the bus."
        )


def _register(meter: Meter) -> int:
    """Return the register of the unit ID, in the model 1 that belongs to the meter."""
    before = takewhile(lambda model: model != meter.model, meter.chain.models)
    commons = [each for each in before if each.model_id == _COMMON_MODEL and each.span > _ADDRESS]
    if not commons:
        raise _RefusedError(_NOT_OFFERED)
    return commons[-1].address + _ADDRESS


async def _is_taken(connection: Connection, unit_id: int) -> bool:
    """Return whether any device answers with a unit ID, be it with an error.

    Raises LinkDownError if that cannot be known, as the connection was lost.
    """
    try:
        await read_registers(connection.unit(unit_id), 40000, 2)
    except MeterSilentError:
        return False
    except LinkDownError:
        raise
    except MeterError:
        return True
    return True


async def _write(unit: ModbusUnit, register: int, value: int) -> None:
    """Write one register. If the answer is lost, what is read afterwards says whether it worked."""
    with meter_errors(unit), suppress(ModbusTimeoutError):
        try:
            await unit.write_registers(register, [value])
        except _REJECTIONS as err:
            raise _RefusedError(_REJECTED.format(code=err.exception_code)) from err


async def _state_after(connection: Connection, meter: Meter, old: int, new: int) -> str:
    """Return what is known of a meter that does not answer with its new unit ID."""
    try:
        (present,) = await read_registers(connection.unit(old), _register(meter), 1)
    except MeterError:
        return (
            f"The meter took the unit ID {new}, but does not answer with it, nor with {old}. Search"
            " for it with dts307 scan."
        )
    if present == new:
        return (
            f"The meter took the unit ID {new}, but still answers with {old}. Switch it off and on,"
            f" and read it with --unit {new}."
        )
    return f"The meter confirmed the unit ID {new}, but has kept {old}. Nothing was changed."
