"""The SQLite file of the register reads around interval borders.

Each function opens the file, which is created if there is none, does one thing in one transaction,
and closes the file again. So a kill costs the transaction in progress only. All of them block, and
raise sqlite3.Error.

The columns of a phase are added with its first reads. Versions that know no phases read and write
the others, so the format is the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
import sqlite3
from typing import Final

from ..meter.intervals import (
    EXPORTED,
    IMPORTED,
    PHASE_TRACKS,
    REGISTER,
    TrackChange,
    Tracks,
    tracks_of,
)
from ..meter.sample import Sample

FORMAT: Final = 1
"""The version of the format, which SQLite calls the user version."""

COLUMNS: Final = (IMPORTED, EXPORTED, REGISTER + IMPORTED, REGISTER + EXPORTED)
"""Each track has a column; reads of several tracks at one instant share a row. Every file has these
columns, those of the totals."""

_PAGE_SIZE: Final = 512
"""bytes; each border changes one or two pages, whatever their size. A file keeps that of its start.
"""

_CREATE: Final = (
    "CREATE TABLE reads (provisional INTEGER NOT NULL, at REAL NOT NULL, "
    + "".join(f"{name} REAL, " for name in COLUMNS)
    + "PRIMARY KEY (provisional, at)) STRICT, WITHOUT ROWID"
)

_CREATE_PHASES: Final = (
    "CREATE TABLE IF NOT EXISTS phases (name TEXT PRIMARY KEY, since REAL NOT NULL) "
    "STRICT, WITHOUT ROWID"
)
"""The columns of phases, and an instant in s before which they have no reads."""


class UnknownFormatError(sqlite3.DatabaseError):
    """The file was written by a later version."""


def is_passing(err: sqlite3.DatabaseError) -> bool:
    """Return whether an error is of the disk, so that it may pass, and not of the file."""
    wrong_table = getattr(err, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return isinstance(err, sqlite3.OperationalError) and not wrong_table


def write(path: Path, changes: Sequence[TrackChange]) -> None:
    """Change the stored reads; there is at least one change."""
    with _opened(path) as database:
        _note_phases(database, changes)
        for change in changes:
            # The names of columns are ours.
            database.execute(
                f"UPDATE reads SET {change.name} = NULL WHERE provisional = ? AND at >= ?",  # noqa: S608
                (change.provisional, change.since),
            )
            database.executemany(
                f"INSERT INTO reads (provisional, at, {change.name}) VALUES (?, ?, ?) "  # noqa: S608
                f"ON CONFLICT DO UPDATE SET {change.name} = excluded.{change.name}",
                [(change.provisional, sample.at, sample.value) for sample in change.samples],
            )
        empty = " AND ".join(f"{name} IS NULL" for name in _columns(database))
        since = min(change.since for change in changes)
        # With both values named, SQLite finds the rows by the key, and reads no others.
        database.execute(
            f"DELETE FROM reads WHERE provisional IN (0, 1) AND at >= ? AND {empty}",  # noqa: S608
            (since,),
        )


def check(path: Path) -> None:
    """Raise sqlite3.DatabaseError if the file is damaged, or of a later version."""
    with _opened(path) as database:
        ((result,),) = database.execute("PRAGMA quick_check(1)")
        if result != "ok":
            raise sqlite3.DatabaseError(result)


def drop_old(path: Path, most: int, seconds: float) -> None:
    """Delete the reads that are both beyond the latest ``most`` and more than ``seconds`` old."""
    with _opened(path) as database:
        database.execute(
            "DELETE FROM reads WHERE provisional = 0 AND at <= (SELECT at FROM reads "
            "WHERE provisional = 0 ORDER BY at DESC LIMIT 1 OFFSET ?) AND at < "
            "(SELECT max(at) FROM reads WHERE provisional = 0) - ?",
            (most, seconds),
        )


def latest(path: Path, seconds: float) -> Tracks:
    """Return the tracks of the latest so many seconds, and with them the provisional reads."""
    with _opened(path) as database:
        ((newest,),) = database.execute("SELECT max(at) FROM reads WHERE provisional = 0")
        if newest is None:
            return {}
        names = (*COLUMNS, *PHASE_TRACKS)
        return tracks_of(_reads(database, newest - seconds, newest, names))


def between(path: Path, start: float, end: float, names: Collection[str] = COLUMNS) -> Tracks:
    """Return the tracks between two instants in s, with the reads next to them.

    For a total that was never read, the whole file is searched. So name only others.
    """
    with _opened(path) as database:
        return tracks_of(_reads(database, start, end, names))


def _reads(
    database: sqlite3.Connection, start: float, end: float, names: Collection[str]
) -> Iterator[tuple[bool, str, Sample]]:
    """Yield the reads between two instants, and those next to them, in the order of time."""
    for name, since in _columns(database).items():
        if name not in names:
            continue
        rows: Iterable[tuple[int, float, float]] = database.execute(
            # One SELECT with an OR would read the whole file.
            f"SELECT provisional, at, {name} FROM reads WHERE {name} IS NOT NULL "  # noqa: S608
            "AND provisional = 0 AND at >= coalesce("
            f"(SELECT max(at) FROM reads WHERE provisional = 0 AND at <= :start "
            f"AND {name} IS NOT NULL), :start) AND at <= coalesce("
            f"(SELECT min(at) FROM reads WHERE provisional = 0 AND at >= :end "
            f"AND {name} IS NOT NULL), :end) "
            f"UNION ALL SELECT provisional, at, {name} FROM reads WHERE {name} IS NOT NULL "
            "AND provisional = 1 ORDER BY provisional, at",
            {"start": max(start, since), "end": max(end, since)},
        )
        for provisional, at, value in rows:
            yield bool(provisional), name, Sample(value=value, at=at)


def _columns(database: sqlite3.Connection) -> Mapping[str, float]:
    """Return the columns of tracks, each with an instant in s before which it has no reads."""
    columns = dict.fromkeys(COLUMNS, -inf)
    has_phases = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'phases'"
    if database.execute(has_phases).fetchone():
        columns.update(database.execute("SELECT name, since FROM phases"))
    return columns


def _note_phases(database: sqlite3.Connection, changes: Iterable[TrackChange]) -> None:
    """Add the columns of phases that are written for the first time, and note since when."""
    columns = dict(_columns(database))
    for change in changes:
        known = change.name in columns
        if not known:
            database.execute(_CREATE_PHASES)
            database.execute(f"ALTER TABLE reads ADD COLUMN {change.name} REAL")
        if not known or (not change.provisional and change.since < columns[change.name]):
            columns[change.name] = change.since
            database.execute(
                "INSERT OR REPLACE INTO phases VALUES (?, ?)", (change.name, change.since)
            )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction, which is undone if an exception is raised in it."""
    with closing(sqlite3.connect(path, autocommit=True)) as database:
        # It applies to new files only, and not within a transaction.
        database.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
        database.autocommit = False
        yield _in_format(database)
        # An exception ends in closing, which undoes what SQLite has not undone by itself. It has if
        # the disk is full, and then would call an explicit rollback an error.
        database.commit()


def _in_format(database: sqlite3.Connection) -> sqlite3.Connection:
    """Return the database, with the table in it if it is new."""
    ((version,),) = database.execute("PRAGMA user_version")
    if not version:
        database.execute(_CREATE)
        database.execute(f"PRAGMA user_version = {FORMAT}")
    elif version != FORMAT:
        raise UnknownFormatError(f"version {version}")
    return database
