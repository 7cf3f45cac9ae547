"""What Home Assistant's recorder knows: every state, and the sums that it makes of them."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3

from scripts.dev.client import Client, wait_for

HOURS_OFF = 6
_SECONDS_TO_COMPILE = 30


async def history(client: Client, entity_id: str) -> list[float]:
    """Return all states of the last hour that are numbers, in the order in which they came."""
    since = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = f"filter_entity_id={entity_id}&significant_changes_only=0&no_attributes"
    shown = await client.get(f"/api/history/period/{since}?{query}")
    states = [state["state"] for entity in shown for state in entity]
    return [float(state) for state in states if state not in {"unknown", "unavailable"}]


def grow_older(database: Path) -> None:
    """Let all that is recorded be some hours older; they are more than it spans."""
    seconds = HOURS_OFF * 3600
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if column.endswith("_ts"):
                    older = f"UPDATE {table} SET {column} = {column} - {seconds}"  # noqa: S608 - names out of the database itself
                    connection.execute(older)
        connection.execute(
            "UPDATE statistics_runs"
            " SET start = strftime('%Y-%m-%d %H:%M:%S.000000', start, '-' || ? || ' seconds')",
            (seconds,),
        )


async def booked(client: Client, latest: Mapping[str, float], period: str) -> dict[str, float]:
    """Return the sum of each entity's statistics, once they reach up to its latest state."""
    since = (datetime.now(UTC) - timedelta(hours=2 * HOURS_OFF)).isoformat()
    last: dict[str, dict[str, float]] = {}

    async def are_complete() -> bool:
        nonlocal last
        rows = await client.command(
            "recorder/statistics_during_period",
            start_time=since,
            statistic_ids=list(latest),
            period=period,
            types=["state", "sum"],
        )
        last = {entity: rows[entity][-1] for entity in latest if rows.get(entity)}
        return {entity: row["state"] for entity, row in last.items()} == latest

    await wait_for(are_complete, "the statistics", _SECONDS_TO_COMPILE)
    return {entity: row["sum"] for entity, row in last.items()}
