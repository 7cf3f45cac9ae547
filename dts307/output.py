"""What the commands print: tables for people, JSON for programs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
import json
from shutil import get_terminal_size
import sys
from typing import Annotated, Any, Final

from rich.console import Console
import typer

from .meter import Identity, Reading
from .meter.installation import PowerSign, with_import_positive

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

Invert = Annotated[
    bool,
    typer.Option(
        "--invert", help="The meter counts exported power as positive: show import as positive."
    ),
]

ABSENT = "-"
"""In tables, what a meter does not state."""

_FLOAT32_DIGITS: Final = 7
_INTEGER_DIGITS: Final = 10
"""Significant digits that numbers of the meter have at most."""

_PIPE_WIDTH: Final = 160
_NARROWEST: Final = 80
"""Columns that tables need; a terminal with fewer wraps their lines, and no number is cut."""


def console() -> Console:
    """Return the console on standard output, without colours in a pipe.

    NO_COLOR and FORCE_COLOR in the environment decide otherwise.
    """
    is_terminal = sys.stdout.isatty()
    width = max(_NARROWEST, get_terminal_size().columns) if is_terminal else _PIPE_WIDTH
    return Console(file=sys.stdout, highlight=False, width=width)


@contextmanager
def status(text: str) -> Iterator[Callable[[str], None]]:
    """Show on standard error what is under way, if that is a terminal; yield what changes it."""
    shown = Console(stderr=True)
    with shown.status(text) if shown.is_terminal else nullcontext() as spinner:
        yield lambda update: spinner.update(update) if spinner else None


def print_json(data: object) -> None:
    """Print data as one JSON document."""
    typer.echo(json.dumps(data, indent=2))


def reading_data(reading: Reading) -> dict[str, Any]:
    """Return the values of a reading for JSON: SI units, None for what the meter does not state."""
    data = asdict(reading)
    for name in ("resolutions", "whole"):
        del data[name]
    data["events"] = None if reading.events is None else event_names(reading)
    return data


def event_names(reading: Reading) -> list[str]:
    """Return the names of the event flags that are set."""
    return [str(flag.name).lower() for flag in reading.events or ()]


def import_positive(reading: Reading, *, invert: bool) -> Reading:
    """Return a reading with the sign of power inverted, if the meter has the other one."""
    return with_import_positive(reading, PowerSign.EXPORT_POSITIVE) if invert else reading


def meter_text(identity: Identity, unit_id: int) -> str:
    """Return which meter it is, in one line."""
    names = (identity.manufacturer, identity.model, identity.serial_number)
    return f"{' '.join(filter(None, names))} (unit {unit_id})"


def numbers(values: Sequence[float | None], reading: Reading) -> list[str]:
    """Return numbers of one quantity as the meter states them, without digits of arithmetic.

    Integers share a scale factor, so they get the same decimals.
    """
    if reading.energy_resolution is None:
        return [_stated(value, f".{_FLOAT32_DIGITS}g") for value in values]
    stated = [_stated(value, f".{_INTEGER_DIGITS}g") for value in values]
    decimals = max(len(text.partition(".")[2]) for text in stated)
    return [_stated(value, f".{decimals}f") for value in values]


def _stated(value: float | None, form: str) -> str:
    return ABSENT if value is None else f"{value:{form}}"
