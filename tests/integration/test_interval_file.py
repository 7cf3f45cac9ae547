"""The file of interval data on a disk that fails, over years, and when Home Assistant stops."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
import resource
import sqlite3
from threading import Event

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.backup import async_post_backup, async_pre_backup
from custom_components.dts307.meter.intervals import TrackChange
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.stores import reads_database
from tests.device import Device
from tests.integration.bills import count, instant, kwh, poll, start
from tests.integration.disk import Disk
from tests.integration.test_interval_data import (
    DATABASE,
    ask,
    border,
    entry as _entry,
    intervals,
    meter as _meter,
)

pytestmark = pytest.mark.usefixtures("real_disk")

DAY = 86400.0

entry, meter = _entry, _meter


def store(path: Path, times: Sequence[float]) -> None:
    """Write reads of the import counter, which counts one at each of these times in s."""
    samples = [Sample(value=float(count), at=at) for count, at in enumerate(times)]
    change = TrackChange(name="imported", provisional=False, since=times[0], samples=samples)
    reads_database.write(path, [change])


def times_in(path: Path) -> list[float]:
    """Return when the stored reads were."""
    return [sample.at for sample in reads_database.between(path, 0, 4e9)["imported"].samples]


def test_a_longer_interval_costs_no_history(tmp_path: Path) -> None:
    """There are more reads than three years of hours have, but they are of three years."""
    path = tmp_path / DATABASE
    times = [day * DAY for day in range(100, 200)]
    store(path, times)
    reads_database.drop_old(path, 10, 100 * DAY)
    assert times_in(path) == times
    reads_database.drop_old(path, 10, 49.5 * DAY)
    assert times_in(path) == times[50:]


def test_what_a_clock_that_is_far_ahead_wrote_makes_nothing_too_old(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    times = [*(day * DAY for day in range(20)), 5000 * DAY]
    store(path, times)
    reads_database.drop_old(path, 30, 1000 * DAY)
    assert times_in(path) == times


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


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    """SQLite opens such a file, and says so only when it is asked, or comes across the page."""
    path = tmp_path / DATABASE
    store(path, [900.25 * place for place in range(3000)])
    content = bytearray(path.read_bytes())
    content[10 * 1024 + 8 : 10 * 1024 + 12] = b"\xff" * 4
    path.write_bytes(content)
    with pytest.raises(sqlite3.DatabaseError) as damage:
        reads_database.check(path)
    assert not reads_database.is_passing(damage.value)


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


async def test_home_assistant_stops_during_a_backup(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """What was not written yet is written, for the last time."""
    path = Disk(hass, entry).path(DATABASE)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await async_pre_backup(hass)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    assert reads_database.latest(path, 3600)["imported"].latest.value == 5_000_100
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert reads_database.latest(path, 3600)["imported"].latest.value == 5_000_350


async def test_a_backup_waits_for_a_write_that_is_under_way(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Such as that after another backup."""
    begun, may_go_on = Event(), Event()
    write = reads_database.write

    def slow_write(path: Path, changes: Sequence[TrackChange]) -> None:
        begun.set()
        may_go_on.wait(10)
        write(path, changes)

    await async_pre_backup(hass)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    monkeypatch.setattr(reads_database, "write", slow_write)
    writing = asyncio.create_task(async_post_backup(hass))
    assert await hass.async_add_executor_job(begun.wait, 10)
    backup = asyncio.create_task(async_pre_backup(hass))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not backup.done()
    may_go_on.set()
    await asyncio.gather(writing, backup)
    stored = reads_database.latest(Disk(hass, entry).path(DATABASE), 3600)
    assert stored["imported"].latest.value == 5_000_350


async def test_nobody_says_that_a_backup_has_ended(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    path = Disk(hass, entry).path(DATABASE)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await async_pre_backup(hass)
    await border(hass, freezer, meter, "06-11 11:30:00", 5_000_350)
    assert reads_database.latest(path, 3600)["imported"].latest.value == 5_000_100
    await border(hass, freezer, meter, "06-11 12:00:00", 5_000_400)
    stored = reads_database.latest(path, 2 * DAY)["imported"]
    assert [sample.value for sample in stored.samples[-4:]] == [
        5_000_350,
        5_000_350,
        5_000_400,
        5_000_400,
    ]


def allow_writing(path: Path, *, allowed: bool) -> None:
    """Let the file be of a version that may be written, or only be read."""
    content = bytearray(path.read_bytes())
    content[18] = 1 if allowed else 3
    path.write_bytes(content)


async def test_a_file_that_can_only_be_read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is loaded, and logged once, however often it is read."""
    path = Disk(hass, entry).path(DATABASE)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    allow_writing(path, allowed=False)
    assert await hass.config_entries.async_reload(entry.entry_id)
    for minute in (15, 30):
        await border(hass, freezer, meter, f"06-10 12:{minute}:00", 5_000_350 + minute)
        known = await intervals(hass, "06-01 11:45:00", f"06-10 12:{minute}:00")
        assert {interval["quality"] for interval in known} == {"actual"}
    told = [each for each in caplog.messages if each.startswith("The interval data of")]
    assert len(told) == 1
    allow_writing(path, allowed=True)
    await border(hass, freezer, meter, "06-10 12:45:00", 5_000_400)
    assert any("is stored again" in each for each in caplog.messages)
    stored = {sample.value for sample in reads_database.latest(path, DAY)["imported"].samples}
    assert stored >= {5_000_100, 5_000_350, 5_000_365, 5_000_380, 5_000_400}


@pytest.mark.usefixtures("hasty")
async def test_whose_the_reads_are_is_lost(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """Until the meter has answered, nothing is said of its registers."""
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 12:15:00", 5_000_200)
    await hass.config_entries.async_unload(entry.entry_id)
    for name in ("ledger", "totals"):
        Disk(hass, entry).path(name).unlink()
    meter.silent = True
    await start(hass, entry)
    for action, data in (
        ("get_registers", {"at": "2026-06-10 12:05"}),
        ("get_energy", {"start": "2026-06-10 12:00", "end": "2026-06-10 12:15"}),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await ask(hass, action, **data)
        assert refused.value.translation_key == "nothing_known"


@pytest.mark.usefixtures("all_entities_enabled")
@pytest.mark.parametrize("newer", [{DATABASE}, {"ledger", "totals"}])
async def test_a_kill_between_the_writes_of_two_files(
    *,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    newer: set[str],
) -> None:
    """What only one of them knows of midnight, bill and interval data both know."""
    await border(hass, freezer, meter, "06-10 23:45:00", 5_000_100)
    disk = Disk(hass, entry)
    older = disk.copied()
    await border(hass, freezer, meter, "06-11 00:00:00", 5_000_350)
    # What has to be written at once is written before the next poll.
    await poll(hass, freezer, "06-11 00:00:07")
    files = disk.copied()
    await hass.config_entries.async_unload(entry.entry_id)
    disk.restore({name: (files if name in newer else older)[name] for name in files})
    freezer.move_to(instant("06-11 02:00:00"))
    await start(hass, entry)
    count(meter, 5_000_900)
    await poll(hass, freezer, "06-11 02:00:05")
    await poll(hass, freezer, "06-11 02:00:10")
    (quarter,) = await intervals(hass, "06-10 23:45:00", "06-11 00:00:00")
    assert (quarter["imported"], quarter["quality"]) == (0.25, "actual")
    assert (await ask(hass, "get_registers", at="2026-06-11"))["imported"] == 5000.35
    assert kwh(hass, meter, "register_imported_midnight") == 5000.35
