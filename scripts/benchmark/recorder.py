"""Measure what a meter costs Home Assistant: rows, bytes on the disk, and CPU time.

All Home Assistants run at the same time, so that other load on the machine affects all of them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Final

from scripts.dev.client import Client, signed_in, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import free_port
from simulator.server import TcpConfig, TcpLine

from .database import SECONDS_UNTIL_COMMITTED, Database
from .household import CountingBus, opened, running_meters
from .process import Usage

MODELS: Final = (203, 213)
POLL_INTERVAL: Final = 5.0
"""s; the default"""
RECORDING_OPTION: Final = "recording"
EVERY_READING: Final = "every_reading"
"""The integration's own names for these; it is not imported, as Home Assistant runs elsewhere."""


@dataclass(frozen=True)
class Version:
    """A version of the integration: its name, and the folder that has it among others."""

    name: str
    integrations: Path


@dataclass(frozen=True)
class Case:
    """A Home Assistant to measure: with a meter of this model, or with none."""

    model: int | None = None
    recording: str | None = None
    """The value of the option, or None for the default"""
    version: Version | None = None
    """Another version of the integration than this one"""


def all_cases(earlier: Version | None = None) -> list[Case]:
    """Return the cases to compare, with an earlier version of the integration if there is one."""
    cases = [Case()]
    for model in MODELS:
        cases += [Case(model), Case(model, EVERY_READING)]
        if earlier is not None:
            cases.append(Case(model, version=earlier))
    return cases


@dataclass(frozen=True)
class Recorded:
    """What one Home Assistant used in ``seconds``.

    ``rows`` counts states by entity key for the meter's entities; ``other_rows`` are all others.
    """

    case: Case
    seconds: float
    polls: int
    rows: Mapping[str, int]
    other_rows: int
    commits: int
    growth: int
    usage: Usage


@dataclass(frozen=True)
class _Subject:
    case: Case
    pid: int
    database: Database
    bus: CountingBus | None
    folder: Path
    keys: Mapping[str, str]
    """Entity keys by entity ID"""


async def measure_recorder(
    folder: Path, seconds: float, warm_up: float, cases: Sequence[Case]
) -> list[Recorded]:
    """Run some cases at the same time, and measure for some seconds after a warm-up.

    Raises:
        HomeAssistantError: a meter could not be added.
        StartError: a Home Assistant did not start.
    """
    async with running_meters(MODELS) as meters, AsyncExitStack() as stack:
        buses = {meter.config.model: meter for meter in meters}
        subjects = []
        for number, case in enumerate(cases):
            bus = None if case.model is None else CountingBus([buses[case.model]])
            running = _running(case, folder / f"case-{number}", bus)
            subjects.append(await stack.enter_async_context(running))
        await asyncio.sleep(warm_up)
        return await _measure(subjects, seconds)


async def _measure(subjects: Sequence[_Subject], seconds: float) -> list[Recorded]:
    begin, began = time.time(), time.monotonic()
    for subject in subjects:
        subject.database.forget_commits()
    before = [(Usage.of(each.pid), each.database.size()) for each in subjects]
    while time.monotonic() - began < seconds:
        await asyncio.sleep(1)
        for subject in subjects:
            subject.database.notice_commit()
    after = [(Usage.of(each.pid), each.database.size()) for each in subjects]
    commits = [each.database.commits for each in subjects]
    end, ended = time.time(), time.monotonic()
    await asyncio.sleep(SECONDS_UNTIL_COMMITTED)
    results = []
    for each, first, last, count in zip(subjects, before, after, commits, strict=True):
        rows = each.database.rows(begin, end)
        polls = 0 if each.bus is None else each.bus.count(began, ended)
        results.append(
            Recorded(
                case=each.case,
                seconds=ended - began,
                polls=polls,
                rows={key: rows.get(entity, 0) for entity, key in each.keys.items()},
                other_rows=sum(n for entity, n in rows.items() if entity not in each.keys),
                commits=count,
                growth=last[1] - first[1],
                usage=last[0].since(first[0]),
            )
        )
    return results


@asynccontextmanager
async def _running(case: Case, folder: Path, bus: CountingBus | None) -> AsyncIterator[_Subject]:
    """Run a Home Assistant, with the meter on ``bus`` if there is one."""
    async with AsyncExitStack() as stack:
        other = () if case.version is None else (case.version.integrations,)
        home_assistant = await stack.enter_async_context(
            running_home_assistant(folder, free_port(), *other)
        )
        keys: Mapping[str, str] = {}
        async with signed_in(home_assistant.url) as client:
            await client.wait_until_running()
            if bus is not None:
                line = await stack.enter_async_context(opened(TcpLine(bus, TcpConfig())))
                entry_id = await _add_meter(client, line, next(iter(bus.meters)))
                if case.recording is not None:
                    answers = {RECORDING_OPTION: case.recording}
                    await set_options(client, entry_id, {"settings"}, answers)
                keys = await _when_shown(client, entry_id)
        database = stack.enter_context(Database.open(folder))
        pid = home_assistant.process.pid
        yield _Subject(case, pid, database, bus, folder, keys)


async def _add_meter(client: Client, line: TcpLine, unit: int) -> str:
    answers = {"host": line.host, "port": line.port, "unit_id": unit}
    entry = await add_entry(client, "dts307", {"network"}, answers)
    entry_id: str = entry["entry_id"]
    return entry_id


async def _when_shown(client: Client, entry_id: str) -> Mapping[str, str]:
    """Return the meter's entity keys by entity ID, once its power has a state."""

    async def look() -> Mapping[str, str]:
        keys = {
            entity["entity_id"]: entity["unique_id"].partition("_")[2]
            for entity in await client.command("config/entity_registry/list")
            if entity["config_entry_id"] == entry_id and entity["disabled_by"] is None
        }
        states = await client.states()
        power = [states.get(entity) for entity, key in keys.items() if key == "power"]
        return keys if power and power[0] not in {None, "unknown", "unavailable"} else {}

    return await wait_for(look, "the power of the meter")
