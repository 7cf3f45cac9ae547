"""Interval data of phases over kills, outages, wrong clocks, and another meter."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.bills import begin_at_home, change, count, instant, poll, start
from tests.integration.disk import Disk
from tests.integration.home import entry_for, load
from tests.integration.test_interval_data import DATABASE, ask, entry as _entry, intervals
from tests.integration.test_interval_phases import enable, meter as _meter, pass_border, stored_of
from tests.integration.test_replacement import answer, replace
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

entry, meter = _entry, _meter


async def test_phases_over_kills_and_days(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """A kill costs no interval of a phase, and what memory no longer holds is in the file."""
    disk = Disk(hass, entry)
    await enable(hass, entry, "imported_a", "exported_b")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 350)
    left = disk.copied()
    await hass.config_entries.async_unload(entry.entry_id)
    disk.restore(left)
    freezer.move_to(instant("06-10 12:05:00"))
    await start(hass, entry)
    await pass_border(hass, freezer, meter, "06-10 12:15:00", 500)
    expected = {
        "a": {"imported": 0.15, "exported": 0.0, "quality": "actual"},
        "b": {"imported": 0.0, "exported": 0.15, "quality": "actual"},
    }
    (known,) = await intervals(hass, "06-10 12:00:00", "06-10 12:15:00")
    assert known["phases"] == expected
    for day in range(11, 16):
        await pass_border(hass, freezer, meter, f"06-{day} 12:00:00", 500 + day)
    tracks = entry.runtime_data.billing.settled.recent
    assert tracks["imported_a"].since > instant("06-12 00:00:00").timestamp()
    for _ in range(2):
        assert (await intervals(hass, "06-10 12:00:00", "06-10 12:15:00"))[0]["phases"] == expected
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_restart_within_an_interval(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """What a phase has counted since the last border goes on from the latest reading."""
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    await poll(hass, freezer, "06-10 12:14:57")
    await hass.config_entries.async_unload(entry.entry_id)
    assert Disk(hass, entry).content("totals")["points"]["imported_a"][1] == 2_000_200
    freezer.move_to(instant("06-10 12:15:02"))
    await start(hass, entry)
    await pass_border(hass, freezer, meter, "06-10 12:30:00", 300)
    for known in await intervals(hass, "06-10 12:00:00", "06-10 12:30:00"):
        assert known["phases"]["a"]["imported"] == known["imported"]
        assert known["phases"]["a"]["quality"] == known["quality"] == "actual"


async def test_a_restart_before_the_clock_has_settled(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """The reads of phases wait with those of the totals."""
    await begin_at_home(hass)
    freezer.move_to(instant("06-10 11:00:00"))
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await enable(hass, entry, "imported_a")
        await pass_border(hass, freezer, meter, "06-10 11:15:00", 100)
        await hass.config_entries.async_unload(entry.entry_id)
        disk = Disk(hass, entry)
        assert not disk.path(DATABASE).exists()
        assert "imported_a" in disk.content("totals")["run"]["pending"][-1]["samples"]
        await start(hass, entry)
        await pass_border(hass, freezer, meter, "06-10 11:30:00", 200)
        (known,) = await intervals(hass, "06-10 11:15:00", "06-10 11:30:00")
        assert known["phases"] == {"a": {"imported": 0.1, "exported": 0.0, "quality": "actual"}}


async def test_a_phase_that_was_disabled_for_a_while(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """What it counted meanwhile is an estimate, within its bounds, and the total is not."""
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    await enable(hass, entry, "imported_a", enabled=False)
    await hass.config_entries.async_unload(entry.entry_id)
    await start(hass, entry)
    for minute in (15, 30, 45):
        await pass_border(hass, freezer, meter, f"06-10 12:{minute}:00", 200 + minute)
    (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
    assert known["phases"]["a"]["imported"] == 0.1
    await hass.config_entries.async_unload(entry.entry_id)
    assert "imported_a" not in Disk(hass, entry).content("totals")["points"]
    await start(hass, entry)
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 13:00:00", 300)
    found = await intervals(hass, "06-10 12:00:00", "06-10 13:00:00")
    assert [each["quality"] for each in found] == ["actual"] * 4
    of_a = [each["phases"]["a"] for each in found]
    assert [each["quality"] for each in of_a] == ["estimated"] * 4
    assert sum(each["imported"] for each in of_a) == pytest.approx(0.1)
    for each in of_a:
        assert each["imported_lowest"] <= each["imported"] <= each["imported_highest"] <= 0.1


@pytest.mark.parametrize(("flowed", "fits"), [(8_000, True), (16_000, False)])
async def test_an_outage_of_phases(  # noqa: PLR0913 - fixtures
    *,
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    flowed: int,
    fits: bool,
) -> None:
    """A phase exports while the sun may shine, unless that is more than one phase can carry."""
    most = 5 * 277 / 1000
    await enable(hass, entry, "imported_a", "exported_b")
    await change(hass, entry, role="grid", ct_rating=5, ct_sets=1)
    await pass_border(hass, freezer, meter, "06-10 20:00:00", 0)
    await pass_border(hass, freezer, meter, "06-11 14:00:00", flowed)
    await poll(hass, freezer, "06-11 14:00:07")
    found = await intervals(hass, "06-10 20:00:00", "06-11 14:00:00", minutes=60)
    imported, exported = (
        [each["phases"][phase][name] for each in found]
        for phase, name in (("a", "imported"), ("b", "exported"))
    )
    assert imported == pytest.approx([flowed / 18_000] * 18, abs=1e-3)
    assert sum(exported) == pytest.approx(flowed / 1000, abs=1e-3)
    assert (exported[4:8] == [0] * 4) is fits
    assert max(exported) <= most + 1e-3
    assert {each["phases"]["b"]["quality"] for each in found} == {"estimated"}


async def test_a_phase_is_shaped_by_its_own_days(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """Phase A imports in the evening only, while the total imports all the time."""
    await enable(hass, entry, "imported_a")
    await change(hass, entry, interval=60)
    of_total = of_a = 0
    begin, evening = instant("06-10 12:00:00"), range(19, 23)
    for hour in range(42):
        end = begin + timedelta(hours=hour)
        of_total, of_a = of_total + 1000, of_a + 1000 * (end.hour in evening)
        count(meter, 5_000_000 + of_total)
        meter.write("TotWhImpPhA", 2_000_000 + of_a)
        for seconds in (-3, 2):
            await poll(hass, freezer, end + timedelta(seconds=seconds))
    count(meter, 5_000_000 + of_total + 18_000)
    meter.write("TotWhImpPhA", 2_000_000 + of_a + 4_000)
    for second in (2, 7):
        await poll(hass, freezer, f"06-12 23:00:0{second}")
    found = await intervals(hass, "06-12 05:00:00", "06-12 23:00:00")
    assert [each["imported"] for each in found] == pytest.approx([1.0] * 18, abs=0.01)
    for hour, each in enumerate(found, start=6):
        expected = 1.0 if hour in evening else 0.0
        assert each["phases"]["a"]["imported"] == pytest.approx(expected, abs=0.01)


async def test_phases_of_a_replaced_file(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """A file that is lost while it is used gets the columns again."""
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    Disk(hass, entry).path(DATABASE).unlink()
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    await pass_border(hass, freezer, meter, "06-10 12:15:00", 300)
    assert "imported_a" in stored_of(hass, entry)


@pytest.mark.usefixtures("hasty")
async def test_phases_of_a_replaced_meter(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """A phase goes on from what was first seen of the other meter, and the gap is edited."""
    assert await async_setup_component(hass, "repairs", {})
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    meter.silent = True
    await poll(hass, freezer, "06-10 11:50:00")
    meter.silent = False
    replace(meter)
    count(meter, 11, 3)
    meter.write("TotWhImpPhA", 7)
    meter.write("TotWhExpPhA", 2)
    await poll(hass, freezer, "06-10 11:51:00")
    count(meter, 111, 3)
    meter.write("TotWhImpPhA", 67)
    freezer.move_to(instant("06-10 11:57:00"))
    assert await answer(hass, entry, "same_place") == "create_entry"
    for moment in ("11:59:57", "12:00:02"):
        await poll(hass, freezer, f"06-10 {moment}")
    (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
    assert (known["imported"], known["quality"]) == (0.1, "edited")
    of_a = known["phases"]["a"]
    assert (of_a["imported"], of_a["exported"], of_a["quality"]) == (0.06, 0.0, "edited")
    assert of_a["imported_lowest"] == 0.06
    part = await ask(hass, "get_energy", start="2026-06-10 11:45", end="2026-06-10 11:55")
    assert part["phases"]["a"]["imported"] / 0.06 == pytest.approx(part["imported"] / 0.1, abs=1e-3)
