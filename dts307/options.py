"""Options that several commands have, and what they mean."""

import re
from typing import Annotated, Final

import typer

_UNITS: Final = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)")
_SHORTEST: Final = 0.1

Every = Annotated[
    str, typer.Option("--every", "-e", help="How often to read, such as 500ms, 1s, 5min.")
]
CtRating = Annotated[
    float | None,
    typer.Option("--ct-rating", min=1, max=10_000, help="The rating printed on one CT, in A."),
]
CtSets = Annotated[int, typer.Option("--ct-sets", min=1, max=3, help="CT sets in parallel.")]


def seconds(text: str) -> float:
    """Return a duration in s.

    Raises typer.BadParameter.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration such as 500ms, 1s or 5min.")
    duration = float(match[1]) * _UNITS[match[2]]
    if duration < _SHORTEST:
        raise typer.BadParameter("A meter cannot be read more often than every 100ms.")
    return duration
