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


class OutageNotes:
    """Says on standard error why a meter does not answer, once, and when it answers again."""

    def __init__(self, bus: BusAddress, meter: str = "") -> None:
        """Begin while it answers; ``meter`` says which it is, if there are several."""
        self._bus = bus
        self._prefix = f"{meter}: " if meter else ""
        self._reason: str | None = None

    def failed(self, err: MeterError) -> bool:
        """Return whether this is news, and say it then."""
        is_news = err.reason != self._reason
        if is_news:
            self._reason = err.reason
            say(f"{self._prefix}{failure_text(err, self._bus)}")
        return is_news

    def answered(self) -> None:
        """Say that an outage has ended, if there was one."""
        if self._reason is not None:
            self._reason = None
            say(f"{self._prefix}The meter answers again.")


@contextmanager
def explained(bus: BusAddress) -> Iterator[None]:
    """Turn failures on a bus into their texts and exit codes.

    Raises typer.Exit.
    """
    try:
        yield
    except MeterError as err:
        raise fail(failure_text(err, bus), exit_code(err)) from err
