"""What a command works on: a bus at a serial port or a network address, and a unit on it."""

from collections.abc import Callable, Sequence
from functools import wraps
import inspect
import re
from typing import Annotated, Any, Final, Literal

import typer

from .meter.address import (
    DEFAULT_BAUDRATE,
    DEFAULT_PORT,
    DEFAULT_UNIT_ID,
    BusAddress,
    Framing,
    MeterAddress,
    NetworkAdapter,
    SerialPort,
)
from .meter.modbus import HIGHEST_UNIT_ID

type Target = MeterAddress
"""A unit on a bus."""


WHERE_HELP: Final = (
    "A serial port (/dev/ttyUSB0, COM3), a URL of one (rfc2217://host:2217), or the address of a"
    " network adapter (192.168.1.50, gateway:4196)."
)

Where = Annotated[str, typer.Argument(metavar="PORT|HOST", help=WHERE_HELP)]
Unit = Annotated[
    int, typer.Option("--unit", "-u", min=1, max=HIGHEST_UNIT_ID, help="The meter's unit ID.")
]
Baud = Annotated[
    int,
    typer.Option("--baud", "-b", min=300, max=921_600, help="Speed of a serial port, bit/s."),
]
ParityLetter = Annotated[
    Literal["N", "E", "O"],
    typer.Option("--parity", case_sensitive=False, help="Parity of a serial port."),
]
StopBitCount = Annotated[
    int, typer.Option("--stop-bits", min=1, max=2, help="Stop bits of a serial port.")
]
RtuOverTcp = Annotated[
    bool,
    typer.Option("--rtu-over-tcp", help="The network adapter passes RTU frames on unchanged."),
]

Places = Annotated[
    list[str],
    typer.Argument(
        metavar="PORT|HOST...",
        help="Serial ports or network adapters, as for the other commands. Unit IDs may follow"
        " each after a #: gateway:4196#100,101.",
    ),
]
Units = Annotated[
    list[int] | None,
    typer.Option("--unit", "-u", min=1, max=HIGHEST_UNIT_ID, help="A meter's unit ID; repeatable."),
]

DEFAULT_UNIT: Final = DEFAULT_UNIT_ID
DEFAULT_BAUD: Final = DEFAULT_BAUDRATE

_WINDOWS_PORT: Final = re.compile(r"(\\\\\.\\)?COM\d+", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\[\]/\s]+))(?::(?P<port>\d{1,5}))?")
_BARE_V6: Final = re.compile(r"[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.%\w]*")
_LAST_PORT: Final = 0xFFFF


def parse_target(  # noqa: PLR0913 - they are the options that commands share
    where: Where,
    unit: Unit = DEFAULT_UNIT,
    baud: Baud = DEFAULT_BAUD,
    parity: ParityLetter = "N",
    stop_bits: StopBitCount = 1,
    *,
    rtu_over_tcp: RtuOverTcp = False,
) -> Target:
    """Return what the command line names.

    Raises typer.BadParameter.
    """
    if is_serial(where):
        stopbits: Literal[1, 2] = 2 if stop_bits > 1 else 1
        return MeterAddress(
            SerialPort(device=where, baudrate=baud, parity=parity, stopbits=stopbits), unit
        )
    framing = Framing.RTU if rtu_over_tcp else Framing.TCP
    return MeterAddress(_network_adapter(where, framing), unit)


def parse_targets(  # noqa: PLR0913 - they are the options that commands share
    places: Sequence[str],
    units: Sequence[int],
    *,
    baud: int,
    parity: Literal["N", "E", "O"],
    stop_bits: int,
    rtu_over_tcp: bool,
) -> list[Target]:
    """Return what a command line names that takes several meters, each once.

    Raises typer.BadParameter.
    """
    targets = [
        parse_target(
            place, number, baud=baud, parity=parity, stop_bits=stop_bits, rtu_over_tcp=rtu_over_tcp
        )
        for text in places
        for place, number in placed_units(text, units)
    ]
    return list(dict.fromkeys(targets))


def placed_units(text: str, units: Sequence[int]) -> list[tuple[str, int]]:
    """Return the units that an argument names: those after its #, or else ``units``.

    Raises typer.BadParameter.
    """
    place, separator, listed = text.partition("#")
    if not separator:
        return [(place, number) for number in units]
    try:
        own = [int(number) for number in listed.split(",")]
    except ValueError:
        own = []
    if not own or not all(1 <= number <= HIGHEST_UNIT_ID for number in own):
        raise typer.BadParameter(f"{listed!r} after the # is no list of unit IDs.")
    return [(place, number) for number in own]


def takes_target(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, whose first argument is a Target, the options that name one."""
    shared = inspect.signature(parse_target).parameters
    _, *own = inspect.signature(command).parameters.values()

    @wraps(command)
    def with_target(**options: Any) -> None:
        target = parse_target(**{name: options.pop(name) for name in shared})
        command(target, **options)

    # Typer calls commands by the names of their parameters.
    by_name = inspect.Parameter.KEYWORD_ONLY
    parameters = [each.replace(kind=by_name) for each in (*shared.values(), *own)]
    with_target.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_target.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_target


def is_serial(where: str) -> bool:
    """Return whether a text names a serial port, be it one that another machine shares."""
    is_path = where.startswith(("/", ".")) or "://" in where
    return is_path or _WINDOWS_PORT.fullmatch(where) is not None


def bus_text(bus: BusAddress) -> str:
    """Return a bus as the command line names it."""
    if isinstance(bus, SerialPort):
        return bus.device
    return f"[{bus.host}]:{bus.port}" if ":" in bus.host else bus.place


def _network_adapter(where: str, framing: Framing) -> NetworkAdapter:
    if _BARE_V6.fullmatch(where):
        return NetworkAdapter(host=where, framing=framing)
    match = _HOST.fullmatch(where)
    if match is None:
        raise typer.BadParameter(f"{where!r} is no serial port and no HOST or HOST:PORT.")
    port = int(match["port"] or DEFAULT_PORT)
    if not 1 <= port <= _LAST_PORT:
        raise typer.BadParameter(f"The port {port} is not from 1 to {_LAST_PORT}.")
    return NetworkAdapter(host=match["v6"] or match["host"], port=port, framing=framing)
