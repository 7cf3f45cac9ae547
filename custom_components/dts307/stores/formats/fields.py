"""Well-typed values of stored files: numbers, instants, texts, and records of them."""

from collections.abc import Iterable
from typing import Any, Final

import voluptuous as vol

_LARGEST_NUMBER: Final = 1e40
"""No register holds more. Sums and products of such numbers stay finite."""

LATEST_INSTANT: Final = 7_258_118_400.0
"""s; the year 2200. Billing goes through all months up to the latest reading."""


def record(fields: dict[Any, Any]) -> vol.Schema:
    """Return the schema of a mapping, of which unknown keys are dropped."""
    return vol.Schema(fields, extra=vol.REMOVE_EXTRA)


def by_name(names: Iterable[str], value: Any) -> vol.Schema:
    """Return the schema of a mapping that has some of these names."""
    return record({vol.Optional(name): value for name in names})


def number(value: Any) -> float:
    """Return a finite number as a float; raise vol.Invalid if it is none."""
    # A bool is an int in Python, but no number in JSON.
    if type(value) not in {int, float} or not abs(value) <= _LARGEST_NUMBER:
        raise vol.Invalid("not a number")
    return float(value)


def instant(value: Any) -> float:
    """Return a time in s since 1970; raise vol.Invalid if it is none."""
    if not 0 <= (seconds := number(value)) <= LATEST_INSTANT:
        raise vol.Invalid("not a time")
    return seconds


def whole(value: Any) -> int:
    """Return a whole number; raise vol.Invalid if it is none."""
    if type(value) is not int:
        raise vol.Invalid("not a whole number")
    return value


def flag(value: Any) -> bool:
    """Return true or false; raise vol.Invalid if it is neither."""
    if type(value) is not bool:
        raise vol.Invalid("neither true nor false")
    return value


def text(value: Any) -> str:
    """Return a text; raise vol.Invalid if it is none."""
    if type(value) is not str:
        raise vol.Invalid("not a text")
    return value


def pair(first: Any, second: Any) -> Any:
    """Return the schema of a list of two, each with a schema of its own."""

    def both(value: Any) -> tuple[Any, Any]:
        match value:
            case [one, other]:
                return vol.Schema(first)(one), vol.Schema(second)(other)
        raise vol.Invalid("not a pair")

    return both


POINT: Final = pair(instant, number)
"""A sample: time in s and value."""


def instant_and_two(value: Any) -> tuple[float, float, float]:
    """Return a time and two numbers; raise vol.Invalid if it is not a list of these."""
    match value:
        case [at, one, other]:
            return instant(at), number(one), number(other)
    raise vol.Invalid("not an instant and two numbers")
