"""Interval data of the past two months in the file of a meter, as its integration would keep it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from math import pi, sin
from pathlib import Path
import sqlite3

from scripts.dev.client import wait_for

from .home import Home

INTERVAL = 900
DAYS = 62
AROUND_BORDER = -2, 3
"""s; when a meter is read around the border of an interval"""


def last_month(now: datetime) -> datetime:
    """Return when the month before began, in UTC."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - timedelta(days=1)).replace(day=1)


def outages(now: datetime) -> list[tuple[float, float]]:
    """Return the gaps without reads last month: an afternoon, and a night."""
    begin = last_month(now)
    afternoon = begin + timedelta(days=6, hours=13)
    night = begin + timedelta(days=16, hours=22)
    return [
        (afternoon.timestamp(), (afternoon + timedelta(hours=2, minutes=30)).timestamp()),
        (night.timestamp(), (night + timedelta(hours=5, minutes=15)).timestamp()),
    ]


async def keep_history(home: Home, service: str) -> None:
    """Let a meter have interval data, which end with what its counters show now."""
    entry_id = await home.entry_id(service)
    entities = await home.entities(service)
    totals = {
        name: 1000 * float(await wait_for(partial(_number, home, entities[f"energy_{name}"]), name))
        for name in ("imported", "exported")
    }
    await _disable(home, entry_id, "user")
    now = datetime.now(UTC)
    end = int(now.timestamp()) // INTERVAL * INTERVAL
    instants = range(end - DAYS * 86400, end + 1, INTERVAL)
    imported, exported = (_counter(name, total, instants) for name, total in totals.items())
    rows = [
        (0, at, *2 * (imported[at], exported[at]))
        for at in imported
        if at < now.timestamp() and not any(begin < at < finish for begin, finish in outages(now))
    ]
    _write(home.folder / f".storage/dts307.{entry_id}.intervals.db", rows)
    await _disable(home, entry_id, None)


def _write(path: Path, rows: Iterable[tuple[float, ...]]) -> None:
    """Write reads of both counters and their registers, as reads_database.py of the integration."""
    columns = "imported", "exported", "register_imported", "register_exported"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE reads (provisional INTEGER NOT NULL, at REAL NOT NULL, "
            + "".join(f"{column} REAL, " for column in columns)
            + "PRIMARY KEY (provisional, at)) STRICT, WITHOUT ROWID"
        )
        database.execute("PRAGMA user_version = 1")
        database.executemany("INSERT INTO reads VALUES (?, ?, ?, ?, ?, ?)", rows)


async def _disable(home: Home, entry_id: str, disabled_by: str | None) -> None:
    await home.client.command("config_entries/disable", entry_id=entry_id, disabled_by=disabled_by)


def _counter(name: str, total: float, instants: Sequence[int]) -> dict[int, float]:
    """Return a counter in Wh by the times at which it was read; at the end it is ``total``."""
    powers = [_power(name, at) for at in instants]
    # A young meter has not counted that much.
    share = min(1.0, 0.9 * total / (sum(powers) / 4))
    value = total - share * sum(powers) / 4
    reads = {}
    for at, power in zip(instants, powers, strict=True):
        for seconds in AROUND_BORDER:
            reads[at + seconds] = value + share * power * seconds / 3600
        value += share * power / 4
    return reads


def _power(name: str, at: float) -> float:
    """Return the power in W of a house with solar panels, in the quarter hour from then on."""
    hour = at / 3600 % 24
    chance = _chances(at)
    sun = max(0.0, sin((hour - 6.5) / 11 * pi)) if 6.5 < hour < 17.5 else 0.0
    cloud = 0.3 + 0.7 * next(_chances(at // 86400))
    load = 250 + 150 * next(chance)
    load += 700 * next(chance) if 6 < hour < 8.5 else 0
    load += 1100 * next(chance) if 17 < hour < 22 else 0
    load += 7200 if 1 < hour < 4.5 and next(_chances(at // 86400 + 0.5)) > 0.7 else 0
    net = load - 6000 * sun * cloud
    return max(0.0, net if name == "imported" else -net)


def _chances(seed: float) -> Iterator[float]:
    """Yield numbers from 0 to 1 that look like chance, and are the same each time."""
    while True:
        seed = sin(seed * 12.9898) * 43758.5453
        yield seed % 1


async def _number(home: Home, entity_id: str) -> str:
    state = (await home.client.states())[entity_id]
    return "" if state in {"unknown", "unavailable"} else state
