"""What energy costs in Home Assistant: at the price of its time, with the real recorder."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
import logging
from pathlib import Path
import threading
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.entity_component import async_update_entity
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from sqlalchemy.exc import OperationalError

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.prices import price_entity
from custom_components.dts307.stores import clock
from custom_components.dts307.stores.cost import FILE_COST
from tests.device import Device
from tests.integration.bills import begin_at_home, change, count, instant, kwh, poll, sensor, start
from tests.integration.disk import Disk
from tests.integration.home import entry_for, load
from tests.integration.repair_flows import choose, open_repair
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("real_disk")

BEGIN = instant("06-10 11:00:00")
PRICE = "sensor.price"
OTHER_PRICE = "sensor.other_price"
COST = "energy_cost"
COMPENSATION = "energy_compensation"
DUST = 1e-5
"""what the time between a border and the reads next to it makes of a cost"""


@pytest.fixture
def meter() -> Device:
    """A meter that has imported 5 MWh."""
    device = Device()
    count(device, 5_000_000, 70_000)
    return device


@pytest.fixture
async def at_home(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """A morning in New York, with a price of 10 cents."""
    await begin_at_home(hass)
    freezer.move_to(BEGIN)
    cost_of_a_kwh(hass, "0.10")


@pytest.fixture
async def entry(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    at_home: None,  # noqa: ARG001 - the time of it
) -> AsyncIterator[MockConfigEntry]:
    """A meter whose clock has settled, with a price entity for import."""
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), import_price_entity=PRICE)
        await load(hass, entry)
        await poll(hass, freezer, "06-10 11:31:00")
        yield entry


def cost_of_a_kwh(hass: HomeAssistant, price: str, unit: str = "EUR/kWh") -> None:
    """Let the price entity show a price."""
    hass.states.async_set(PRICE, price, {"unit_of_measurement": unit})


async def border(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, when: str, imported: int
) -> None:
    """Poll a meter just before and just after a border, at which it has imported so many Wh."""
    count(meter, 5_000_000 + imported)
    for seconds in (-3, 2):
        await poll(hass, freezer, instant(when) + timedelta(seconds=seconds))


async def answers_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, when: str, imported: int
) -> None:
    """Let a meter answer again that has imported so many Wh, and be read twice."""
    meter.refusal = None
    count(meter, 5_000_000 + imported)
    for seconds in (0, 5):
        await poll(hass, freezer, instant(when) + timedelta(seconds=seconds))


def is_there(hass: HomeAssistant, meter: Device, key: str) -> bool:
    """Return whether a meter has a sensor."""
    unique_id = f"{meter.serial_number}_{key}"
    return er.async_get(hass).async_get_entity_id("sensor", DOMAIN, unique_id) is not None


async def compiled(recorder: Recorder, hass: HomeAssistant, entity_id: str) -> list[Any]:
    """Return the sums that the recorder has compiled since the beginning, by five minutes."""
    await async_wait_recording_done(hass)
    at, now = BEGIN.astimezone(dt_util.UTC), dt_util.utcnow()
    while at + timedelta(minutes=5) <= now:
        do_adhoc_statistics(hass, start=at)
        at += timedelta(minutes=5)
    await async_wait_recording_done(hass)
    read = (BEGIN.astimezone(dt_util.UTC), None, {entity_id}, "5minute", None, {"sum"})
    rows = await recorder.async_add_executor_job(statistics_during_period, hass, *read)
    return [row["sum"] for row in rows[entity_id]]


@pytest.mark.usefixtures("recorder_mock", "entry")
async def test_an_outage_costs_the_price_of_its_time(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """1 kWh, then 10 kWh in an outage, and the price is another one when the meter is back.

    Home Assistant's own cost would be 5.10.
    """
    assert await async_setup_component(hass, "sensor", {})
    await border(hass, freezer, meter, "06-10 11:45:00", 0)
    await border(hass, freezer, meter, "06-10 12:00:00", 1000)
    assert kwh(hass, meter, COST) == pytest.approx(0.10, abs=DUST)
    meter.refusal = ExcCodes.GATEWAY_NO_RESPONSE
    for minute in (20, 40):
        await poll(hass, freezer, f"06-10 12:{minute}:00")
        assert kwh(hass, meter, COST) == pytest.approx(0.10, abs=DUST)
    freezer.move_to(instant("06-10 14:00:00"))
    cost_of_a_kwh(hass, "0.50")
    await answers_again(hass, freezer, meter, "06-10 14:00:02", 11_000)
    # Evenly spread, 2 s of the two hours are after the change.
    assert kwh(hass, meter, COST) == pytest.approx(1.10, abs=0.002)
    await border(hass, freezer, meter, "06-10 14:15:00", 11_000)
    shown = sensor(hass, meter, COST)
    assert float(shown.state) == pytest.approx(1.10, abs=0.002)
    assert shown.attributes["unit_of_measurement"] == "EUR"
    assert shown.attributes["device_class"] == "monetary"
    assert shown.attributes["state_class"] == "total"
    sums = await compiled(recorder_mock, hass, shown.entity_id)
    assert sums[-1] == pytest.approx(1.10, abs=0.002)


@pytest.mark.usefixtures("recorder_mock")
@pytest.mark.parametrize("end", ["stopped", "killed", "killed before it was booked"])
async def test_prices_while_the_integration_was_off(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    end: str,
) -> None:
    """The recorder knows them. Nothing is booked twice, and nothing is lost."""
    disk = Disk(hass, entry)
    await border(hass, freezer, meter, "06-10 11:45:00", 0)
    earlier = disk.copied()
    await border(hass, freezer, meter, "06-10 12:00:00", 1000)
    left = disk.copied()
    assert await hass.config_entries.async_unload(entry.entry_id)
    if end != "stopped":
        cost = left if end == "killed" else earlier
        disk.restore({**left, FILE_COST: cost[FILE_COST]})
    freezer.move_to(instant("06-10 13:00:00"))
    cost_of_a_kwh(hass, STATE_UNAVAILABLE)
    cost_of_a_kwh(hass, "500", "EUR/MWh")
    await async_wait_recording_done(hass)
    freezer.move_to(instant("06-10 14:00:00"))
    count(meter, 5_005_000)
    await start(hass, entry)
    await answers_again(hass, freezer, meter, "06-10 14:00:02", 5000)
    await border(hass, freezer, meter, "06-10 14:15:00", 5000)
    # 1 kWh and 2 kWh at 0.10, and 2 kWh at 0.50
    assert kwh(hass, meter, COST) == pytest.approx(1.30, abs=0.002)


async def test_prices_within_an_interval(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """They are weighted by time; what is no price changes nothing, and exports are paid for."""
    await change(hass, entry, export_price=0.08)
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    freezer.move_to(instant("06-10 12:05:00"))
    for text in (STATE_UNAVAILABLE, STATE_UNKNOWN, "inf", "1e12", "-1e-99999"):
        cost_of_a_kwh(hass, text)
    cost_of_a_kwh(hass, "0.10", "EUR")
    freezer.move_to(instant("06-10 12:10:00"))
    cost_of_a_kwh(hass, "-0.40")
    hass.states.async_remove(PRICE)
    await hass.async_block_till_done()
    count(meter, 5_001_500, 71_000)
    await poll(hass, freezer, "06-10 12:14:57")
    await poll(hass, freezer, "06-10 12:15:02")
    # 5 minutes at 0.10, at 0 for an instant, 5 more at 0.10, and 5 at -0.40.
    assert kwh(hass, meter, COST) == pytest.approx(1.5 * (0.10 * 10 - 0.40 * 5) / 15, abs=1e-3)
    assert kwh(hass, meter, COMPENSATION) == pytest.approx(0.08, abs=1e-4)


async def test_the_interval_in_progress_is_shown(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """It is booked when it has ended, and only then."""
    disk = Disk(hass, entry)
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    count(meter, 5_001_000)
    await poll(hass, freezer, "06-10 12:05:00")
    assert kwh(hass, meter, COST) == pytest.approx(0.10)
    await async_update_entity(hass, sensor(hass, meter, COST).entity_id)
    await poll(hass, freezer, "06-10 12:05:06")
    assert kwh(hass, meter, COST) == pytest.approx(0.10)
    assert float(disk.content(FILE_COST)["accounts"]["imported"]["total"]) == 0
    assert (
        disk.content(FILE_COST)["accounts"]["imported"]["until"]
        == instant("06-10 12:00:00").timestamp()
    )


async def test_a_change_of_the_options_applies_from_then_on(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """From a price entity to a number, to none, and back."""
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    freezer.move_to(instant("06-10 12:07:30"))
    await change(hass, entry, import_price_entity=None, import_price=0.3)
    await border(hass, freezer, meter, "06-10 12:15:00", 1000)
    assert kwh(hass, meter, COST) == pytest.approx(0.2, abs=DUST)
    assert not is_there(hass, meter, COMPENSATION)
    await change(hass, entry, import_price=None)
    assert not is_there(hass, meter, COST)
    await border(hass, freezer, meter, "06-10 12:30:00", 2000)
    await border(hass, freezer, meter, "06-10 13:00:00", 3000)
    await change(hass, entry, import_price=0.4)
    await border(hass, freezer, meter, "06-10 13:15:00", 4000)
    # Some seconds of each change are in an interval with another price.
    assert kwh(hass, meter, COST) == pytest.approx(0.2 + 0.4, abs=0.01)
    await change(hass, entry, import_price=None, export_price=0.1)
    assert not is_there(hass, meter, COST)
    assert is_there(hass, meter, COMPENSATION)


async def test_another_interval_length_begins_where_the_former_ended(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """The price before that has nothing to do with what flows after it."""
    cost_of_a_kwh(hass, "0.50")
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    await border(hass, freezer, meter, "06-10 12:15:00", 0)
    cost_of_a_kwh(hass, "0.10")
    await poll(hass, freezer, "06-10 12:20:00")
    await change(hass, entry, interval=60)
    await border(hass, freezer, meter, "06-10 13:00:00", 1000)
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=0.001)


async def test_a_machine_that_was_started_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until its clock is trusted, nothing more is booked; then all of it is."""
    await border(hass, freezer, meter, "06-10 12:00:00", 1000)
    assert await hass.config_entries.async_unload(entry.entry_id)
    monkeypatch.setattr(clock, "BOOT_ID", Path(hass.config.path("of no known run")))
    freezer.move_to(instant("06-10 12:05:00"))
    await start(hass, entry)
    await border(hass, freezer, meter, "06-10 12:15:00", 2000)
    await border(hass, freezer, meter, "06-10 12:30:00", 3000)
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=DUST)
    await poll(hass, freezer, "06-10 12:36:00")
    assert kwh(hass, meter, COST) == pytest.approx(0.3, abs=DUST)


async def test_a_price_entity_that_comes_later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """The price before holds until then; no price costs nothing."""
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    await change(hass, entry, import_price_entity=OTHER_PRICE, export_price_entity=OTHER_PRICE)
    count(meter, 5_001_000, 71_000)
    await poll(hass, freezer, "06-10 12:14:57")
    await poll(hass, freezer, "06-10 12:15:02")
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=1e-4)
    assert kwh(hass, meter, COMPENSATION) == 0
    hass.states.async_set(OTHER_PRICE, "0.5")
    await hass.async_block_till_done()
    count(meter, 5_002_000, 72_000)
    await poll(hass, freezer, "06-10 12:29:57")
    await poll(hass, freezer, "06-10 12:30:02")
    assert kwh(hass, meter, COST) == pytest.approx(0.6, abs=2e-3)
    assert kwh(hass, meter, COMPENSATION) == pytest.approx(0.5, abs=2e-3)


async def test_a_renamed_price_entity_is_followed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """For import and export; another change of the entity means nothing."""
    registry = er.async_get(hass)
    hass.states.async_remove(PRICE)
    known = registry.async_get_or_create("sensor", "other", "1", suggested_object_id="price")
    assert known.entity_id == PRICE
    cost_of_a_kwh(hass, "0.10")
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    registry.async_update_entity(PRICE, name="What a kWh costs")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.options["import_price_entity"] == PRICE
    registry.async_update_entity(PRICE, new_entity_id=OTHER_PRICE)
    hass.states.async_remove(PRICE)
    hass.states.async_set(OTHER_PRICE, "0.10")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.options["import_price_entity"] == OTHER_PRICE
    assert "export_price_entity" not in entry.options
    hass.states.async_set(OTHER_PRICE, "0.50")
    await border(hass, freezer, meter, "06-10 12:15:00", 1000)
    assert kwh(hass, meter, COST) == pytest.approx(0.5, abs=2e-3)


async def test_a_missing_price_is_reported(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """After an hour, until it is back; meanwhile the last known price counts."""

    def reported() -> ir.IssueEntry | None:
        return ir.async_get(hass).async_get_issue(DOMAIN, f"price_missing_{entry.entry_id}")

    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    for missing in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        hass.states.async_set(PRICE, missing)
        await poll(hass, freezer, dt_util.utcnow() + timedelta(minutes=20))
        assert reported() is None
    await poll(hass, freezer, dt_util.utcnow() + timedelta(minutes=40))
    issue = reported()
    assert issue is not None
    assert issue.translation_placeholders == {"name": entry.title, "entities": PRICE}
    hass.states.async_remove(PRICE)
    await border(hass, freezer, meter, "06-10 15:00:00", 1000)
    assert reported() is not None
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=2e-3)
    cost_of_a_kwh(hass, "0.20")
    await hass.async_block_till_done()
    assert reported() is None
    hass.states.async_remove(PRICE)
    await poll(hass, freezer, dt_util.utcnow() + timedelta(minutes=20))
    cost_of_a_kwh(hass, "0.20")
    await poll(hass, freezer, dt_util.utcnow() + timedelta(hours=2))
    assert reported() is None


async def test_without_a_recorder_the_price_before_holds(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    freezer.move_to(instant("06-10 13:00:00"))
    cost_of_a_kwh(hass, "0.50")
    count(meter, 5_001_000)
    await start(hass, entry)
    await border(hass, freezer, meter, "06-10 13:15:00", 1000)
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=0.002)


@pytest.mark.usefixtures("recorder_mock")
async def test_a_recorder_that_fails(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is said, and cost goes on with the price before."""

    def fail(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(price_entity, "state_changes_during_period", fail)
    caplog.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    (line,) = [each for each in caplog.records if each.name == price_entity.__name__]
    assert line.levelno == logging.WARNING
    assert f"cannot say what {PRICE} was" in line.getMessage()
    assert "imported" in entry.runtime_data.store.cost.sources


@pytest.mark.usefixtures("recorder_mock")
async def test_the_end_before_the_prices_are_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    entry: MockConfigEntry,
) -> None:
    """They are learnt after the next start, from the same time on."""
    disk, released = Disk(hass, entry), threading.Event()
    assert await hass.config_entries.async_unload(entry.entry_id)
    before = disk.content(FILE_COST)

    def wait(*_: Any) -> dict[str, Any]:
        released.wait()
        return {}

    monkeypatch.setattr(price_entity, "state_changes_during_period", wait)
    freezer.tick(60)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    released.set()
    assert disk.content(FILE_COST) == before


async def test_a_question_that_is_answered_later(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, entry: MockConfigEntry
) -> None:
    """Until then the counter is held; then its energy costs the prices of the time in question."""
    await change(hass, entry, ct_rating=100.0)
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    count(meter, 5_000_000 + 4_000_000)
    for number in range(14):
        await poll(hass, freezer, instant("06-10 12:00:10") + timedelta(seconds=6 * number))
    await poll(hass, freezer, "06-10 12:30:00")
    freezer.move_to(instant("06-10 12:55:00"))
    cost_of_a_kwh(hass, "0.50")
    await poll(hass, freezer, "06-10 13:49:55")
    assert kwh(hass, meter, COST) == 0
    question = ir.async_get(hass).async_get_issue(DOMAIN, f"counter_leap_{entry.entry_id}")
    await choose(hass, await open_repair(hass, question), "real")
    for second in (0, 5, 10):
        await poll(hass, freezer, instant("06-10 13:50:00") + timedelta(seconds=second))
    await border(hass, freezer, meter, "06-10 14:00:00", 4_000_000)
    # Half of the time in question, and of its energy, was before the change.
    assert kwh(hass, meter, COST) == pytest.approx(4000 * 0.3, rel=0.01)


async def test_polls_while_it_is_booked(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second one waits, and what is not finished before the end is booked after a restart."""
    await border(hass, freezer, meter, "06-10 12:00:00", 0)
    coordinator = entry.runtime_data
    count(meter, 5_001_000)
    await poll(hass, freezer, "06-10 12:14:57")
    freezer.move_to(instant("06-10 12:15:02"))
    await coordinator.async_refresh()
    coordinator.async_update_listeners()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert kwh(hass, meter, COST) == pytest.approx(0.1, abs=DUST)

    finished = asyncio.Event()
    read = coordinator.billing.async_counter

    async def read_late(name: str, start: float, end: float) -> Sequence[Sample]:
        await finished.wait()
        counts: Sequence[Sample] = await read(name, start, end)
        return counts

    monkeypatch.setattr(coordinator.billing, "async_counter", read_late)
    freezer.move_to(instant("06-10 12:30:02"))
    count(meter, 5_002_000)
    await coordinator.async_refresh()
    await coordinator.async_finish()
    finished.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    until = Disk(hass, entry).content(FILE_COST)["accounts"]["imported"]["until"]
    assert until == instant("06-10 12:15:00").timestamp()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert kwh(hass, meter, COST) == pytest.approx(0.2, abs=0.001)


DAMAGES = [
    {},
    {"total": "much"},
    {"total": 1},
    {"prices": []},
    {"prices": [[20, "0.1"], [10, "0.1"]]},
    {"until": -1},
]


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    entry: MockConfigEntry,
    damage: dict[str, Any],
) -> None:
    """It is set aside, and cost starts again."""
    await border(hass, freezer, meter, "06-10 12:00:00", 1000)
    shown = kwh(hass, meter, COST)
    assert shown == pytest.approx(0.1, abs=DUST)
    assert await hass.config_entries.async_unload(entry.entry_id)
    disk = Disk(hass, entry)
    content = disk.content(FILE_COST)
    content["accounts"]["imported"].update(damage)
    disk.write(FILE_COST, content)
    await start(hass, entry)
    assert (f"{FILE_COST}.unreadable" in disk.names) is bool(damage)
    assert kwh(hass, meter, COST) == (0 if damage else shown)


async def test_a_removed_meter_leaves_no_cost(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    disk = Disk(hass, entry)
    assert FILE_COST in disk.names
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert disk.names == set()
