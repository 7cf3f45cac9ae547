"""What Home Assistant writes of a meter with the options as they are by default."""

from collections import Counter
from datetime import datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED, STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)

from custom_components.dts307.automation import SurplusThreshold, async_crosses_threshold
from custom_components.dts307.options import Recording
from tests.device import Device
from tests.integration.bills import count, instant, kwh
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("hasty")


class House:
    """A meter, and Home Assistant that polls it each five seconds."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device) -> None:
        """Begin in the middle of five minutes."""
        self._hass = hass
        self._freezer = freezer
        self.meter = meter
        freezer.move_to(instant("06-10 12:01:00"))

    async def poll(self, power: int | None = None, polls: int = 1) -> None:
        """Let the meter be read, while so much power flows."""
        if power is not None:
            self.meter.write("W", power)
        for _ in range(polls):
            self._freezer.tick(timedelta(seconds=5))
            await let_pass(self._hass, 5)

    def shows(self, key: str = "power") -> str:
        """Return a state of the meter."""
        return state_of(self._hass, self.meter, key)


def economical(meter: Device, line: object, **options: object) -> MockConfigEntry:
    """Return an entry with the default rule."""
    data = network_data(line)  # type: ignore[arg-type]
    return entry_for(meter, data, recording=Recording.ECONOMICAL, **options)


def reported_since(hass: HomeAssistant, begun: datetime) -> set[str]:
    """Return the entities whose states were written since then, changed or not."""
    return {state.entity_id for state in hass.states.async_all() if state.last_reported > begun}


@pytest.fixture
def house(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> House:
    """A house that draws 2 kW."""
    meter = Device()
    meter.write("W_SF", 0)
    meter.write("W", 2000)
    return House(hass, freezer, meter)


async def test_power_is_written_when_it_moves(hass: HomeAssistant, house: House) -> None:
    """By 1 % at once, and by less when the mean would be off by more than a watt."""
    async with network(house.meter) as line:
        await load(hass, economical(house.meter, line))
        await house.poll()
        assert house.shows() == "2000"
        await house.poll(2012)
        assert house.shows() == "2000"
        await house.poll(2021)
        assert house.shows() == "2021"
        await house.poll(2033)
        assert house.shows() == "2021"
        await house.poll(polls=5)
        assert house.shows() == "2033"


async def test_every_reading_is_written_if_the_owner_wants_that(
    hass: HomeAssistant, house: House
) -> None:
    async with network(house.meter) as line:
        await load(hass, entry_for(house.meter, network_data(line), recording="every_reading"))
        for power in (2001, 2002, 2003):
            await house.poll(power)
            assert house.shows() == str(power)


async def test_counters_are_exact_at_the_end_of_five_minutes(
    hass: HomeAssistant, house: House
) -> None:
    """Home Assistant's statistics take the last state before it."""
    async with network(house.meter) as line:
        await load(hass, economical(house.meter, line))
        await house.poll()
        begun = kwh(hass, house.meter, "energy_imported")
        counted = round(begun * 1000)
        for number in range(1, 47):
            counted += 1
            count(house.meter, counted)
            await house.poll()
            if number < 40:
                assert kwh(hass, house.meter, "energy_imported") == begun
        # It is 12:04:55 now.
        assert kwh(hass, house.meter, "energy_imported") == counted / 1000
        assert kwh(hass, house.meter, "imported_this_period") == pytest.approx(0.046)
        count(house.meter, counted + 499)
        await house.poll(polls=2)
        assert kwh(hass, house.meter, "energy_imported") == counted / 1000
        count(house.meter, counted + 500)
        await house.poll(polls=2)
        assert kwh(hass, house.meter, "energy_imported") == counted / 1000 + 0.5


async def test_what_has_not_changed_is_not_reported(hass: HomeAssistant, house: House) -> None:
    async with network(house.meter) as line:
        await load(hass, economical(house.meter, line))
        await house.poll()
        begun = dt_util.utcnow()
        await house.poll(polls=5)
        assert not reported_since(hass, begun)


async def test_a_value_that_stays_is_reported_if_the_owner_wants_every_reading(
    hass: HomeAssistant, house: House
) -> None:
    """A helper that integrates power needs the reports."""
    async with network(house.meter) as line:
        await load(hass, entry_for(house.meter, network_data(line), recording="every_reading"))
        await house.poll()
        begun = dt_util.utcnow()
        await house.poll()
        reported = reported_since(hass, begun)
        assert "sensor.dts_307_power" in reported
        assert not {entity for entity in reported if entity.startswith("binary_sensor")}


async def test_an_outage_and_its_end_are_written_at_once(hass: HomeAssistant) -> None:
    meter = Device()
    meter.write("W", 2000)
    async with network(meter) as line:
        await load(hass, economical(meter, line))
        await let_pass(hass)
        meter.silent = True
        await let_pass(hass)
        assert state_of(hass, meter, "power") == STATE_UNAVAILABLE
        meter.silent = False
        meter.write("W", 2001)
        await let_pass(hass, 30)
        assert state_of(hass, meter, "power") == "2001"


async def test_alarms_and_triggers_follow_each_reading(hass: HomeAssistant, house: House) -> None:
    """An overload is seen in the poll in which it begins, and so is an automation's surplus."""
    calls = async_mock_service(hass, "test", "surplus")
    automation = {
        "triggers": {
            "trigger": "dts307.surplus_crossed_threshold",
            "target": {"entity_id": "sensor.dts_307_power"},
            "options": {
                "threshold": {
                    "type": "above",
                    "value": {"number": 2000, "unit_of_measurement": "W"},
                }
            },
        },
        "actions": {"action": "test.surplus"},
    }
    async with network(house.meter) as line:
        await load(hass, economical(house.meter, line, export_hold=0))
        assert await async_setup_component(hass, "automation", {"automation": automation})
        await house.poll(-1990)
        assert state_of(hass, house.meter, "exporting", "binary_sensor") == STATE_ON
        assert not calls
        await house.poll(-2000)
        assert not calls
        await house.poll(-2001)
        assert len(calls) == 1
        await house.poll(-1999)
        await house.poll(-2001)
        assert len(calls) == 2
        # An automation that is gone has no limits.
        await hass.services.async_call("automation", "turn_off", {"entity_id": "all"})
        await hass.async_block_till_done()
        await house.poll(500)
        assert state_of(hass, house.meter, "exporting", "binary_sensor") == STATE_OFF


async def test_a_limit_that_is_no_power_is_not_waited_for(hass: HomeAssistant) -> None:
    """It is the state of another entity, which is gone or shows something else."""
    limit = {"type": "above", "value": {"entity": "number.limit"}}
    threshold = SurplusThreshold(hass, limit)
    assert not async_crosses_threshold(hass, -100.0, -300.0)
    hass.states.async_set("number.limit", "200", {"unit_of_measurement": "W"})
    assert async_crosses_threshold(hass, -100.0, -300.0)
    assert not async_crosses_threshold(hass, -100.0, -150.0)
    del threshold
    assert not async_crosses_threshold(hass, -100.0, -300.0)


async def test_how_many_states_a_steady_house_costs(hass: HomeAssistant, house: House) -> None:
    """Ten minutes with a watt more or less: a write of power in some minutes, and the counters.

    All counters are written together, so that the disk is not written for each of them.
    """
    async with network(house.meter) as line:
        await load(hass, economical(house.meter, line, ct_rating=100.0))
        await house.poll()
        counted = round(kwh(hass, house.meter, "energy_imported") * 1000)
        events = async_capture_events(hass, EVENT_STATE_CHANGED)
        for number in range(120):
            count(house.meter, counted + number * 3)
            await house.poll(2000 + (number * 7 % 5) - 2)
        written = Counter(event.data["entity_id"] for event in events)
        assert written["sensor.dts_307_power"] < 30
        assert 2 <= written["sensor.dts_307_energy_imported"] <= 4
        assert written.total() < 50, written
        energies = [event for event in events if "energy" in event.data["entity_id"]]
        assert len({event.time_fired for event in energies}) <= 4
