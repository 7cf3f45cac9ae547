"""The tables of scripts/bench --recorder, in Markdown."""

from collections.abc import Sequence
from typing import Final

from .recorder import POLL_INTERVAL, Case, Recorded
from .report import print_table

_DAY: Final = 86_400
_MEGA: Final = 1e6


def print_recorder(results: Sequence[Recorded]) -> None:
    """Print what each Home Assistant has used, and which entities have written rows."""
    bare = next(each for each in results if each.case == Case())
    print(
        f"Measured for {bare.seconds / 60:.1f} min of a busy evening. "
        "What is given per day is extrapolated from that.\n"
    )
    print_table(
        (
            "Home Assistant with",
            "polls",
            "state rows a poll",
            "state rows a day",
            "commits a poll",
            "database growth, MB a day",
            "written to disk, MB a day",
            "asked to write, MB a day",
            "CPU, % of a core",
            "CPU, ms a poll",
            "without the bare one, ms a poll",
            "memory, MB",
        ),
        [_row(each, bare) for each in results],
    )
    print("By entity:\n")
    print_table(
        ("rows in 100 polls", *(_name(each) for each in results if each.polls)),
        _entities([each for each in results if each.polls]),
    )


def _row(result: Recorded, bare: Recorded) -> tuple[object, ...]:
    intervals = result.seconds / POLL_INTERVAL
    days = result.seconds / _DAY
    rows = sum(result.rows.values())
    cpu = result.usage.cpu
    return (
        _name(result),
        result.polls,
        f"{rows / intervals:.1f}" if result.polls else "",
        f"{(rows + result.other_rows) / days:,.0f}",
        f"{result.commits / intervals:.2f}",
        f"{result.growth / days / _MEGA:.1f}",
        f"{result.usage.written / days / _MEGA:.0f}",
        f"{result.usage.asked / days / _MEGA:.0f}",
        f"{100 * cpu / result.seconds:.2f}",
        f"{1000 * cpu / intervals:.1f}",
        f"{1000 * (cpu - bare.usage.cpu) / intervals:.1f}" if result.polls else "",
        f"{result.usage.memory / _MEGA:.0f}",
    )


def _name(result: Recorded) -> str:
    if result.case.model is None:
        return "no meter"
    if result.case.version is not None:
        return f"{result.case.model}, version {result.case.version.name}"
    recording = "default" if result.case.recording is None else "every reading"
    return f"{result.case.model}, {recording}"


def _entities(results: Sequence[Recorded]) -> list[tuple[object, ...]]:
    """Return the rows of each entity in 100 polls, most first, and those without any together."""
    keys = sorted(
        {key for each in results for key in each.rows},
        key=lambda key: (-sum(each.rows.get(key, 0) for each in results), key),
    )
    busy = [key for key in keys if any(each.rows.get(key) for each in results)]
    lines: list[tuple[object, ...]] = [
        (key, *(f"{100 * each.rows.get(key, 0) / each.polls:.0f}" for each in results))
        for key in busy
    ]
    idle = len(keys) - len(busy)
    return [*lines, (f"{idle} others", *("0" for _ in results))] if idle else lines
