"""What the program's exit codes mean."""

from enum import IntEnum
from typing import Self

from .meter.errors import (
    EndlessChainError,
    LinkDownError,
    MeterError,
    NoMeterModelError,
    NotSunSpecError,
)

_NO_METER = (EndlessChainError, NoMeterModelError, NotSunSpecError)


class ExitCode(IntEnum):
    """What an exit code means; ``text`` says it to users."""

    OK = 0, "Success."
    FAILED = 1, "Something else failed: a file, an MQTT broker."
    USAGE = 2, "The command line is wrong."
    NO_LINK = 3, "The serial port or the network adapter cannot be opened, or was lost."
    NO_ANSWER = 4, "No meter answers, or its answers cannot be used."
    NO_METER = 5, "A device answers, but it is no SunSpec meter."
    REFUSED = 6, "The meter refuses to be set up, or the change was not confirmed."
    FOUND = 7, "The doctor has found something wrong."
    INTERRUPTED = 130, "Ended with Ctrl-C."

    text: str

    def __new__(cls, value: int, text: str) -> Self:
        """Create a code with its text."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member


def exit_code(err: MeterError) -> ExitCode:
    """Return the exit code of a failure."""
    if isinstance(err, LinkDownError):
        return ExitCode.NO_LINK
    return ExitCode.NO_METER if isinstance(err, _NO_METER) else ExitCode.NO_ANSWER
