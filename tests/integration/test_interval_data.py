"""Interval data in Home Assistant: actions, the file, kills, damage, and a full disk."""

from collections.abc import AsyncIterator
from datetime import timedelta
import logging
import sqlite3
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.backup import async_post_backup, async_pre_backup
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.stores import reads_database
from tests.device import Device
from tests.integration.bills import begin_at_home, change, count, instant, poll, start
from tests.integration.disk import Disk
from tests.integration.home import entry_for, load
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

BEGIN = instant("06-10 11:00:00")
DATABASE = "intervals.db"


@pytest.fixture
def meter() -> Device:
    """A meter with energies of its own."""
    device = Device()
    count(device, 5_000_000, 70_000)
    return device


@pytest.fixture
async def entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> AsyncIterator[MockConfigEntry]:
    """A meter at home in New York, whose clock has settled."""
    await begin_at_home(hass)
    freezer.move_to(BEGIN)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await settle(hass, freezer)
        yield entry


async def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let half an hour pass, until the clock is trusted."""
    await poll(hass, freezer, dt_util.utcnow() + timedelta(minutes=31))


async def border(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, when: str, imported: int
) -> None:
    """Poll a meter just before and just after a border, at which its register shows so many Wh."""
    count(meter, imported)
    moment = instant(when)
    for seconds in (-3, 2):
        await poll(hass, freezer, moment + timedelta(seconds=seconds))


async def ask(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action and return its response."""
    response = await hass.services.async_call(
        DOMAIN, action, data, blocking=True, return_response=True
    )
    assert response is not None
    return dict(response)


async def intervals(hass: HomeAssistant, start_: str, end: str, **data: Any) -> list[Any]:
    """Return intervals between two local times of 2026."""
    span = {"start": f"2026-{start_}", "end": f"2026-{end}"}
    response = await ask(hass, "get_intervals", **span, **data)
    found = response["intervals"]
    assert isinstance(found, list)
    return found


async def test_the_actions_answer(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    count(meter, 5_000_550)
    await poll(hass, freezer, "06-10 12:20:02")
    span = {"start": "2026-06-10 00:00:00", "end": "2026-06-11 00:00:00"}
    response = await ask(hass, "get_intervals", config_entry_id=entry.entry_id, **span)
    assert response["serial_number"] == meter.serial_number
    assert response["minutes"] == 15
    assert response["estimated_share"] == pytest.approx(0.15 / 0.5, abs=1e-3)
    *earlier, quarter, last = response["intervals"]
    assert {interval["quality"] for interval in earlier} == {"actual"}
    assert quarter == {
        "start": "2026-06-10T11:45:00-04:00",
        "end": "2026-06-10T12:00:00-04:00",
        "imported": 0.25,
        "exported": 0.0,
        "quality": "actual",
    }
    # There are no reads from 12:00:02 to 12:20:02.
    assert last == {
        "start": "2026-06-10T12:00:00-04:00",
        "end": "2026-06-10T12:15:00-04:00",
        "imported": pytest.approx(0.2 * 898 / 1200, abs=1e-6),
        "imported_lowest": 0.0,
        "imported_highest": 0.2,
        "exported": 0.0,
        "quality": "estimated",
    }

    energy = await ask(hass, "get_energy", **span)
    assert energy["start"] == "2026-06-10T11:00:00-04:00"
    assert energy["end"] == "2026-06-10T12:20:02-04:00"
    assert energy["imported"] == energy["net"] == pytest.approx(0.55)
    assert energy["registers_at_start"]["imported"] == 5000.0
    assert energy["registers_at_end"]["imported"] == 5000.55
    assert energy["registers_at_end"]["serial_number"] == meter.serial_number
    # What flowed since 12:15 is no whole interval, and an estimate, too.
    assert energy["estimated_share"] == pytest.approx(0.2 / 0.55, abs=1e-3)

    registers = await ask(hass, "get_registers", at="2026-06-10 11:45:00")
    assert registers == {
        "at": "2026-06-10T11:45:00-04:00",
        "serial_number": meter.serial_number,
        "imported": 5000.1,
        "exported": 70.0,
    }


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("get_energy", {"start": "2026-06-10 12:00", "end": "2026-06-10 12:00"}, "end_before"),
        ("get_energy", {"start": "2026-05-10 12:00", "end": "2026-06-10 10:00"}, "nothing_known"),
        ("get_intervals", {"start": "2020-01-01", "end": "2026-01-01"}, "too_many_intervals"),
        ("get_registers", {"at": "2026-06-10 10:59"}, "nothing_known"),
        ("get_registers", {"at": "2026-06-10 11:32"}, "nothing_known"),
        ("get_registers", {"at": "2026-06-10", "config_entry_id": "none"}, "entry_not_found"),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_what_cannot_be_answered(
    hass: HomeAssistant, action: str, data: dict[str, Any], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await ask(hass, action, **data)
    assert key in str(error.value.translation_key)


@pytest.mark.usefixtures("hasty")
async def test_the_registers_of_a_meter_that_was_never_read(hass: HomeAssistant) -> None:
    async with network(meter := Device()) as line:
        entry = entry_for(meter, network_data(line))
        meter.silent = True
        await load(hass, entry)
        with pytest.raises(ServiceValidationError):
            await ask(hass, "get_registers", at="2026-06-10 11:45:00")


async def test_a_kill_costs_no_interval(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    disk = Disk(hass, entry)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    await border(hass, freezer, meter, "06-10 12:15:00", 5_000_400)
    known = await intervals(hass, "06-10 11:00:00", "06-10 12:15:00")
    assert [interval["imported"] for interval in known[-2:]] == [0.25, 0.05]
    left = disk.copied()
    await hass.config_entries.async_unload(entry.entry_id)
    disk.restore(left)
    freezer.move_to(instant("06-10 12:20:00"))
    await start(hass, entry)
    assert await intervals(hass, "06-10 11:00:00", "06-10 12:15:00") == known
    await border(hass, freezer, meter, "06-10 12:30:00", 5_000_500)
    (running,) = await intervals(hass, "06-10 12:15:00", "06-10 12:30:00")
    assert (running["imported"], running["quality"]) == (0.1, "actual")


async def test_what_is_no_longer_in_memory(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """It is read from the file, with and without a restart."""
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    for day in range(11, 20):
        await border(hass, freezer, meter, f"06-{day} 12:00:00", 5_000_350 + day)
    for _ in range(2):
        (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
        assert (known["imported"], known["quality"]) == (0.25, "actual")
        found = await intervals(hass, "06-10 12:00:00", "06-19 12:00:00", minutes=60)
        assert len(found) == 9 * 24
        assert sum(each["imported"] for each in found) == pytest.approx(0.019, abs=1e-4)
        energy = await ask(hass, "get_energy", start="2026-06-10 12:00", end="2026-06-19 12:00")
        assert energy["imported"] == pytest.approx(0.019, abs=1e-4)
        assert energy["estimated_share"] == 1
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        await poll(hass, freezer, instant("06-19 12:01:00"))


async def test_a_long_gap_is_shaped(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """The grid connection exports while the sun shines, in San Diego, also if the file fails."""
    await change(hass, entry, role="grid")
    await border(hass, freezer, meter, "06-10 20:00:00", 5_000_000)
    count(meter, 5_001_800, 71_000)
    await poll(hass, freezer, "06-11 14:00:02")
    await poll(hass, freezer, "06-11 14:00:07")
    path = Disk(hass, entry).path(DATABASE)
    for fails in (False, True):
        if fails:
            path.unlink()
            path.mkdir()
        found = await intervals(hass, "06-10 20:00:00", "06-11 14:00:00", minutes=60)
        exported = [each["exported"] for each in found]
        assert sum(exported) == pytest.approx(1, abs=1e-3)
        assert min(exported[:2]) > 0.05
        assert exported[4:12] == [0] * 8
        assert [each["imported"] for each in found] == pytest.approx([0.1] * 18, abs=1e-3)


async def test_no_bar_is_above_the_rated_power(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """10 kWh do not fit into the three hours until sunset: some must have flowed in the dark."""
    await border(hass, freezer, meter, "06-10 20:00:00", 5_000_000)
    for rating, most in (({}, 3.5), ({"ct_rating": 2, "ct_sets": 1}, 2 * 277 * 3 / 1000)):
        await change(hass, entry, role="grid", **rating)
        count(meter, 5_001_800, 80_000)
        await poll(hass, freezer, "06-11 05:00:02")
        await poll(hass, freezer, "06-11 05:00:07")
        found = await intervals(hass, "06-10 20:00:00", "06-11 05:00:00", minutes=60)
        exported = [each["exported"] for each in found]
        assert sum(exported) == pytest.approx(10, abs=1e-2)
        assert most - 0.3 < max(exported) <= most + 1e-3


async def test_intervals_of_another_length(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await change(hass, entry, interval=5)
    await border(hass, freezer, meter, "06-10 11:40:00", 5_000_100)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_130)
    (known,) = await intervals(hass, "06-10 11:40:00", "06-10 11:45:00")
    assert (known["imported"], known["quality"]) == (0.03, "actual")


async def test_a_removed_meter_leaves_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_100)
    disk = Disk(hass, entry)
    assert DATABASE in disk.names
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert disk.names == set()


def overwrite(disk: Disk) -> None:
    """Let something else be in the file."""
    disk.path(DATABASE).write_bytes(b"no database at all, but as long as one" * 50)


def truncate(disk: Disk) -> None:
    """Lose the end of the file."""
    content = disk.path(DATABASE).read_bytes()
    disk.path(DATABASE).write_bytes(content[: len(content) // 2])


def of_later_version(disk: Disk) -> None:
    """Let a later version have written the file."""
    with sqlite3.connect(disk.path(DATABASE)) as database:
        database.execute("PRAGMA user_version = 2")
    database.close()


def of_others(disk: Disk) -> None:
    """Let another program have written the file."""
    disk.path(DATABASE).unlink()
    with sqlite3.connect(disk.path(DATABASE)) as database:
        database.execute("CREATE TABLE reads (other INTEGER)")
        database.execute("PRAGMA user_version = 1")
    database.close()


@pytest.mark.parametrize("damage", [overwrite, truncate, of_later_version, of_others])
async def test_a_damaged_file_is_set_aside(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    damage: Any,
) -> None:
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_100)
    await hass.config_entries.async_unload(entry.entry_id)
    disk = Disk(hass, entry)
    damage(disk)
    caplog.clear()
    await start(hass, entry)
    (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "has lost the interval data of earlier days" in line.getMessage()
    assert line.getMessage().endswith(f"{DATABASE}.unreadable")
    assert f"{DATABASE}.unreadable" in disk.names
    await settle(hass, freezer)
    await border(hass, freezer, meter, "06-10 12:45:00", 5_000_200)
    await border(hass, freezer, meter, "06-10 13:00:00", 5_000_300)
    (known,) = await intervals(hass, "06-10 12:45:00", "06-10 13:00:00")
    assert (known["imported"], known["quality"]) == (0.1, "actual")
    assert reads_database.latest(disk.path(DATABASE), 3600)


async def test_a_file_that_is_damaged_while_it_is_used(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
) -> None:
    """What is in memory is written again."""
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_100)
    disk = Disk(hass, entry)
    overwrite(disk)
    await border(hass, freezer, meter, "06-10 12:15:00", 5_000_200)
    await border(hass, freezer, meter, "06-10 12:30:00", 5_000_300)
    assert f"{DATABASE}.unreadable" in disk.names
    stored = reads_database.latest(disk.path(DATABASE), 86400)
    assert stored["imported"].samples[0].at == BEGIN.timestamp()
    assert stored["imported"].latest.value == 5_000_300


async def test_a_file_that_cannot_be_written_for_a_while(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged once, and nothing is lost."""
    disk = Disk(hass, entry)
    disk.path(DATABASE).unlink()
    disk.path(DATABASE).mkdir()
    for minute, imported in ((45, 5_000_100), (50, 5_000_100)):
        await border(hass, freezer, meter, f"06-10 11:{minute}:00", imported)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    told = [each for each in caplog.messages if "cannot be read or written now" in each]
    assert len(told) == 1
    assert str(disk.path(DATABASE)) in told[0]
    assert (await intervals(hass, "06-10 11:45:00", "06-10 12:00:00"))[0]["imported"] == 0.25
    disk.path(DATABASE).rmdir()
    await border(hass, freezer, meter, "06-10 12:15:00", 5_000_400)
    assert any("is stored again" in each for each in caplog.messages)
    stored = reads_database.latest(disk.path(DATABASE), 86400)
    assert {sample.value for sample in stored["imported"].samples} >= {5_000_350, 5_000_400}


async def test_nothing_is_written_while_a_backup_is_made(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    path = Disk(hass, entry).path(DATABASE)
    await border(hass, freezer, meter, "06-10 11:45:00", 5_000_100)
    copied = path.read_bytes()
    await async_pre_backup(hass)
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_350)
    assert path.read_bytes() == copied
    await async_post_backup(hass)
    assert reads_database.latest(path, 3600)["imported"].latest.value == 5_000_350
    await border(hass, freezer, meter, "06-10 12:15:00", 5_000_400)
    assert reads_database.latest(path, 3600)["imported"].latest.value == 5_000_400


async def test_the_oldest_reads_are_dropped(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await border(hass, freezer, meter, "06-10 12:00:00", 5_000_100)
    path = Disk(hass, entry).path(DATABASE)
    before = reads_database.between(path, 0, 4e9)["imported"].samples
    reads_database.drop_old(path, 3, 0)
    assert reads_database.between(path, 0, 4e9)["imported"].samples == before[-3:]
    reads_database.drop_old(path, 3, 0)
    assert reads_database.between(path, 0, 4e9)["imported"].samples == before[-3:]


def test_an_empty_file_is_a_new_one(tmp_path: Any) -> None:
    """So is one that was killed while it was created."""
    path = tmp_path / DATABASE
    path.touch()
    reads_database.check(path)
    assert reads_database.latest(path, 3600) == {}


async def test_the_midnights_of_0_1_0_are_known(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """That version stored no intervals; what it knew of midnights bounds them."""
    await border(hass, freezer, meter, "06-11 00:00:00", 5_001_000)
    await border(hass, freezer, meter, "06-12 00:00:00", 5_003_400)
    await hass.config_entries.async_unload(entry.entry_id)
    Disk(hass, entry).path(DATABASE).unlink()
    freezer.move_to(instant("06-12 00:01:00"))
    await start(hass, entry)
    found = await intervals(hass, "06-11 00:00:00", "06-12 00:00:00", minutes=60)
    assert {interval["quality"] for interval in found} == {"estimated"}
    assert [interval["imported"] for interval in found] == pytest.approx([0.1] * 24, abs=1e-4)
    energy = await ask(hass, "get_energy", start="2026-06-11", end="2026-06-12")
    assert energy["imported"] == 2.4
