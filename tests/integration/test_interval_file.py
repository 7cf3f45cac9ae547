"""The file of interval data on a disk that fails, over years, and when Home Assistant stops."""

from collections.abc import Sequence
from pathlib import Path
import resource
import sqlite3

import pytest

from custom_components.dts307.meter.intervals import TrackChange
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import reads_database
from tests.integration.test_interval_data import (
    DATABASE,
)


def store(path: Path, times: Sequence[float]) -> None:
    """Write reads of the import counter, which counts one at each of these times in s."""
    samples = [Sample(value=float(count), at=at) for count, at in enumerate(times)]
    change = TrackChange(name="imported", provisional=False, since=times[0], samples=samples)
    reads_database.write(path, [change])


def times_in(path: Path) -> list[float]:
    """Return when the stored reads were."""
    return [sample.at for sample in reads_database.between(path, 0, 4e9)["imported"].samples]


def bytes_read() -> int:
    """Return how many bytes this process has read from files."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """A border and a question cost the same after three years as on the first day."""
    path = tmp_path / DATABASE
    store(path, [900.25 * place for place in range(30_000)])
    assert path.stat().st_size > 400_000
    before = bytes_read()
    reads_database.between(path, 9_000_000, 9_086_400, {"imported"})
    store(path, [900.25 * 30_000])
    assert bytes_read() - before < 150_000


def test_a_full_disk_damages_nothing(tmp_path: Path) -> None:
    """SQLite says that the disk is full, or that writing failed, and keeps what there was."""
    path = tmp_path / DATABASE
    store(path, [900.25 * place for place in range(3000)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, limits[1]))
    try:
        with pytest.raises(sqlite3.DatabaseError) as error:
            store(path, [900.25 * place for place in range(3000, 6000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert reads_database.is_passing(error.value)
    reads_database.check(path)
    assert len(times_in(path)) == 3000
    store(path, [900.25 * place for place in range(3000, 6000)])
    assert len(times_in(path)) == 6000
