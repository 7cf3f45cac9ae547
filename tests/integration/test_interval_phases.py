"""Interval data of phases: those whose energy sensors are enabled."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.auth.models import User
from homeassistant.auth.permissions.models import PermissionLookup
from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.export_file import async_export_file
from custom_components.dts307.meter.exports import Format
from custom_components.dts307.stores import reads_database
from tests.device import Device
from tests.integration.bills import change, count, instant, poll, start
from tests.integration.disk import Disk
from tests.integration.home import let_pass
from tests.integration.interval_data import rows, wh
from tests.integration.test_export_action import export, opened
from tests.integration.test_interval_data import (
    DATABASE,
    ask,
    entry as _entry,
    intervals,
)
from tests.integration.test_replacement import answer, replace

pytestmark = pytest.mark.usefixtures("real_disk")

entry = _entry


@pytest.fixture
def meter() -> Device:
    """A meter that counts each phase."""
    device = Device()
    count(device, 5_000_000, 70_000)
    for phase in "ABC":
        device.write(f"TotWhImpPh{phase}", 2_000_000)
        device.write(f"TotWhExpPh{phase}", 30_000)
    return device


PHASES = ("imported_a", "exported_a", "imported_b", "exported_b", "imported_c", "exported_c")


async def enable(
    hass: HomeAssistant, entry: MockConfigEntry, *keys: str, enabled: bool = True
) -> None:
    """Enable energy sensors, so that Home Assistant reloads the entry, or disable them."""
    registry = er.async_get(hass)
    for key in keys:
        unique_id = f"{entry.unique_id}_energy_{key}"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        by = None if enabled else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity_id, disabled_by=by)
    await let_pass(hass, RELOAD_AFTER_UPDATE_DELAY + 1)


async def pass_border(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, when: str, flowed: int
) -> None:
    """Poll a meter at a border, by which so many Wh have flowed in on phase A, and out on B."""
    count(meter, 5_000_000 + flowed, 70_000 + flowed)
    meter.write("TotWhImpPhA", 2_000_000 + flowed)
    meter.write("TotWhExpPhB", 30_000 + flowed)
    for seconds in (-3, 2):
        await poll(hass, freezer, instant(when) + timedelta(seconds=seconds))


def stored_of(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the tracks of phases in the file."""
    names = reads_database.COLUMNS + PHASES
    return set(reads_database.between(Disk(hass, entry).path(DATABASE), 0, 4e9, names)) & {*PHASES}


async def csv_of(
    hass: HomeAssistant, entry: MockConfigEntry, user: User | None = None
) -> list[dict[str, str]]:
    """Return the rows of the file that a user exports, or an automation."""
    asked = {"format": Format.CSV, "start": instant("06-10 00:00:00"), "minutes": 15}
    return rows((await async_export_file(hass, entry, asked, user)).text)


async def test_disabled_phases_cost_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """They are by default: nothing is kept in memory or in a file, and nothing is answered."""
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    assert stored_of(hass, entry) == set()
    assert not entry.runtime_data.billing.ledger.recent.keys() & {*PHASES}
    span = {"start": "2026-06-10 11:45", "end": "2026-06-10 12:00"}
    assert "phases" not in await ask(hass, "get_energy", **span)
    (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
    assert "phases" not in known
    assert not [column for column in (await csv_of(hass, entry))[0] if column[-2:] == "_a"]
    await hass.config_entries.async_unload(entry.entry_id)
    disk = Disk(hass, entry)
    assert not disk.content("totals")["points"].keys() & {*PHASES}
    assert b"phases" not in disk.path(DATABASE).read_bytes()


async def test_the_actions_answer_of_enabled_phases(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """One sensor of a phase is enough; a phase begins when it is enabled."""
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    await pass_border(hass, freezer, meter, "06-10 12:15:00", 450)
    before, running, whole = await intervals(hass, "06-10 11:30:00", "06-10 12:15:00")
    assert "phases" not in before
    assert "phases" not in running
    assert whole == {
        "start": "2026-06-10T12:00:00-04:00",
        "end": "2026-06-10T12:15:00-04:00",
        "imported": 0.25,
        "exported": 0.25,
        "quality": "actual",
        "phases": {"a": {"imported": 0.25, "exported": 0.0, "quality": "actual"}},
    }
    energy = await ask(hass, "get_energy", start="2026-06-10 11:00", end="2026-06-10 12:15")
    assert energy["start"] == "2026-06-10T11:00:00-04:00"
    of_a = energy["phases"]["a"]
    assert energy["phases"].keys() == {"a"}
    assert of_a.pop("start") == "2026-06-10T11:45:02-04:00"
    assert of_a == {
        "end": "2026-06-10T12:15:00-04:00",
        "imported": 0.35,
        "exported": 0.0,
        "net": 0.35,
        "estimated_share": 0.0,
    }
    assert stored_of(hass, entry) == {"imported_a", "exported_a"}


async def test_the_file_has_the_columns_of_known_phases(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await enable(hass, entry, "exported_b")
    for minute in (45, 50, 55):
        await pass_border(hass, freezer, meter, f"06-10 11:{minute}:00", minute)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    found = await csv_of(hass, entry)
    assert list(found[-1])[-3:] == ["delivered_b_kwh", "received_b_kwh", "quality_b"]
    assert found[0]["quality_b"] == ""
    assert found[-1]["quality_b"] == "actual"
    assert wh(found[-1:], "received_b_kwh") == wh(found[-1:], "received_kwh") == Decimal(155)
    assert wh(found[-1:], "delivered_b_kwh") == 0


async def test_users_get_the_phases_that_they_may_read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    """So do those who open a link that they made."""
    await enable(hass, entry, "imported_a", "imported_b")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    registry = er.async_get(hass)
    user = MockUser().add_to_hass(hass)
    user.perm_lookup = PermissionLookup(registry, dr.async_get(hass))
    readable: dict[str, Any] = {}
    for key in ("imported", "exported", "imported_a", "exported_a", "imported_b"):
        unique_id = f"{entry.unique_id}_energy_{key}"
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
        assert entity_id is not None
        readable[entity_id] = {"read": True}
    user.mock_policy({"entities": {"entity_ids": readable}})
    columns = set((await csv_of(hass, entry, user))[0])
    assert "received_a_kwh" in columns
    assert "received_b_kwh" not in columns
    assert "received_b_kwh" in (await csv_of(hass, entry))[0]
    for context, linked in (
        (Context(user_id=user.id), columns),
        (Context(), {*columns, "delivered_b_kwh", "received_b_kwh", "quality_b"}),
    ):
        answered = await export(hass, context, format="csv", start="2026-06-10")
        _, text = await opened(hass_client_no_auth, answered["url"])
        assert set(rows(text)[0]) == linked


async def test_a_sum_of_phases_needs_them_all(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await enable(hass, entry, "exported_phases")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
    assert known["phases"].keys() == {"a", "b", "c"}
    assert sum(each["exported"] for each in known["phases"].values()) == 0.1


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


async def test_a_restart_while_the_clock_is_not_trusted(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """What a phase counted since the last border goes on from the latest reading."""
    await enable(hass, entry, "imported_a")
    await pass_border(hass, freezer, meter, "06-10 11:45:00", 100)
    await pass_border(hass, freezer, meter, "06-10 12:00:00", 200)
    await hass.config_entries.async_unload(entry.entry_id)
    assert Disk(hass, entry).content("totals")["points"]["imported_a"][1] == 2_000_200
    freezer.move_to(instant("06-10 12:14:57"))
    await start(hass, entry)
    await pass_border(hass, freezer, meter, "06-10 12:30:00", 300)
    *_, last = await intervals(hass, "06-10 12:00:00", "06-10 12:30:00")
    assert last["phases"]["a"]["imported"] == last["imported"]


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


async def test_an_outage_of_phases(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """A phase exports only while the sun may shine, and never more than one phase can carry."""
    await enable(hass, entry, "imported_a", "exported_b")
    await change(hass, entry, role="grid", ct_rating=5, ct_sets=1)
    await pass_border(hass, freezer, meter, "06-10 20:00:00", 0)
    await pass_border(hass, freezer, meter, "06-11 14:00:00", 8_000)
    await poll(hass, freezer, "06-11 14:00:07")
    found = await intervals(hass, "06-10 20:00:00", "06-11 14:00:00", minutes=60)
    imported, exported = (
        [each["phases"][phase][name] for each in found]
        for phase, name in (("a", "imported"), ("b", "exported"))
    )
    assert sum(imported) == pytest.approx(8, abs=1e-3)
    assert imported == pytest.approx([8 / 18] * 18, abs=1e-3)
    assert sum(exported) == pytest.approx(8, abs=1e-3)
    assert exported[4:12] == [0] * 8
    assert max(exported) <= 5 * 277 / 1000 + 1e-3
    assert {each["phases"]["b"]["quality"] for each in found} == {"estimated"}


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
    assert await answer(hass, entry, "same_place") == "create_entry"
    count(meter, 111, 3)
    meter.write("TotWhImpPhA", 67)
    for moment in ("11:59:57", "12:00:02"):
        await poll(hass, freezer, f"06-10 {moment}")
    (known,) = await intervals(hass, "06-10 11:45:00", "06-10 12:00:00")
    assert (known["imported"], known["quality"]) == (0.1, "edited")
    of_a = known["phases"]["a"]
    assert (of_a["imported"], of_a["exported"], of_a["quality"]) == (0.06, 0.0, "edited")
    assert of_a["imported_lowest"] == 0.06
