"""While a meter is set up on a serial port, its speed and parity are found."""

import asyncio
from pathlib import Path
from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307 import link
from custom_components.dts307.meter import MeterSilentError, speed
from custom_components.dts307.meter.listen import Heard, listen
from custom_components.dts307.meter.speed import SPEEDS
from tests.device import Device
from tests.integration.home import (
    ENGLISH,
    answers,
    assert_refused,
    begin,
    choose,
    entry_for,
    load,
    state_of,
    submit,
    suggested,
)
from tests.lines import serial_data
from tests.uart import UartLine, uart

DEFAULT = (9600, "N")


@pytest.fixture(autouse=True)
def little_patience_in_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a meter as little time as all answers here."""
    monkeypatch.setattr(link, "_SEARCH_PATIENCE", 0.05)


def is_free(path: str) -> bool:
    """Tell whether nobody in this process has a port open, apart from its own far end."""
    target = Path(path).resolve()
    holders = [fd for fd in Path("/proc/self/fd").iterdir() if fd.resolve() == target]
    return len(holders) == 1


async def when_free(path: str) -> None:
    """Wait until a port is closed, which may happen in the background."""
    async with asyncio.timeout(5):
        while not is_free(path):  # noqa: ASYNC110 - the system tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("baud", "parity"), [(19200, "E"), (4800, "N"), (9600, "E")])
async def test_the_speed_is_found(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, baud: int, parity: str
) -> None:
    """The form comes back with the settings at which the meter answers, ready to be sent."""
    device = Device()
    async with uart(monkeypatch, device, baud=baud, parity=parity) as line:
        entered = answers(serial_data(line, speed=9600))
        result = await submit(hass, await begin(hass, "serial"), entered)
        assert_refused(result, "serial", "answers_at")
        assert result["description_placeholders"] == {"settings": f"{baud} 8{parity}1"}
        assert "{settings}" in ENGLISH["config"]["error"]["answers_at"]
        assert async_get_connection_info(hass) == []

        right = suggested(result)
        assert right["baudrate"] == str(baud)
        assert right["parity"] == {"N": "none", "E": "even"}[parity]
        assert right["device"] == entered["device"]
        result = await submit(hass, result, {**right, "advanced": entered["advanced"]})
        assert result["step_id"] == "current_transformers"


async def test_all_usual_settings_are_tried(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody answers at any; what was entered remains, and nothing is left open."""
    device = Device()
    device.silent = True
    async with uart(monkeypatch, device, baud=9600) as line:
        data = serial_data(line, speed=9600)
        result = await submit(hass, await begin(hass, "serial"), answers(data))
        assert_refused(result, "serial", "meter_silent_serial")
        assert suggested(result)["baudrate"] == "9600"
        assert set(line.tried) == {(baud, parity) for baud in SPEEDS for parity in "NE"}
        assert line.tried[0] == DEFAULT
        await when_free(line.path)


async def test_what_is_heard_is_told_if_the_search_fails(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others talk on the bus, but no meter answers at any speed."""
    device = Device()
    device.silent = True
    async with uart(monkeypatch, device, baud=38400) as line:
        line.neighbour = bytes.fromhex("55ff00010000005a55ff0164000000e1" * 2)
        result = await submit(
            hass, await begin(hass, "serial"), answers(serial_data(line, speed=9600))
        )
        assert_refused(result, "serial", "wrong_speed_serial")


async def test_a_port_that_another_entry_holds_is_left_alone(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its meter goes on; nobody else's speed is changed under it."""
    device = Device()
    async with uart(monkeypatch, device, baud=9600) as line:
        data = serial_data(line, speed=9600)
        entry = entry_for(device, data)
        await load(hass, entry)
        result = await submit(hass, await begin(hass, "serial"), answers(data | {"unit_id": 7}))
        assert_refused(result, "serial", "meter_silent_serial")
        assert set(line.tried) == {DEFAULT}
        await entry.runtime_data.async_refresh()
        assert state_of(hass, device, "link_state") == "ok"


async def test_the_port_is_taken_in_the_middle(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search ends there, and the first reason is told."""
    calls = 0

    async def taken(*args: Any) -> Heard:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError("in use")
        return await listen(*args)

    monkeypatch.setattr(speed, "listen", taken)
    device = Device()
    async with uart(monkeypatch, device, baud=115200) as line:
        data = serial_data(line, speed=9600)
        result = await submit(hass, await begin(hass, "serial"), answers(data))
        assert_refused(result, "serial", "meter_silent_serial")
        assert calls == 3


async def cancelled_after(line: UartLine, questions: int, data: dict[str, Any]) -> None:
    """Begin a search, and give it up after so many questions."""
    search = asyncio.create_task(link.other_settings(data))
    async with asyncio.timeout(10):
        while len(line.tried) < questions:  # noqa: ASYNC110 - bytes on a line are no event
            await asyncio.sleep(0.005)
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search


@pytest.mark.usefixtures("hass")
@pytest.mark.parametrize("questions", [0, 1, 4])
async def test_a_search_that_is_given_up_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, questions: int
) -> None:
    """Whenever that is, the port can be used at once."""
    device = Device()
    async with uart(monkeypatch, device, baud=115200) as line:
        data = serial_data(line, speed=9600)
        await cancelled_after(line, questions, data)
        assert is_free(line.path)
        found = await link.other_settings(data)
        assert found is not None
        assert found == data | {"baudrate": 115200}


async def test_a_meter_that_was_set_to_another_speed_is_found_again(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconfiguring offers the settings, too; the entry waits meanwhile as it did."""
    device = Device()
    async with uart(monkeypatch, device, baud=19200, parity="E") as line:
        entry = entry_for(device, serial_data(line, speed=9600))
        await load(hass, entry, ConfigEntryState.SETUP_RETRY)
        result = await entry.start_reconfigure_flow(hass)
        result = await choose(hass, result, "reconfigure_serial")
        wrong = answers(serial_data(line, speed=38400))
        result = await submit(hass, result, wrong)
        assert_refused(result, "reconfigure_serial", "answers_at")
        assert result["description_placeholders"] == {"settings": "19200 8E1"}
        right = {**suggested(result), "advanced": wrong["advanced"]}
        result = await submit(hass, result, right)
        assert result["reason"] == "reconfigure_successful"
        assert entry.state is ConfigEntryState.LOADED
        assert entry.data["baudrate"] == 19200


def test_silence_and_its_kinds_are_searched_for() -> None:
    """What listening tells apart is silence to whoever does not care."""
    assert {kind.reason for kind in MeterSilentError.__subclasses__()} == {
        "another_unit",
        "wrong_speed",
    }
