"""Run a command to its end: failures as one line, Ctrl-C without a trace."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer

from .exit_codes import ExitCode, exit_code
from .meter.address import BusAddress
from .meter.errors import MeterError
from .texts import failure_text


def run[T](command: Coroutine[Any, Any, T]) -> T:
    """Run a command, or a part of it, and return its result.

    Raises typer.Exit on Ctrl-C.
    """
    try:
        return asyncio.run(command)
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None


def fail(text: str, code: ExitCode = ExitCode.FAILED) -> typer.Exit:
    """Say on standard error what failed, and return the exit for it."""
    typer.echo(f"dts307: {text}", err=True)
    return typer.Exit(code)


def say(text: str) -> None:
    """Say on standard error what has happened, and when."""
    at = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    typer.echo(f"{at} {text}", err=True)


@contextmanager
def explained(bus: BusAddress) -> Iterator[None]:
    """Turn failures on a bus into their texts and exit codes.

    Raises typer.Exit.
    """
    try:
        yield
    except MeterError as err:
        raise fail(failure_text(err, bus), exit_code(err)) from err
