"""Examine a meter: first the line, then what its readings show."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
import time
from typing import Final

from dts307.connect import connected
from dts307.meter import Identity
from dts307.meter.errors import LinkDownError, MeterError
from dts307.meter.modbus import LINK_TIMING, SCAN_RANGE, LinkTiming, ScanRange
from dts307.observer import Observation, Observer
from dts307.session import MeterReader
from dts307.target import Target, bus_text
from dts307.texts import failure_text

from .installation import installation_verdicts
from .line import line_finding
from .report import Finding, Report

_ATTEMPTS: Final = 3
"""A probe of the line, which shows why nothing answers, follows the second failure."""

type Pause = Callable[[float], Awaitable[None]]


async def examine(  # noqa: PLR0913 - tests drive the clocks
    target: Target,
    observer: Observer,
    *,
    seconds: float,
    on_progress: Callable[[str], None] = lambda _text: None,
    pause: Pause = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
    timing: LinkTiming = LINK_TIMING,
    scan_range: ScanRange = SCAN_RANGE,
) -> Report:
    """Return what is wrong with a line, or with an installation, after ``seconds`` of readings.

    ``observer`` has not seen this meter yet. ``on_progress`` is called with what is being done.
    """
    report = Report(where=bus_text(target.bus), unit_id=target.unit_id)
    observations: list[Observation] = []
    failures: list[MeterError] = []
    async with connected(target.bus, timing) as connection:
        reader = MeterReader(connection, target.unit_id)
        attempts = 1 + round(seconds)
        for attempt in range(attempts):
            on_progress(f"Reading {attempt + 1} of {attempts}")
            try:
                reading = await reader.read(whole=True)
            except MeterError as err:
                failures.append(err)
                if not observations and _is_hopeless(failures):
                    break
            else:
                observations.append(observer.observe(reading, clock()))
            if attempt + 1 < attempts:
                await pause(1.0)
    report.readings, report.failed = len(observations), len(failures)
    if not observations:
        on_progress("Trying other settings of the line")
        report.add(await line_finding(failures[-1], target, timing=timing, scan_range=scan_range))
        return report
    report.add(_line_verdict(failures, target))
    identity = reader.meter.identity if reader.meter else Identity()
    report.identity = asdict(identity)
    name = identity.model or "the meter"
    report.add(*installation_verdicts(observations, name, dark=observer.dark))
    return report


def _is_hopeless(failures: list[MeterError]) -> bool:
    return len(failures) >= _ATTEMPTS or isinstance(failures[-1], LinkDownError)


def _line_verdict(failures: list[MeterError], target: Target) -> Finding | str:
    if not failures:
        return "Line: every request was answered"
    reasons = [err.reason for err in failures]
    latest = max(failures, key=lambda err: reasons.count(err.reason))
    return Finding(
        key="unstable_line",
        title="The line loses answers",
        text=f"{len(failures)} of the attempts to read failed. The most frequent reason:"
        f" {failure_text(latest, target.bus)}",
    )
