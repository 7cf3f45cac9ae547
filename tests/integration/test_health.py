"""The entities about the link to a meter."""

from collections.abc import Callable, Iterable
from datetime import timedelta
import logging
from typing import Any

from homeassistant.const import (
    EVENT_STATE_CHANGED,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.dts307.descriptions.connection import CONNECTION_SENSORS as LINK_ROWS
from custom_components.dts307.meter import MeterError
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import ENGLISH, LINK_SENSORS, entry_for, let_pass, load, state_of
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")

PATIENCE = 0.25
"""The response timeout, in seconds."""

LINK_ENTITIES = {
    "sensor.dts_307_link",
    "sensor.dts_307_last_reading",
    "sensor.dts_307_answer_time",
    "sensor.dts_307_success_rate",
    "binary_sensor.dts_307_answering",
}


def answering(hass: HomeAssistant, device: Device) -> str:
    """Return the state of the binary sensor "answering"."""
    return state_of(hass, device, "answering", "binary_sensor")


def changed(events: Iterable[Any]) -> set[str]:
    """Return the link's entities whose state changed."""
    return {event.data["entity_id"] for event in events} & LINK_ENTITIES


async def test_silence_and_return(hass: HomeAssistant) -> None:
    """They stay available during an outage and show its reason."""
    device = Device()
    async with serial(device) as line:
        await load(hass, entry_for(device, serial_data(line)))
        assert answering(hass, device) == STATE_ON
        assert state_of(hass, device, "link_state") == "ok"

        device.silent = True
        await let_pass(hass)
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
        assert answering(hass, device) == STATE_OFF
        assert state_of(hass, device, "link_state") == "meter_silent"

        device.silent = False
        await let_pass(hass)
        assert state_of(hass, device, "power") != STATE_UNAVAILABLE
        assert answering(hass, device) == STATE_ON
        assert state_of(hass, device, "link_state") == "ok"


def fall_silent(device: Device) -> None:
    device.silent = True


def refuse(device: Device) -> None:
    device.refusal = ExcCodes.ILLEGAL_ADDRESS


def be_busy(device: Device) -> None:
    device.refusal = ExcCodes.ACKNOWLEDGE


def garble(device: Device) -> None:
    device.garbled_replies = 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (fall_silent, "meter_silent"),
        (refuse, "read_refused"),
        (be_busy, "meter_busy"),
        (garble, "garbled_reply"),
    ],
)
async def test_the_reason(
    hass: HomeAssistant, fault: Callable[[Device], None], reason: str
) -> None:
    """Each kind of failure has its own state."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        fault(device)
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == reason
        assert answering(hass, device) == STATE_OFF
        device.silent, device.refusal, device.garbled_replies = False, None, 0
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == "ok"
        assert answering(hass, device) == STATE_ON


def test_every_reason_has_its_sentence() -> None:
    kinds = [MeterError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    (link_state,) = (row for row in LINK_ROWS if row.key == "link_state")
    reasons = {"ok", *(kind.reason for kind in kinds[1:]), "unexpected_error"}
    assert set(link_state.options or ()) == reasons
    assert set(ENGLISH["entity"]["sensor"]["link_state"]["state"]) == reasons
    assert {row.key for row in LINK_ROWS} == LINK_SENSORS


async def test_one_failure_follows_another(hass: HomeAssistant) -> None:
    """The reason changes, although the meter was unavailable all along."""
    device = Device()
    async with network(device, framing=Framing.RTU) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.silent = True
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == "meter_silent"
        await line.close()
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == "host_refuses"
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
        device.silent = False
        await line.open()
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == "ok"
        assert state_of(hass, device, "power") != STATE_UNAVAILABLE


async def test_another_meter_after_an_outage(hass: HomeAssistant) -> None:
    """Another serial number answers than that of the entities."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        serial_number = device.serial_number
        device.silent = True
        await let_pass(hass)
        device.silent = False
        device.write("SN", "S30799999")
        await let_pass(hass)
        device.write("SN", serial_number)
        assert state_of(hass, device, "link_state") == "another_meter"
        assert answering(hass, device) == STATE_OFF
        assert state_of(hass, device, "power") == STATE_UNAVAILABLE
        await let_pass(hass)
        assert state_of(hass, device, "link_state") == "ok"
        assert answering(hass, device) == STATE_ON


async def test_nothing_is_written_needlessly(hass: HomeAssistant) -> None:
    """The entities enabled by default change only with the link."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        events = async_capture_events(hass, EVENT_STATE_CHANGED)
        for value in (100, 200, 300):
            device.write("W", value)
            await let_pass(hass)
            assert state_of(hass, device, "power") == str(value)
        assert changed(events) == set()
        device.silent = True
        for _ in range(3):
            events.clear()
            await let_pass(hass)
        assert [event.data["entity_id"] for event in events] == []


def reads(device: Device) -> int:
    """Return how often the meter model was read, after it was identified once."""
    return sum(request.address == 40070 for request in device.requests) - 1


def success_rate(hass: HomeAssistant, device: Device) -> float:
    """Return the success rate that is shown, in percent."""
    return float(state_of(hass, device, "success_rate"))


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_success_rate_tells_of_what_is_forgiven(hass: HomeAssistant) -> None:
    """A reply that is lost now and then shows nowhere else."""
    device = Device()
    async with serial(device) as line:
        await load(hass, entry_for(device, serial_data(line)))
        assert success_rate(hass, device) == 100
        device.lost_replies = 1
        for _ in range(2):
            await let_pass(hass)
            assert answering(hass, device) == STATE_ON
            expected = 100 * (1 - 1 / reads(device))
            assert success_rate(hass, device) == pytest.approx(expected, abs=1e-3)


@pytest.mark.usefixtures("all_entities_enabled")
async def test_the_last_reading_and_its_time(hass: HomeAssistant) -> None:
    """They keep the values of the last response during an outage."""
    device = Device()
    async with network(device) as line:
        before = dt_util.utcnow()
        await load(hass, entry_for(device, network_data(line)))
        answered = reads(device)
        shown = state_of(hass, device, "last_reading")
        last = dt_util.parse_datetime(shown, raise_on_error=True)
        # Home Assistant shows whole seconds.
        assert before - timedelta(seconds=1) < last <= dt_util.utcnow()
        answer_time = state_of(hass, device, "answer_time")
        assert 0 < float(answer_time) < 1000 * PATIENCE

        device.silent = True
        for _ in range(2):
            await let_pass(hass)
            assert state_of(hass, device, "last_reading") == shown
            assert state_of(hass, device, "answer_time") == answer_time
            expected = 100 * answered / reads(device)
            assert success_rate(hass, device) == pytest.approx(expected, abs=1e-3)


async def test_nobody_is_asked_for_the_health(hass: HomeAssistant) -> None:
    """A refresh by hand of such an entity leaves it as it is."""
    assert await async_setup_component(hass, "homeassistant", {})
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.requests.clear()
        await hass.services.async_call(
            "homeassistant",
            "update_entity",
            {"entity_id": ["binary_sensor.dts_307_answering"]},
            blocking=True,
        )
        assert answering(hass, device) == STATE_ON
        assert device.requests == []


async def test_meters_of_one_model_are_told_apart(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, where both have the same name."""
    caplog.set_level(logging.INFO, "custom_components.dts307")
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (101, 102)]
    async with network(*devices) as line:
        for device in devices:
            await load(hass, entry_for(device, network_data(line, unit_id=device.unit)))
        caplog.clear()
        devices[1].silent = True
        await let_pass(hass)
        devices[1].silent = False
        await let_pass(hass)
        lines = [
            record.getMessage()
            for record in caplog.records
            if record.name.startswith("custom_components.dts307")
        ]
        assert len(lines) == 2
        assert all("unit 102" in line for line in lines)
