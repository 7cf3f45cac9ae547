"""Polling: retries, log messages and the interval."""

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
from simulator import MeterConfig
from simulator.server import Framing
from tests.device import NOON, Device, Request
from tests.integration.home import entry_for, let_pass, load, reason_text, state_of
from tests.lines import network, network_data, serial, serial_data

LOGGER = "custom_components.dts307"

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture(autouse=True)
def all_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Capture the log from INFO on."""
    caplog.set_level(logging.INFO, LOGGER)


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """Return the level and text of what the integration has logged."""
    return [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.name.startswith(LOGGER)
    ]


def states(hass: HomeAssistant, entry: MockConfigEntry) -> Iterator[str]:
    """Yield the states of the sensors that show a meter's values."""
    assert entry.state is ConfigEntryState.LOADED
    for state in hass.states.async_all("sensor"):
        if state.entity_id not in {"sensor.dts_307_link", "sensor.dts_307_ct_rating"}:
            yield state.state


async def test_a_poll_is_one_request(hass: HomeAssistant) -> None:
    """It reads from the model's header to the energy counters."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        device.requests.clear()
        device.become(MeterConfig(), timestamp=NOON + 5)
        await let_pass(hass)
        assert device.requests == [Request(40070, 55)]
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_a_lost_reply_is_requested_again(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A single disturbance has no visible effect."""
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
        assert logged(caplog) == []


async def test_a_garbled_reply_is_requested_again(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A response to another request is requested again."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        caplog.clear()
        device.garbled_replies = 1
        device.write("W", 4321)
        await let_pass(hass)
        assert state_of(hass, device, "power") == "4321"
        assert logged(caplog) == []


async def test_a_refused_read_is_not_repeated(hass: HomeAssistant) -> None:
    """Only its length may be what is refused, so two registers are requested before it counts."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device.refusal = ExcCodes.ILLEGAL_ADDRESS
        device.requests.clear()
        await let_pass(hass)
        assert [request.count for request in device.requests] == [55, 55, 2]
        assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        device.refusal = None
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)


async def test_silence_and_return_are_logged_once(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has one line when the meter goes silent and one when it answers again."""
    device = Device()
    async with serial(device) as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        caplog.clear()
        device.silent = True
        device.requests.clear()
        for requests in (3, 4, 5):
            await let_pass(hass)
            # Only the first poll without a response is repeated, and followed by a probe of the
            # bus. Later polls do not keep other meters waiting twice.
            assert len(device.requests) == requests
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, message),) = logged(caplog)
        assert level == logging.ERROR
        assert reason_text("meter_silent_serial") in message

        caplog.clear()
        device.silent = False
        for _ in range(3):
            await let_pass(hass)
            assert STATE_UNAVAILABLE not in states(hass, entry)
        ((level, message),) = logged(caplog)
        assert level == logging.INFO
        assert "DTS 307" in message


@pytest.mark.parametrize("framing", Framing)
async def test_the_adapter_goes_and_comes_back(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, framing: Framing
) -> None:
    """The network adapter restarts, and the link is opened again."""
    device = Device()
    async with network(device, framing=framing) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        caplog.clear()
        await line.close()
        for _ in range(2):
            await let_pass(hass)
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, message),) = logged(caplog)
        assert level == logging.ERROR
        assert reason_text("host_refuses") in message

        caplog.clear()
        await line.open()
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)
        assert [level for level, _ in logged(caplog)] == [logging.INFO]


async def test_the_serial_adapter_is_unplugged_and_back(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Its port returns under the same name, as in /dev/serial/by-id."""
    device = Device()
    async with serial(device, link=tmp_path / "usb-adapter") as line:
        entry = entry_for(device, serial_data(line))
        await load(hass, entry)
        caplog.clear()
        await line.close()
        for _ in range(2):
            await let_pass(hass)
            assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        ((level, message),) = logged(caplog)
        assert level == logging.ERROR
        assert reason_text("port_missing") in message

        caplog.clear()
        await line.open()
        await let_pass(hass)
        assert STATE_UNAVAILABLE not in states(hass, entry)
        assert [level for level, _ in logged(caplog)] == [logging.INFO]


async def test_the_interval_from_the_options(hass: HomeAssistant) -> None:
    """The interval from the options is used, up to a minute."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line), scan_interval=60))
        device.requests.clear()
        await let_pass(hass, 58)
        assert device.requests == []
        await let_pass(hass, 61)
        assert len(device.requests) == 1


async def test_the_meter_is_set_up_differently(hass: HomeAssistant) -> None:
    """Its map has another model now, and the meter is identified again."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        assert state_of(hass, device, "power") != STATE_UNAVAILABLE
        device.become(MeterConfig(model=213))
        device.requests.clear()
        await let_pass(hass)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data.meter.model.model_id == 213
        # The same poll reads the map from its start.
        assert [request.address for request in device.requests[:2]] == [40070, 40000]
        expected = float(device.meter_model().W.value)
        assert float(state_of(hass, device, "power")) == pytest.approx(expected, rel=1e-12)


async def test_another_meter_takes_its_place(hass: HomeAssistant) -> None:
    """Another meter under the same unit ID makes the entities unavailable, with that reason."""
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line))
        await load(hass, entry)
        device.become(MeterConfig(model=201, serial="S30799999"))
        await let_pass(hass)
        assert set(states(hass, entry)) == {STATE_UNAVAILABLE}
        assert hass.states.get("sensor.dts_307_link").state == "another_meter"  # type: ignore[union-attr]
        assert hass.config_entries.async_entries(DOMAIN) == [entry]
