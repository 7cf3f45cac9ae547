"""Polling: what is forgiven, what is told, and how often."""

from collections.abc import Iterator
import logging
from pathlib import Path

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.dts307.const import DOMAIN
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import NOON, Device, Request
from tests.integration.home import entry_for, let_pass, load, reason_text, state_of
from tests.lines import network, network_data, serial, serial_data

LOGGER = "custom_components.dts307"


@pytest.fixture(autouse=True)
def all_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Listen from INFO on, as users do who look for what happened."""
    caplog.set_level(logging.INFO, LOGGER)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return what the integration itself has logged, by level."""
    return [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.name.startswith(LOGGER)
    ]


def states(hass: HomeAssistant, entry: MockConfigEntry) -> Iterator[str]:
    """Go through the states of an entry's sensors, apart from that of the link."""
    assert entry.state is ConfigEntryState.LOADED
    for state in hass.states.async_all("sensor"):
        if state.entity_id != "sensor.dts_307_link":
            yield state.state


async def test_a_poll_is_one_request(hass: HomeAssistant) -> None:
    """From the model's header to the energy counters."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.requests.clear()
        device.become(MeterConfig(), timestamp=NOON + 5)
        await let_pass(hass)
        assert device.requests == [Request(40070, 55)]
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_a_lost_reply_is_forgiven(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A crackle on the wire shows nowhere."""
    device = Device()
    async with serial(device) as line:
        await load(hass, entry_for(device, serial_data(line)))
        caplog.clear()
        changes = async_capture_events(hass, EVENT_STATE_CHANGED)
        device.lost_replies = 1
        device.write("W", -1234)
        device.requests.clear()
        await let_pass(hass)
        assert len(device.requests) == 2
        assert state_of(hass, device, "power") == "-1234"
        assert [event.data["entity_id"] for event in changes] == ["sensor.dts_307_power"]
        assert told(caplog) == []


async def test_a_garbled_reply_is_forgiven(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer to another question is asked for again."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        caplog.clear()
        device.garbled_replies = 1
        device.write("W", 4321)
        await let_pass(hass)
        assert state_of(hass, device, "power") == "4321"
        assert told(caplog) == []


async def test_a_refusal_is_not_asked_again(hass: HomeAssistant) -> None:
    """The meter has answered; the same question gets the same answer."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device.refusal = ExcCodes.ILLEGAL_ADDRESS
        device.requests.clear()
        await let_pass(hass)
        assert len(device.requests) == 1
        assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        device.refusal = None
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)


async def test_silence_and_return_are_told_once(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """One line when the meter goes silent, one when it is back, none in between."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        caplog.clear()
        device.silent = True
        device.requests.clear()
        for requests in (3, 4, 5):
            await let_pass(hass)
            # The first silence is doubted once, and then listened to; after that, others on the
            # bus need not wait twice.
            assert len(device.requests) == requests
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, line_told),) = told(caplog)
        assert level == logging.ERROR
        assert reason_text("meter_silent_serial") in line_told

        caplog.clear()
        device.silent = False
        for _ in range(3):
            await let_pass(hass)
            assert STATE_UNAVAILABLE not in states(hass, entry)
        ((level, line_told),) = told(caplog)
        assert level == logging.INFO
        assert "DTS 307" in line_told


@pytest.mark.parametrize("framing", Framing)
async def test_the_adapter_goes_and_comes_back(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, framing: Framing
) -> None:
    """The network adapter restarts; the link is opened anew by itself."""
    device = Device()
    async with network(device, framing=framing) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        caplog.clear()
        await line.close()
        for _ in range(2):
            await let_pass(hass)
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, line_told),) = told(caplog)
        assert level == logging.ERROR
        assert reason_text("host_refuses") in line_told

        caplog.clear()
        await line.open()
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)
        assert [level for level, _ in told(caplog)] == [logging.INFO]


async def test_the_serial_adapter_is_unplugged_and_back(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Its port comes back under the same name, as those in /dev/serial/by-id do."""
    device = Device()
    async with serial(device, link=tmp_path / "usb-adapter") as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        caplog.clear()
        await line.close()
        for _ in range(2):
            await let_pass(hass)
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, line_told),) = told(caplog)
        assert level == logging.ERROR
        assert reason_text("port_missing") in line_told

        caplog.clear()
        await line.open()
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)
        assert [level for level, _ in told(caplog)] == [logging.INFO]


async def test_the_interval_is_the_owners(hass: HomeAssistant) -> None:
    """Up to a minute may pass between two polls."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line), scan_interval=60))
        device.requests.clear()
        await let_pass(hass, 58)
        assert device.requests == []
        await let_pass(hass, 61)
        assert len(device.requests) == 1


async def test_the_meter_is_set_up_differently(hass: HomeAssistant) -> None:
    """Its map has another model now, which is identified anew before it is believed."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert state_of(hass, device, "voltage_line_to_neutral") != STATE_UNAVAILABLE
        device.become(MeterConfig(model=213))
        device.requests.clear()
        await let_pass(hass)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data.meter.model.model_id == 213
        # The map is searched from the start, in the same poll.
        assert [request.address for request in device.requests[:2]] == [40070, 40000]
        expected = float(device.meter_model().W.value)
        assert float(state_of(hass, device, "power")) == pytest.approx(expected, rel=1e-12)


async def test_another_meter_takes_its_place(hass: HomeAssistant) -> None:
    """A meter of another kind under the same unit id ends the entry's readings, with a reason."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device.become(MeterConfig(model=201, serial="S30799999"))
        await let_pass(hass)
        assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        assert hass.states.get("sensor.dts_307_link").state == "another_meter"  # type: ignore[union-attr]
        assert hass.config_entries.async_entries(DOMAIN) == [entry]
