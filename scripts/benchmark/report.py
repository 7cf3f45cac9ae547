"""The tables that scripts/bench prints, in Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
import os
from pathlib import Path
import platform
from statistics import median
from typing import Final

from tests.wire.wire import Timing

from .measure import Cost
from .registers import VALUES, ideal

_TIMING: Final = Timing()
_PACKAGES: Final = ("homeassistant", "modbus-connection", "tmodbus", "pymodbus", "pysunspec2")


@dataclass(frozen=True)
class PollRow:
    """The cost of one poll of some meters, and of its bare reads if they were measured."""

    meters: int
    name: str
    poll: Cost
    bare: Cost | None


@dataclass(frozen=True)
class SilenceRow:
    """A cycle over three meters that answer, and the same cycle with a silent fourth meter.

    ``first`` is the duration in s of the first cycle in which the fourth meter is silent.
    """

    name: str
    first: float
    three: Cost
    with_silent: Cost


@dataclass(frozen=True)
class SearchRow:
    """The durations of scans for some meters, and their target."""

    name: str
    aim: float
    seconds: Sequence[float]


def print_surroundings() -> None:
    """Print versions, machine, and the load at the start."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}\n\n{packages}\n"
    )
    print_load("at the start")


def print_load(when: str) -> None:
    """Print how busy the machine was in the last 1, 5 and 15 minutes."""
    print(f"Load {when}: {', '.join(f'{each:.1f}' for each in os.getloadavg())}\n")


def _processor() -> str:
    names = (
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    return next(names, platform.machine())


def print_polls(rows: Iterable[PollRow]) -> None:
    """Print the table of polls."""
    print_table(
        (
            "meters",
            "read by",
            "requests",
            "bytes",
            "wall time, ms",
            "minimum of its bytes, ms",
            "x its minimum",
            "x ideal read",
            "CPU, ms",
            "x CPU of bare read",
            "runs",
        ),
        [
            (
                row.meters,
                row.name,
                row.poll.requests,
                row.poll.size,
                _milliseconds(row.poll.wall),
                _milliseconds(row.poll.minimum),
                f"{row.poll.wall / row.poll.minimum:.3f}",
                f"{row.poll.wall / ideal(_TIMING, row.meters):.2f}",
                _milliseconds(row.poll.cpu),
                f"{row.poll.cpu / row.bare.cpu:.2f}" if row.bare else "",
                row.poll.samples,
            )
            for row in rows
        ],
    )


def print_silence(rows: Iterable[SilenceRow]) -> None:
    """Print the table of the delay that a silent meter causes."""
    print_table(
        (
            "read by",
            "three that answer, ms",
            "one more falls silent, ms",
            "and stays silent, ms",
            "lost per cycle then, ms",
            "runs",
        ),
        [
            (
                row.name,
                _milliseconds(row.three.wall),
                _milliseconds(row.first),
                _milliseconds(row.with_silent.wall),
                _milliseconds(row.with_silent.wall - row.three.wall),
                row.with_silent.samples,
            )
            for row in rows
        ],
    )


def print_silent_sensor(seconds: float) -> None:
    """Print how long one sensor of a silent meter blocks the bus."""
    print(
        f"YAML `modbus`: each of the {len(VALUES)} sensors of the silent meter blocks the bus "
        f"for {seconds:.1f} s.\n"
    )


def print_in_one_piece(rows: Iterable[PollRow]) -> None:
    """Print the table of CPU time on a wire whose replies arrive in one piece."""
    print_table(
        (
            "answers in one piece, read by",
            "CPU, ms",
            "CPU of bare read, ms",
            "x CPU of bare read",
            "runs",
        ),
        [
            (
                row.name,
                _milliseconds(row.poll.cpu, 2),
                _milliseconds(row.bare.cpu, 2),
                f"{row.poll.cpu / row.bare.cpu:.2f}",
                row.poll.samples,
            )
            for row in rows
            if row.bare
        ],
    )


def print_first_states(seconds: Sequence[float]) -> None:
    """Print the time until Home Assistant shows a meter."""
    print(
        f"From the setup of the entry to the first state in Home Assistant: median "
        f"{median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f} s, "
        f"{len(seconds)} runs)."
    )


def print_searches(rows: Iterable[SearchRow]) -> None:
    """Print the table of scan durations."""
    print_table(
        ("searched for", "longest, s", "target, s", "median, s", "meters"),
        [
            (
                row.name,
                f"{max(row.seconds):.1f}",
                f"{row.aim:g}",
                f"{median(row.seconds):.1f}",
                len(row.seconds),
            )
            for row in rows
        ],
    )


def _milliseconds(seconds: float, digits: int = 1) -> str:
    return f"{seconds * 1000:.{digits}f}"


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    for line in lines:
        print("|", " | ".join(map(str, line)), "|")
    print(flush=True)
