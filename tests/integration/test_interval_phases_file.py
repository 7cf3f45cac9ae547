"""The columns of phases in the file of interval data: added late, and unknown to older versions."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
import sqlite3
import subprocess
import sys

import pytest

from custom_components.dts307.meter.intervals import PHASE_TRACKS, TrackChange
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import reads_database
from tests.integration.test_interval_data import DATABASE
from tests.integration.test_interval_file import bytes_read

FORMAT_1 = """
    CREATE TABLE reads (provisional INTEGER NOT NULL, at REAL NOT NULL, imported REAL,
    exported REAL, register_imported REAL, register_exported REAL, PRIMARY KEY (provisional, at))
    STRICT, WITHOUT ROWID
"""
"""As 0.1.0 makes it."""

OLD_WRITE = (
    "UPDATE reads SET imported = NULL WHERE provisional = 0 AND at >= :at",
    (
        "INSERT INTO reads (provisional, at, imported) VALUES (0, :at, :at) "
        "ON CONFLICT DO UPDATE SET imported = excluded.imported"
    ),
    (
        "DELETE FROM reads WHERE provisional IN (0, 1) AND at >= :at AND imported IS NULL "
        "AND exported IS NULL AND register_imported IS NULL AND register_exported IS NULL"
    ),
)
"""As versions write that know no phases."""

OLD_READ = (
    "SELECT at, imported FROM reads WHERE provisional = 0 AND imported IS NOT NULL ORDER BY at"
)


def change(name: str, times: Sequence[float], *, provisional: bool = False) -> TrackChange:
    """Return new reads of a track, each with its time as its value."""
    reads = [Sample(value=at, at=at) for at in times]
    since = times[0]
    return TrackChange(name=name, provisional=provisional, since=since, samples=reads)


def times_of(path: Path, name: str, start: float = 0, end: float = 4e9) -> list[float]:
    """Return when a track was read."""
    found = reads_database.between(path, start, end, {name})
    return [read.at for read in found[name].samples] if name in found else []


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A file of a version that knows no phases."""
    path = tmp_path / DATABASE
    with closing(sqlite3.connect(path)) as database:
        database.execute(FORMAT_1)
        database.execute("PRAGMA user_version = 1")
        database.executemany(OLD_WRITE[1], [{"at": float(at)} for at in range(5)])
        database.commit()
    yield path
    reads_database.check(path)


def test_a_file_without_phases_is_taken_over(path: Path) -> None:
    assert times_of(path, "imported") == [0, 1, 2, 3, 4]
    assert times_of(path, "imported_b") == []
    assert reads_database.latest(path, 2).keys() == {"imported"}
    reads_database.write(path, [change("imported", [5, 6]), change("imported_b", [5, 6])])
    assert times_of(path, "imported") == [0, 1, 2, 3, 4, 5, 6]
    assert times_of(path, "imported_b") == [5, 6]
    assert reads_database.latest(path, 2).keys() == {"imported", "imported_b"}


def test_an_older_version_goes_on(path: Path) -> None:
    """It reads and writes the totals, and loses nothing of the phases that were read before."""
    reads_database.write(path, [change("imported", [5, 6]), change("imported_b", [5, 6])])
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute(OLD_READ).fetchall()[-1] == (6, 6)
        for statement in OLD_WRITE:
            database.execute(statement, {"at": 7.0})
        database.commit()
    assert times_of(path, "imported") == [0, 1, 2, 3, 4, 5, 6, 7]
    assert times_of(path, "imported_b") == [5, 6]
    reads_database.write(path, [change("imported", [8]), change("imported_b", [8])])
    assert times_of(path, "imported_b") == [5, 6, 8]


KILLED = """
import os, signal, sys
from pathlib import Path
from custom_components.dts307.meter.intervals import TrackChange
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import reads_database

class Killing(list):
    def __iter__(self):
        yield Sample(value=5.0, at=5.0)
        os.kill(os.getpid(), signal.SIGKILL)

change = TrackChange(name="imported_b", provisional=False, since=5.0, samples=Killing())
reads_database.write(Path(sys.argv[1]), [change])
"""


def test_a_kill_while_columns_are_added(path: Path) -> None:
    """The file is as before, and the next write adds them."""
    before = path.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False)  # noqa: S603
    assert killed.returncode == -9
    assert path.with_name(f"{path.name}-journal").exists() or path.read_bytes() == before
    assert times_of(path, "imported") == [0, 1, 2, 3, 4]
    assert times_of(path, "imported_b") == []
    reads_database.write(path, [change("imported_b", [5, 6])])
    assert times_of(path, "imported_b") == [5, 6]


def test_the_reads_of_phases_alone_are_kept(path: Path) -> None:
    """So are those of a clock that went back, in whatever order they come."""
    reads_database.write(path, [change("imported_b", [7, 8, 9])])
    reads_database.write(path, [change("imported", [2]), change("imported_c", [3, 4])])
    assert times_of(path, "imported") == [0, 1, 2]
    assert times_of(path, "imported_b") == [7, 8, 9]
    assert times_of(path, "imported_c") == [3, 4]
    reads_database.write(path, [change("imported_b", [6, 7])])
    assert times_of(path, "imported_b", 0, 1) == [6]
    reads_database.write(path, [change("exported_a", [1], provisional=True)])
    reads_database.write(path, [change("exported_a", [2])])
    (track,) = reads_database.between(path, 0, 1, {"exported_a"}).values()
    assert track.provisional is not None
    assert track.provisional.latest.at == 1


def bytes_written() -> int:
    """Return how many bytes this process has written to files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"])


def test_a_day_of_three_phases_costs_little(tmp_path: Path) -> None:
    """It is about half a megabyte, of which a disk with blocks of 4 kB makes four times as much."""
    path = tmp_path / DATABASE
    names = [*reads_database.COLUMNS, *PHASE_TRACKS]
    for day in range(2):
        before = bytes_written()
        for border in range(96 * day, 96 * (day + 1)):
            times = 900.0 * border - 2.5, 900.0 * border + 2.5
            reads_database.write(path, [change(name, times) for name in names])
    assert bytes_written() - before < 600_000


def test_what_was_before_a_phase_is_not_searched(tmp_path: Path) -> None:
    """A question costs the same whether a phase was first read today or three years ago."""
    path = tmp_path / DATABASE
    reads_database.write(path, [change("imported", [900.25 * place for place in range(30_000)])])
    reads_database.write(path, [change("imported_a", [900.25 * 30_000, 900.25 * 30_001])])
    assert path.stat().st_size > 400_000
    before = bytes_read()
    for start, found in ((9_000_000, [900.25 * 30_000]), (27_007_500, [900.25 * 30_000])):
        assert times_of(path, "imported_a", start, start - 1) == found
    assert bytes_read() - before < 50_000
