"""Watch meters on a live screen."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
import signal
import sys
from typing import Final

import typer

from dts307.connect import connected
from dts307.exit_codes import ExitCode
from dts307.meter.address import BusAddress
from dts307.observer import Observer, alarm_options
from dts307.options import CtRating, CtSets, Every, seconds
from dts307.output import Invert
from dts307.program import fail, run
from dts307.session import MeterReader
from dts307.target import (
    DEFAULT_BAUD,
    DEFAULT_UNIT,
    Baud,
    ParityLetter,
    Places,
    RtuOverTcp,
    StopBitCount,
    Target,
    Units,
    bus_text,
    parse_targets,
)
from dts307.texts import failure_text

from .csv_log import CsvLog
from .poll import MeterPoll

_TERMINATED: Final = 143
"""The exit code of a program that SIGTERM has ended."""


def watch(  # noqa: PLR0913 - they are the options of the command line
    where: Places,
    *,
    unit: Units = None,
    baud: Baud = DEFAULT_BAUD,
    parity: ParityLetter = "N",
    stop_bits: StopBitCount = 1,
    every: Every = "1s",
    ct_rating: CtRating = None,
    ct_sets: CtSets = 1,
    rtu_over_tcp: RtuOverTcp = False,
    invert: Invert = False,
) -> None:
    """Watch meters on a live screen.

    It shows the meter's lights, power with its direction, the phases, phasors, counters and the
    link. Keys: p pauses the screen, l logs each reading to a CSV file in this folder, q quits.

    [bold]Examples[/bold]

        dts307 watch /dev/ttyUSB0
        dts307 watch 192.168.1.50 --unit 100 --unit 101 --ct-rating 200
        dts307 watch COM3#100 gateway:4196#1,2
    """
    targets = parse_targets(
        where,
        unit or [DEFAULT_UNIT],
        baud=baud,
        parity=parity,
        stop_bits=stop_bits,
        rtu_over_tcp=rtu_over_tcp,
    )
    interval = seconds(every)
    if not sys.stdout.isatty():
        raise fail("This needs a terminal. Use dts307 log to write readings.", ExitCode.USAGE)
    service_current = None if ct_rating is None else ct_rating * ct_sets
    observer = partial(Observer, alarm_options(service_current), inverted=invert)
    run(_watch(targets, interval, observer))


async def _watch(targets: list[Target], every: float, observer: Callable[[], Observer]) -> None:
    # The screen's library takes a while to load.
    from .app import WatchApp  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        polls = await meter_polls(stack, targets, every, observer)
        buses = dict.fromkeys(bus_text(target.bus) for target in targets)
        app = WatchApp(polls, ", ".join(buses), log=CsvLog(Path.cwd()))
        # Ended by another program, it leaves the terminal as it was. Windows has no such signal.
        with suppress(NotImplementedError):
            ended = partial(app.exit, return_code=_TERMINATED)
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended)
        await app.run_async()
    if app.return_code:
        raise typer.Exit(app.return_code)


async def meter_polls(
    stack: AsyncExitStack,
    targets: list[Target],
    every: float,
    observer: Callable[[], Observer],
    *,
    now: Callable[[], datetime] = datetime.now,
) -> list[MeterPoll]:
    """Prepare to poll each meter; those on one bus share its connection, which ``stack`` closes."""
    buses: list[BusAddress] = list(dict.fromkeys(target.bus for target in targets))
    connections = {bus: await stack.enter_async_context(connected(bus)) for bus in buses}
    return [
        MeterPoll(
            MeterReader(connections[target.bus], target.unit_id),
            observer(),
            f"unit {target.unit_id}" if len(buses) == 1 else target.place,
            partial(failure_text, bus=target.bus),
            interval=every,
            now=now,
        )
        for target in targets
    ]
