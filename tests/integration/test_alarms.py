"""The states that automations are built on: what they follow, and that they do not flap."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.dts307.const import DOMAIN
from simulator import MeterConfig
from tests.device import METER_MODELS, NOON, Device
from tests.integration.disk import storage_key
from tests.integration.home import entry_for, let_pass, load, state_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("all_entities_enabled")

FLOATS = MeterConfig(model=213)
"""Its raw values are in SI units."""
SERVICE = {"ct_rating": 100.0, "ct_sets": 1}
POLL = 5

VOLTAGES = {"PhVphA": 120.0, "PhVphB": 121.0, "PhVphC": 119.0}
BETWEEN = {"PPVphAB": 208.0, "PPVphBC": 208.0, "PPVphCA": 208.0}
CURRENTS = {"AphA": 20.0, "AphB": 30.0, "AphC": 10.0}


@pytest.fixture
def meter(freezer: FrozenDateTimeFactory) -> Device:
    """A meter that draws 1 kW from a healthy service, at a noon at which time stands still."""
    freezer.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    device = Device(FLOATS)
    write(device, W=1000.0, Hz=60.0, **VOLTAGES, **BETWEEN, **CURRENTS)
    return device


def write(device: Device, **points: float | None) -> None:
    """Let a meter measure these values from now on."""
    for point, value in points.items():
        device.write(point, value)


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: int = POLL) -> None:
    """Let time pass, with a poll every five seconds."""
    for _ in range(seconds // POLL):
        freezer.tick(timedelta(seconds=POLL))
        await let_pass(hass, POLL)


def is_on(hass: HomeAssistant, device: Device, key: str) -> bool:
    """Return whether a binary sensor is on; it must be either."""
    state = state_of(hass, device, key, "binary_sensor")
    assert state in {STATE_ON, STATE_OFF}
    return state == STATE_ON


def entity_of(hass: HomeAssistant, device: Device, key: str, platform: str) -> str | None:
    """Return the entity id for a key, if there is such an entity."""
    unique_id = f"{device.serial_number}_{key}"
    return er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)


def attributes(hass: HomeAssistant, device: Device, key: str) -> dict[str, Any]:
    """Return the attributes that we give to a binary sensor."""
    state = hass.states.get(str(entity_of(hass, device, key, "binary_sensor")))
    assert state is not None
    ours = ("phases", "total", "voltage", "low", "high")
    return {name: value for name, value in state.attributes.items() if name.endswith(ours)}


def changes_of(hass: HomeAssistant, device: Device, key: str) -> list[State | None]:
    """Return a list that each change of a binary sensor's state is added to."""
    changes: list[State | None] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        changes.append(event.data["new_state"])

    async_track_state_change_event(hass, str(entity_of(hass, device, key, "binary_sensor")), note)
    return changes


@pytest.mark.parametrize("model", METER_MODELS)
async def test_noon_and_midnight(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, model: int
) -> None:
    """At noon the house exports, at night it imports; all of it as the meter measures it."""
    freezer.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    config = MeterConfig(model=model, ct_rating=20)
    device = Device(config)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line), ct_rating=20.0, ct_sets=1))
        await poll(hass, freezer, 30)
        power = float(state_of(hass, device, "power"))
        assert power < -100
        assert float(state_of(hass, device, "export_power")) == -power
        assert float(state_of(hass, device, "import_power")) == 0
        assert state_of(hass, device, "energy_direction") == "exporting"
        assert is_on(hass, device, "exporting")
        share = float(state_of(hass, device, "current")) / device_phases(model) / 20 * 100
        assert float(state_of(hass, device, "current_share")) == pytest.approx(share, abs=1e-4)

        device.become(config, timestamp=NOON - 10 * 3600)
        await poll(hass, freezer, 35)
        power = float(state_of(hass, device, "power"))
        assert power > 0
        assert float(state_of(hass, device, "import_power")) == power
        assert float(state_of(hass, device, "export_power")) == 0
        assert state_of(hass, device, "energy_direction") == "importing"
        assert not is_on(hass, device, "exporting")
        assert not is_on(hass, device, "overload")
        assert not is_on(hass, device, "voltage_out_of_band")
        single = model % 10 == 1
        assert (entity_of(hass, device, "phase_lost", "binary_sensor") is None) is single


def device_phases(model: int) -> int:
    """Return the phases of a model."""
    return min(3, model % 10)


async def test_a_cloud_at_noon(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It neither ends an export nor begins one."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        changes = changes_of(hass, meter, "exporting")
        for _ in range(4):
            write(meter, W=-3000.0)
            await poll(hass, freezer, 25)
            write(meter, W=600.0)
            await poll(hass, freezer)
        assert changes == []
        write(meter, W=-3000.0)
        await poll(hass, freezer, 35)
        assert is_on(hass, meter, "exporting")
        for _ in range(4):
            write(meter, W=600.0)
            await poll(hass, freezer, 25)
            assert state_of(hass, meter, "energy_direction") == "importing"
            write(meter, W=-3000.0)
            await poll(hass, freezer)
        assert len(changes) == 1
        write(meter, W=600.0)
        await poll(hass, freezer, 35)
        assert not is_on(hass, meter, "exporting")


async def test_the_owner_sets_threshold_and_hold(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Of export and of overload."""
    options = {"export_threshold": 2000, "export_hold": 10}
    options |= {"overload_threshold": 50, "overload_hold": 0}
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE, **options))
        write(meter, W=-2000.0, AphA=50.0)
        await poll(hass, freezer, 60)
        assert not is_on(hass, meter, "exporting")
        assert not is_on(hass, meter, "overload")
        write(meter, W=-2001.0, AphA=50.5)
        await poll(hass, freezer)
        assert is_on(hass, meter, "overload")
        assert not is_on(hass, meter, "exporting")
        await poll(hass, freezer, 10)
        assert is_on(hass, meter, "exporting")


async def test_what_the_current_is_measured_against(hass: HomeAssistant, meter: Device) -> None:
    """Attributes of the share say so, for the cards' bars; they are not recorded."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), ct_rating=100.0, ct_sets=2))
        state = hass.states.get(str(entity_of(hass, meter, "current_share", "sensor")))
        assert state is not None
        assert state.attributes["service_current"] == 200
        assert state.attributes["total_service_current"] == 600
        assert state.state_info is not None
        unrecorded = state.state_info["unrecorded_attributes"]
        assert {"service_current", "total_service_current", "overload_limit_used"} <= unrecorded


async def test_overload_of_one_phase(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """The attributes name it; the level of all of them together is no more than normal."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        assert state_of(hass, meter, "current_level") == "normal"
        assert float(state_of(hass, meter, "current_share")) == 20
        write(meter, AphB=110.0)
        await poll(hass, freezer, 10)
        assert not is_on(hass, meter, "overload")
        await poll(hass, freezer)
        assert is_on(hass, meter, "overload")
        assert attributes(hass, meter, "overload") == {
            "overloaded_phases": ["B"],
            "overloaded_in_total": False,
        }
        assert state_of(hass, meter, "current_level") == "normal"

        write(meter, AphA=120.0, AphC=125.0)
        await poll(hass, freezer, 15)
        assert attributes(hass, meter, "overload") == {
            "overloaded_phases": ["A", "B", "C"],
            "overloaded_in_total": True,
        }
        assert state_of(hass, meter, "current_level") == "over"

        write(meter, **CURRENTS)
        await poll(hass, freezer, 15)
        assert not is_on(hass, meter, "overload")
        assert attributes(hass, meter, "overload") == {
            "overloaded_phases": [],
            "overloaded_in_total": False,
        }


@pytest.mark.parametrize(
    ("amps", "level"),
    [
        (4.99, "low"),
        (5.0, "normal"),
        (79.99, "normal"),
        (80.0, "high"),
        (100.0, "high"),
        (100.01, "over"),
    ],
)
async def test_the_boundaries_of_the_current_level(
    hass: HomeAssistant, meter: Device, amps: float, level: str
) -> None:
    """As the light on the faceplate has them."""
    write(meter, AphA=amps, AphB=amps, AphC=amps)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        assert state_of(hass, meter, "current_level") == level
        assert float(state_of(hass, meter, "current_share")) == pytest.approx(amps)


async def test_the_service_current_is_not_guessed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """What depends on it appears when the owner enters it."""
    write(meter, AphA=500.0)
    dependent = (
        ("current_level", "sensor"),
        ("current_share", "sensor"),
        ("overload", "binary_sensor"),
    )
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), ct_sets=2)
        await load(hass, entry)
        await poll(hass, freezer, 20)
        for key, platform in dependent:
            assert entity_of(hass, meter, key, platform) is None
        hass.config_entries.async_update_entry(entry, options={"ct_rating": 90, "ct_sets": 2})
        assert await hass.config_entries.async_reload(entry.entry_id)
        await poll(hass, freezer, 20)
        assert float(state_of(hass, meter, "current_share")) == 100
        assert state_of(hass, meter, "current_level") == "high"
        assert is_on(hass, meter, "overload")


@pytest.mark.parametrize(
    ("points", "phases"),
    [
        ({"PhVphB": 2.0, "PPVphAB": 120.0, "PPVphBC": 120.0}, ["B"]),
        ({"PPVphBC": 104.0, "PPVphCA": 104.0}, ["C"]),
        ({"PhVphA": 0.0, "PhVphB": 0.0, "PPVphAB": 0.0}, ["A", "B"]),
    ],
)
async def test_a_phase_is_lost(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    points: dict[str, float],
    phases: list[str],
) -> None:
    """The attributes name it, until it is back."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        assert not is_on(hass, meter, "phase_lost")
        write(meter, **points)
        await poll(hass, freezer)
        assert not is_on(hass, meter, "phase_lost")
        await poll(hass, freezer)
        assert is_on(hass, meter, "phase_lost")
        assert attributes(hass, meter, "phase_lost") == {"lost_phases": phases}
        write(meter, **VOLTAGES, **BETWEEN)
        await poll(hass, freezer, 10)
        assert not is_on(hass, meter, "phase_lost")
        assert attributes(hass, meter, "phase_lost") == {"lost_phases": []}


async def test_a_phase_is_lost_without_a_neutral(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """The voltages between lines show it; where they are out of band, the pairs are named."""
    freezer.move_to(datetime(2026, 6, 1, 12, tzinfo=UTC))
    device = Device(MeterConfig(model=214))
    write(device, Hz=60.0, PPVphAB=480.0, PPVphBC=480.0, PPVphCA=480.0)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        write(device, PPVphAB=240.0, PPVphCA=240.0)
        await poll(hass, freezer, 65)
        assert is_on(hass, device, "phase_lost")
        assert attributes(hass, device, "phase_lost") == {"lost_phases": ["A"]}
        assert is_on(hass, device, "voltage_out_of_band")
        assert attributes(hass, device, "voltage_out_of_band") == {
            "nominal_voltage": 480,
            "too_low": ["A-B", "C-A"],
            "too_high": [],
        }


async def test_a_voltage_out_of_band(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """Beyond 5 % of what the service ought to have, for a minute; which phases, and which side."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        write(meter, PhVphA=126.5, PhVphC=113.5)
        await poll(hass, freezer, 60)
        assert not is_on(hass, meter, "voltage_out_of_band")
        await poll(hass, freezer)
        assert is_on(hass, meter, "voltage_out_of_band")
        assert attributes(hass, meter, "voltage_out_of_band") == {
            "nominal_voltage": 120,
            "too_low": ["C"],
            "too_high": ["A"],
        }
        write(meter, PhVphA=125.9, PhVphC=114.1)
        await poll(hass, freezer, 120)
        assert is_on(hass, meter, "voltage_out_of_band")
        write(meter, **VOLTAGES)
        await poll(hass, freezer, 65)
        assert not is_on(hass, meter, "voltage_out_of_band")


async def test_no_band_for_another_kind_of_grid(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """The standard applies to 60 Hz; elsewhere the sensor does not exist."""
    write(meter, Hz=50.0, PhVphA=230.0, PhVphB=231.0, PhVphC=229.0)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line)))
        await poll(hass, freezer, 20)
        assert entity_of(hass, meter, "voltage_out_of_band", "binary_sensor") is None
        assert not is_on(hass, meter, "phase_lost")


async def test_what_is_not_measured_for_a_while_is_unknown(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """And known again with the first value."""
    points = {"W": -5000.0, "AphB": 150.0, **CURRENTS, **VOLTAGES, **BETWEEN}
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        write(meter, W=-5000.0, AphB=150.0)
        await poll(hass, freezer, 35)
        # The phases would replace a missing total, and the average would replace missing phases.
        others = ("A", "PhV", "PPV", "WphA", "WphB", "WphC")
        write(meter, **dict.fromkeys((*others, *points)))
        await poll(hass, freezer)
        for key in ("exporting", "overload", "phase_lost", "voltage_out_of_band"):
            assert state_of(hass, meter, key, "binary_sensor") == STATE_UNKNOWN
        for key in ("energy_direction", "current_level", "current_share"):
            assert state_of(hass, meter, key) == STATE_UNKNOWN
        write(meter, **(points | {"AphB": 150.0}))
        await poll(hass, freezer)
        assert is_on(hass, meter, "exporting")
        assert is_on(hass, meter, "overload")
        assert not is_on(hass, meter, "phase_lost")


async def test_an_outage_turns_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """And is not time in which something lasted."""
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        write(meter, W=-5000.0)
        await poll(hass, freezer, 35)
        write(meter, AphA=150.0)
        await poll(hass, freezer)
        meter.refusal = ExcCodes.ILLEGAL_ADDRESS
        await poll(hass, freezer, 100)
        assert state_of(hass, meter, "exporting", "binary_sensor") == STATE_UNAVAILABLE
        meter.refusal = None
        write(meter, W=1000.0)
        await until(hass, freezer, lambda: state_of(hass, meter, "power") == "1000.0")
        assert is_on(hass, meter, "exporting")
        assert not is_on(hass, meter, "overload")
        await poll(hass, freezer, 35)
        assert not is_on(hass, meter, "exporting")
        assert is_on(hass, meter, "overload")


@pytest.mark.parametrize(("interval", "pause"), [(60, 60), (60, 180), (1, 15)])
async def test_polls_far_apart_are_no_outage(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device, interval: int, pause: int
) -> None:
    """Because the owner wants them so, two were lost, or others keep the bus busy."""
    write(meter, W=-5000.0)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), scan_interval=interval))
        assert not is_on(hass, meter, "exporting")
        for _ in range(2):
            freezer.tick(timedelta(seconds=pause))
            await let_pass(hass, pause)
        assert is_on(hass, meter, "exporting")


async def until(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, met: Callable[[], bool]
) -> None:
    """Poll until something is so: a meter that did not answer is asked less often."""
    for _ in range(60):
        if met():
            return
        await poll(hass, freezer)
    pytest.fail("it never came to that")


async def test_a_restart_turns_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """What is on stays on where it would have, and the service stays known."""
    write(meter, W=-5000.0, AphA=150.0, PhVphA=128.0)
    async with network(meter) as line:
        write(meter, **VOLTAGES)
        entry = entry_for(meter, network_data(line), **SERVICE)
        await load(hass, entry)
        write(meter, PhVphA=128.0)
        await poll(hass, freezer, 65)
        write(meter, W=-90.0, AphA=97.0, PhVphA=0.0, PPVphAB=120.0, PPVphCA=120.0)
        await poll(hass, freezer, 10)
        keys = ("exporting", "overload", "phase_lost", "voltage_out_of_band")
        for _ in range(2):
            assert all(is_on(hass, meter, key) for key in keys)
            assert attributes(hass, meter, "overload")["overloaded_phases"] == ["A"]
            assert attributes(hass, meter, "phase_lost")["lost_phases"] == ["A"]
            assert attributes(hass, meter, "voltage_out_of_band")["too_high"] == ["A"]
            assert await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done(wait_background_tasks=True)


async def test_another_threshold_begins_anew(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """What was on by the old one says nothing about the new one; all else is what it was."""
    write(meter, W=-2800.0, AphA=150.0)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), **SERVICE)
        await load(hass, entry)
        await poll(hass, freezer, 35)
        assert is_on(hass, meter, "exporting")
        write(meter, PhVphA=80.0)
        await change_options(hass, entry, export_threshold=3000)
        await poll(hass, freezer, 65)
        assert not is_on(hass, meter, "exporting")
        assert attributes(hass, meter, "voltage_out_of_band")["too_low"] == ["A"]

        changes = [changes_of(hass, meter, key) for key in ("overload", "voltage_out_of_band")]
        for option in ("export_threshold", "export_hold", "overload_hold", "voltage_hold"):
            await change_options(hass, entry, **{option: 20})
            await poll(hass, freezer)
        for states in changes:
            assert STATE_OFF not in {state.state for state in states if state is not None}
        await change_options(hass, entry, ct_rating=99)
        assert not is_on(hass, meter, "overload")
        await poll(hass, freezer, 25)
        assert is_on(hass, meter, "overload")


async def change_options(hass: HomeAssistant, entry: MockConfigEntry, **options: Any) -> None:
    """Change some options, and leave the others; the entry is reloaded."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.parametrize(("stop", "on"), [(200, True), (3 * 3600, False)])
async def test_what_was_on_before_a_long_stop_is_past(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    meter: Device,
    stop: float,
    *,
    on: bool,
) -> None:
    """The first reading decides, and no load is shed in the time that it takes to turn off."""
    write(meter, AphA=150.0)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line), **SERVICE)
        await load(hass, entry)
        await poll(hass, freezer, 15)
        assert is_on(hass, meter, "overload")
        assert await hass.config_entries.async_unload(entry.entry_id)
        freezer.tick(stop)
        write(meter, AphA=10.0)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)
        assert is_on(hass, meter, "overload") is on


async def test_hold_times_of_the_owner(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """How long a phase has to be lost, and a voltage out of band."""
    holds = {"phase_lost_hold": 60, "voltage_hold": 120}
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **holds))
        write(meter, PhVphB=2.0)
        await poll(hass, freezer, 60)
        assert not is_on(hass, meter, "phase_lost")
        await poll(hass, freezer)
        assert is_on(hass, meter, "phase_lost")
        await poll(hass, freezer, 55)
        assert not is_on(hass, meter, "voltage_out_of_band")
        await poll(hass, freezer)
        assert is_on(hass, meter, "voltage_out_of_band")


async def test_two_legs_on_a_meter_for_three_phases(hass: HomeAssistant, meter: Device) -> None:
    """The third phase never had a voltage, so that the total is that of the two others."""
    write(meter, PhVphC=0.0, PPVphBC=121.0, PPVphCA=120.0, AphA=95.0, AphB=95.0, AphC=0.0)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        assert float(state_of(hass, meter, "current_share")) == 95
        assert state_of(hass, meter, "current_level") == "high"
        assert not is_on(hass, meter, "phase_lost")


async def test_a_phase_that_is_not_measured_any_more(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, meter: Device
) -> None:
    """It leaves an overload open for some minutes; then the others decide."""
    write(meter, AphB=150.0)
    async with network(meter) as line:
        await load(hass, entry_for(meter, network_data(line), **SERVICE))
        await poll(hass, freezer, 15)
        assert is_on(hass, meter, "overload")
        write(meter, AphB=None)
        await poll(hass, freezer, 300)
        assert state_of(hass, meter, "overload", "binary_sensor") == STATE_UNKNOWN
        await poll(hass, freezer)
        assert not is_on(hass, meter, "overload")


async def test_what_turns_is_kept_soon(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    meter: Device,
) -> None:
    """Home Assistant may be killed; and nothing is kept of a meter that is removed."""
    write(meter, W=-5000.0)
    async with network(meter) as line:
        entry = entry_for(meter, network_data(line))
        await load(hass, entry)
        await poll(hass, freezer, 60)
        key = storage_key(entry, "states")
        stored = hass_storage[key]["data"]
        assert stored["on"] == [["exporting", "total"]]
        # When Home Assistant stops, the time of that is stored too.
        await poll(hass, freezer, 200)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
        await hass.async_block_till_done()
        assert hass_storage[key]["data"]["seen"] == dt_util.utcnow().timestamp()
        assert await hass.config_entries.async_remove(entry.entry_id)
        assert key not in hass_storage
