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
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.data_export.file import async_export_file
from custom_components.dts307.meter.exports import Format
from custom_components.dts307.stores import reads_database
from tests.device import Device
from tests.integration.bills import count, instant, poll
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
