"""Why a serial port is of no use, told while the meter is polled and when it is set up."""

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
import serialx

from tests.device import Device
from tests.integration.home import answers, assert_refused, begin, submit
from tests.integration.reasons import begin_to_poll, see_reason, see_recovery
from tests.lines import serial, serial_data


async def test_the_port_vanishes_and_comes_back(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The adapter is pulled between two polls, and plugged in again."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        await begin_to_poll(hass, device, serial_data(line))
        await line.close()
        await see_reason(hass, caplog, device, "port_missing")
        await line.open()
        await see_recovery(hass, caplog, device)


async def test_the_port_vanishes_while_an_answer_is_awaited(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """The link is lost, and the second attempt tells why."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        data = serial_data(line)
        await begin_to_poll(hass, device, data)
        entry = hass.config_entries.async_entries("dts307")[0]
        device.silent = True
        device.asked.clear()
        poll = hass.async_create_task(entry.runtime_data.async_refresh())
        await device.asked.wait()
        await line.close()
        await poll
        assert entry.runtime_data.health.data.failure == "port_missing"
        device.silent = False
        await line.open()
        await see_recovery(hass, caplog, device)


async def test_the_port_is_held_by_another_program(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Somebody takes the adapter's port while the adapter is away for a moment."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        await begin_to_poll(hass, device, serial_data(line))
        await line.close()
        await line.open()
        held = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            await see_reason(hass, caplog, device, "port_in_use")
            result = await begin(hass, "serial")
            wrong = answers(serial_data(line))
            assert_refused(await submit(hass, result, wrong), "serial", "port_in_use")
        finally:
            os.close(held)
        await see_recovery(hass, caplog, device)


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.EACCES, "port_forbidden"), (errno.EIO, "link_down_serial")],
)
async def test_the_system_refuses_the_port(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    """Whoever runs the tests may be allowed everything, so that the system's word is put in."""

    async def refuse(*_args: Any, **_settings: Any) -> None:
        raise OSError(number, os.strerror(number))

    async with serial(Device()) as line:
        entered = answers(serial_data(line))
        with monkeypatch.context() as patch:
            patch.setattr(serialx, "create_serial_connection", refuse)
            result = await submit(hass, await begin(hass, "serial"), entered)
            assert_refused(result, "serial", reason)
        result = await submit(hass, result, entered)
        assert result["step_id"] == "current_transformers"
