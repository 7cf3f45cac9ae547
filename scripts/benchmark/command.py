"""The command line of scripts/bench: the order and the number of all measurements."""

from argparse import ArgumentParser, Namespace
import asyncio
from dataclasses import dataclass
from pathlib import Path
import sys
import tarfile
from tempfile import TemporaryDirectory
import time

from scripts.dev.client import HomeAssistantError
from scripts.dev.processes import REPOSITORY, StartError
from tests.wire.wire import Timing

from .experiments import (
    measure_meters,
    measure_one_meter,
    measure_silence,
    measure_silent_sensor,
)
from .field import ContendersDisagreeError, Field, running_field
from .first_state import measure_first_states
from .many import LINES, measure_many
from .many_report import print_many
from .recorder import Version, all_cases, measure_recorder
from .recorder_report import print_recorder
from .report import (
    PollRow,
    print_first_states,
    print_in_one_piece,
    print_load,
    print_polls,
    print_searches,
    print_silence,
    print_silent_sensor,
    print_surroundings,
)
from .search import NotFoundError, measure_searches
from .sharing import measure_sharing, print_sharing

_AT_ONCE = Timing(baud=1_000_000_000, turnaround=0.0)


@dataclass(frozen=True)
class Plan:
    """The number of runs; ``long`` includes the slowest measurements."""

    rounds: int
    times: int
    rounds_many: int
    rounds_silent: int
    rounds_in_one_piece: int
    meters: tuple[int, ...]
    long: bool


FULL = Plan(
    rounds=6,
    times=4,
    rounds_many=5,
    rounds_silent=3,
    rounds_in_one_piece=5,
    meters=(4, 8),
    long=True,
)
QUICK = Plan(
    rounds=1,
    times=2,
    rounds_many=1,
    rounds_silent=1,
    rounds_in_one_piece=1,
    meters=(4,),
    long=False,
)
_TIMES_IN_ONE_PIECE = 20
_FIRST_STATES = 4
_WARM_UP = 120.0
"""s in which Home Assistant stores what changed during its start"""
_QUICK_WARM_UP = 30.0
_INTERRUPTED = 130


def main() -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args()
    began = time.monotonic()
    try:
        asyncio.run(_run(options))
    except (StartError, HomeAssistantError, ContendersDisagreeError, NotFoundError) as err:
        print(f"bench: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    _say(f"done after {time.monotonic() - began:.0f} s")
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="scripts/bench", description=__doc__)
    add = parser.add_argument
    add(
        "--quick",
        action="store_true",
        help="few runs without the slowest measurements, and few minutes",
    )
    add(
        "--recorder",
        action="store_true",
        help="instead, what a meter costs Home Assistant: rows, bytes on the disk, and CPU time",
    )
    add(
        "--bus",
        action="store_true",
        help="instead, 16 meters on one RS-485 bus, and 32 behind a Modbus TCP gateway",
    )
    add(
        "--sharing",
        action="store_true",
        help="instead, what clients of a shared meter can do to Home Assistant",
    )
    add(
        "--against",
        metavar="COMMIT",
        help="with --recorder: also measure the integration of an earlier commit in the same run",
    )
    add("--minutes", type=int, help="for --recorder (default: 12) and --bus (default: 10)")
    return parser


async def _run(options: Namespace) -> None:
    print_surroundings()
    with TemporaryDirectory(prefix="dts307-bench-") as name:
        folder = Path(name)
        if options.recorder:
            await _run_recorder(folder, options)
        if options.bus:
            await _run_bus(folder, options)
        if options.sharing:
            print_sharing(await measure_sharing(5 if options.quick else 30))
        if not (options.recorder or options.bus or options.sharing):
            await _run_polls(folder, QUICK if options.quick else FULL)
    print_load("at the end")


async def _run_recorder(folder: Path, options: Namespace) -> None:
    minutes = options.minutes or (2 if options.quick else 12)
    earlier = None if options.against is None else await _version(folder, options.against)
    cases = all_cases(earlier)
    _say(f"{len(cases)} Home Assistants, which takes {minutes} minutes and their start")
    warm_up = _QUICK_WARM_UP if options.quick else _WARM_UP
    print_recorder(await measure_recorder(folder, 60.0 * minutes, warm_up, cases))


async def _version(folder: Path, commit: str) -> Version:
    """Extract the integration of an earlier commit.

    Raises:
        StartError: there is no such commit.
    """
    archive = folder / "earlier.tar"
    command = ("git", "archive", "--output", str(archive), commit, "custom_components")
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY)
    if await process.wait():
        raise StartError(f"{commit} has no integration")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "earlier", filter="data")
    return Version(commit, folder / "earlier" / "custom_components")


async def _run_bus(folder: Path, options: Namespace) -> None:
    minutes = options.minutes or (1 if options.quick else 10)
    results = []
    for line in LINES:
        _say(f"{line.name}, which takes {minutes} minutes and their setup")
        results.append(await measure_many(folder, line, minutes))
    print_many(results)


async def _run_polls(folder: Path, plan: Plan) -> None:
    _say("starting the buses")
    async with running_field(folder, max(plan.meters)) as field:
        print_polls(await _measure_polls(field, plan))
        _say("one silent meter of four")
        one_request = (field.integration, field.pysunspec)
        print_silence(await measure_silence(one_request, plan.rounds_silent))
        if plan.long:
            print_silent_sensor(await measure_silent_sensor(field))
    _say("answers in one piece")
    # Without bit times, so that the bytes of a reply do not arrive one by one.
    async with running_field(folder, 1, _AT_ONCE) as field:
        print_in_one_piece(
            await measure_one_meter(field, plan.rounds_in_one_piece, _TIMES_IN_ONE_PIECE)
        )
    if plan.long:
        _say("Home Assistant's first state")
        print_first_states(await measure_first_states(folder, _FIRST_STATES))
    _say("searches")
    print_searches(await measure_searches(folder, long=plan.long))


async def _measure_polls(field: Field, plan: Plan) -> list[PollRow]:
    _say("one meter")
    rows = await measure_one_meter(field, plan.rounds, plan.times)
    for meters in plan.meters:
        _say(f"{meters} meters")
        rows += await measure_meters((field.integration, field.pysunspec), meters, plan.rounds_many)
        if plan.long:
            # A single run, because it takes as long as all others together.
            rows += await measure_meters((field.yaml_modbus,), meters, 1)
    return rows


def _say(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr, flush=True)
