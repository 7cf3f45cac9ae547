"""The table of scripts/bench --bus, in Markdown."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median, quantiles
from typing import Final

from .many import Many
from .recorder import POLL_INTERVAL
from .report import print_table

_MEGA: Final = 1e6
_SHOWN_MINUTES: Final = (1, 5, 10)


def print_many(results: Iterable[Many]) -> None:
    """Print how Home Assistant has polled many meters."""
    print_table(
        (
            "meters",
            "minutes",
            "polls of a meter, fewest to most",
            "one in 5 s would be",
            "usual and longest pause, s",
            "became unavailable",
            "CPU, % of a core",
            "memory without meters, MB",
            f"after {', '.join(map(str, _SHOWN_MINUTES))} min, MB",
            "ping without meters: median, 99 %, longest, ms",
            "ping in the first minute, ms",
            "ping in the last minute, ms",
        ),
        [_row(each) for each in results],
    )


def _row(many: Many) -> tuple[object, ...]:
    counts = [len(polls) for polls in many.polls]
    pauses = [later - sooner for polls in many.polls for sooner, later in pairwise(polls)]
    memory = [
        f"{many.minutes[minute - 1].memory / _MEGA:.0f}"
        for minute in _SHOWN_MINUTES
        if minute <= len(many.minutes)
    ]
    return (
        many.line.name,
        len(many.minutes),
        f"{min(counts)} to {max(counts)}",
        f"{many.seconds / POLL_INTERVAL:.0f}",
        f"{median(pauses):.2f}, {max(pauses):.2f}",
        many.failures,
        f"{100 * many.cpu / many.seconds:.1f}",
        f"{many.alone.memory / _MEGA:.0f}",
        ", ".join(memory),
        _answers(many.alone.pings),
        _answers(many.minutes[0].pings),
        _answers(many.minutes[-1].pings),
    )


def _answers(pings: Sequence[float]) -> str:
    numbers = (median(pings), quantiles(pings, n=100, method="inclusive")[-1], max(pings))
    return ", ".join(f"{1000 * number:.0f}" for number in numbers)
