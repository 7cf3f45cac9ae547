"""What happens to a meter is announced once: by its event entity, on the bus and in the logbook."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNKNOWN
from homeassistant.core import CoreState, Event, HomeAssistant, State
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import CounterFilter, HeldValues, Trusted
from custom_components.dts307.meter_events import BUS_EVENT
from custom_components.dts307.stores.stored_counters import StoredCounters, last_read
from simulator import MeterConfig
from tests.device import Device
from tests.integration.home import entry_for, let_pass, let_poll, load
from tests.integration.repair_flows import open_repair
from tests.lines import network, network_data

ENTITY = "event.dts_307_meter_events"
START = datetime(2026, 6, 1, 12, 2, tzinfo=UTC)
OLD, NEW = "S30700100", "S30799999"


@pytest.fixture
async def meter(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Device:
    """A meter that has imported 5 MWh, in a home in Berlin at which time stands still."""
    freezer.move_to(START)
    await hass.config.async_set_time_zone("Europe/Berlin")
    device = Device()
    device.write("TotWhImp", 5_000_000)
    device.write("TotWhExp", 700_000)
    return device


def told(events: list[Event[Any]]) -> list[dict[str, Any]]:
    """Return what the events on the bus say, apart from whose they are."""
    return [
        {key: value for key, value in event.data.items() if not key.endswith("_id")}
        for event in events
    ]


def shown(hass: HomeAssistant) -> State:
    """Return the state of the event entity."""
    state = hass.states.get(ENTITY)
    assert state is not None
    return state


async def be_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, **passed: float
) -> None:
    """Let the line be cut for a while, while energy goes on flowing."""
    meter.refusal = ExcCodes.ILLEGAL_ADDRESS
    await let_poll(hass, freezer)
    freezer.tick(timedelta(**passed) - timedelta(seconds=6))
    meter.write("TotWhImp", 5_003_210)
    meter.write("TotWhExp", 700_400)
    meter.refusal = None
    await let_pass(hass, 30)


async def answer(hass: HomeAssistant, entry: MockConfigEntry, issue: str, choice: str) -> None:
    """Answer a repair about an entry's meter."""
    asked = ir.async_get(hass).async_get_issue(DOMAIN, f"{issue}_{entry.entry_id}")
    opened = await open_repair(hass, asked)
    manager = hass.data["repairs"]["flow_manager"]
    await manager.async_configure(opened["flow_id"], {"next_step_id": choice})
    await hass.async_block_till_done(wait_background_tasks=True)


OUTAGE = {
    "type": "outage",
    "begin": "2026-06-01T14:02:00+02:00",
    "end": "2026-06-01T17:05:00+02:00",
    "seconds": 10_980,
    "imported": 3.21,
    "exported": 0.4,
    "restarted": False,
    "estimated_begin": "2026-06-01T14:00:00+02:00",
    "estimated_end": "2026-06-01T17:15:00+02:00",
}


async def test_an_outage(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It is announced when it is over; a single poll that fails is none."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        assert shown(hass).state == STATE_UNKNOWN
        await be_away(hass, freezer, meter, hours=3, minutes=3)
        assert told(announced) == [OUTAGE]
        assert announced[0].data["entity_id"] == ENTITY
        state = shown(hass)
        assert datetime.fromisoformat(state.state) == START + timedelta(hours=3, minutes=3)
        attributes = {key: state.attributes[key] for key in OUTAGE.keys() - {"type"}}
        assert {**attributes, "type": state.attributes["event_type"]} == OUTAGE

        meter.refusal = ExcCodes.ILLEGAL_ADDRESS
        await let_poll(hass, freezer)
        meter.refusal = None
        await let_poll(hass, freezer, 2, seconds=30)
        assert len(announced) == 1
        assert shown(hass) == state


async def test_an_outage_that_makes_no_estimate(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Within an interval, or without energy, both borders are known."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await be_away(hass, freezer, meter, minutes=5)
        await be_away(hass, freezer, meter, hours=1)
    assert [(each["imported"], each["estimated_end"]) for each in told(announced)] == [
        (3.21, None),
        (0, None),
    ]


async def test_an_outage_with_nothing_but_export(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """What was exported in each of its intervals is an estimate, too."""
    announced = async_capture_events(hass, BUS_EVENT)
    meter.write("TotWhImp", 5_003_210)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await be_away(hass, freezer, meter, hours=1)
    (outage,) = told(announced)
    assert (outage["imported"], outage["exported"]) == (0, 0.4)
    assert outage["estimated_begin"] == "2026-06-01T14:00:00+02:00"
    assert outage["estimated_end"] == "2026-06-01T15:15:00+02:00"


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_start_after_a_while(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, *, is_running: bool
) -> None:
    """It is an outage, too; automations are ready for it. What was shown is no event again."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.move_to(START + timedelta(hours=3, minutes=3))
        meter.write("TotWhImp", 5_003_210)
        meter.write("TotWhExp", 700_400)
        hass.set_state(CoreState.running if is_running else CoreState.starting)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        if not is_running:
            assert not announced
            hass.set_state(CoreState.running)
            hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
            await hass.async_block_till_done(wait_background_tasks=True)
        assert told(announced) == [OUTAGE | {"restarted": True}]
        state = shown(hass)
        assert state.attributes["event_type"] == "outage"

        freezer.tick(timedelta(seconds=30))
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert len(announced) == 1
        assert shown(hass).state == state.state
        assert shown(hass).attributes == state.attributes


async def test_a_question_is_no_outage_after_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """A counter in quarantine is read, even if it is not believed; the others are known."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        meter.write("TotWhImp", 9_000_000)
        await let_poll(hass, freezer, 20)
        assert await hass.config_entries.async_reload(entry.entry_id)
        await let_poll(hass, freezer)
        assert not announced
        await be_away(hass, freezer, meter, minutes=10)
        meter.write("TotWhImp", 9_000_050)
        await let_poll(hass, freezer, 20)
        assert [(each["imported"], each["exported"]) for each in told(announced)] == [(None, 0.4)]


async def test_a_rollover(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    announced = async_capture_events(hass, BUS_EVENT)
    meter.let_flow()
    meter.write("TotWhImp", 4_294_967_290)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        for register in (4, 14, 24):
            meter.write("TotWhImp", register)
            await let_poll(hass, freezer)
    assert told(announced) == [
        {
            "type": "rolled_over",
            "counters": ["energy_imported.total"],
            "register_before": 4_294_967.29,
            "register_now": 0.014,
        }
    ]


async def test_an_answer(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=2)
        await load(hass, entry)
        meter.write("TotWhImp", 3)
        await let_poll(hass, freezer, 14)
        assert not announced
        await answer(hass, entry, "counter_set_back", "zero")
        await let_poll(hass, freezer, 2)
    assert told(announced) == [
        {
            "type": "answered",
            "answer": "zero",
            "counters": ["energy_imported.total"],
            "register_before": 5000.0,
            "register_now": 0.003,
            "counted": 0.003,
            "edited_begin": "2026-06-01T14:00:00+02:00",
            "edited_end": "2026-06-01T14:15:00+02:00",
        }
    ]


async def test_an_answer_that_comes_too_late(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It changes nothing, as the question had settled while it was open."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=1)
        await load(hass, entry)
        meter.write("TotWhImp", 9_000_000)
        await let_poll(hass, freezer, 13)
        asked = ir.async_get(hass).async_get_issue(DOMAIN, f"counter_leap_{entry.entry_id}")
        opened = await open_repair(hass, asked)
        meter.write("TotWhImp", 5_000_100)
        await let_poll(hass, freezer, 2)
        manager = hass.data["repairs"]["flow_manager"]
        await manager.async_configure(opened["flow_id"], {"next_step_id": "real"})
    assert not announced


async def test_another_meter(hass: HomeAssistant, meter: Device) -> None:
    """It is announced once the entities of the new meter are there."""
    announced = async_capture_events(hass, BUS_EVENT)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        meter.refusal = ExcCodes.ILLEGAL_ADDRESS
        await let_pass(hass)
        meter.refusal = None
        meter.become(MeterConfig(serial=NEW))
        await let_pass(hass, 30)
        await answer(hass, entry, "meter_replaced", "same_place")
        assert told(announced) == [
            {"type": "replaced", "old_serial_number": OLD, "new_serial_number": NEW}
        ]
        assert shown(hass).attributes["new_serial_number"] == NEW
        await hass.config_entries.async_remove(entry.entry_id)


async def test_the_example_of_the_documents(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    text = (Path(__file__).parents[2] / "docs/events.md").read_text()
    automation = parse_yaml(text.split("```yaml")[1].split("```")[0])
    notified = async_mock_service(hass, "persistent_notification", "create")
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        assert await async_setup_component(hass, "automation", {"automation": automation})
        await be_away(hass, freezer, meter, hours=3, minutes=3)
    (call,) = notified
    assert call.data["message"] == "From 14:02 to 17:05, 3.21 kWh were imported."


BELIEVED = Trusted(
    confirmed=Sample(value=5.0, at=1000.0), latest=Sample(value=5.0, at=1000.0), offset=2.0
)
HELD = HeldValues(digest="", at=1091.0, earliest=900.0)


@pytest.mark.parametrize(
    ("filters", "held", "expected"),
    [
        ({}, None, None),
        ({"energy_imported.a": BELIEVED}, None, (1000.0, None)),
        ({"energy_imported.total": BELIEVED}, None, (1000.0, 5.0)),
        ({"energy_imported.total": BELIEVED}, HELD, (1091.0, None)),
    ],
)
def test_the_last_reading_that_was_stored(
    filters: dict[str, Trusted], held: HeldValues | None, expected: tuple[float, float] | None
) -> None:
    """A total that was not believed then is not known."""
    stored = StoredCounters(
        is_complete=False,
        filters={key: CounterFilter(trusted=trusted) for key, trusted in filters.items()},
        refresh_period=0.0,
        held_values=held,
        first_sight=None,
    )
    found = last_read(stored)
    assert (found and (found.at, found.totals.imported)) == expected
    assert found is None or found.late == 300.0
