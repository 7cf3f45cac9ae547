"""The reason why a serial port fails, while the meter is polled and when it is set up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryNotReady
import pytest
import serialx

from simulator.server import PtyLine
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_asks_about_meter,
    assert_refused,
    entry_for,
    follow,
    let_pass,
    load,
    search,
    start,
    state_of,
    submit,
)
from tests.integration.reasons import begin_to_poll, see_reason, see_recovery
from tests.integration.scanning import when_free
from tests.integration.timing import HASTY_RESPONSE, change_timing
from tests.lines import serial, serial_data

pytestmark = pytest.mark.usefixtures("hasty")


@asynccontextmanager
async def plugged_in_anew(
    hass: HomeAssistant, device: Device, link: Path
) -> AsyncIterator[PtyLine]:
    """Poll a meter, and pull its adapter and plug it in again, so that its port is to be opened."""
    async with serial(device, link=link) as line:
        await begin_to_poll(hass, device, serial_data(line))
        await line.close()
        await line.open()
        yield line


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
    """The link is lost, and the second attempt gives the reason."""
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
        assert entry.runtime_data.connection.data.failure == "port_missing"
        device.silent = False
        await line.open()
        await see_recovery(hass, caplog, device)


async def test_the_port_does_not_open_in_time(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A driver that hangs is the port's fault, and none of a network's."""
    device = Device()
    async with plugged_in_anew(hass, device, tmp_path / "meter") as line:
        in_thread = hass.loop.run_in_executor

        def hang(executor: Any, call: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
            if call is not os.open or args[0] != line.path:
                return in_thread(executor, call, *args)
            opened: asyncio.Future[int] = hass.loop.create_future()
            hass.loop.call_later(2 * HASTY_RESPONSE, lambda: opened.set_result(call(*args)))
            return opened

        with monkeypatch.context() as patch:
            patch.setattr(hass.loop, "run_in_executor", hang)
            await see_reason(hass, caplog, device, "link_down", "link_down_serial")
        await when_free(line.path)
        await see_recovery(hass, caplog, device)


async def test_the_port_is_held_by_another_program(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Another program takes the port while the adapter is away for a moment."""
    device = Device()
    async with plugged_in_anew(hass, device, tmp_path / "meter") as line:
        held = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            await see_reason(hass, caplog, device, "port_in_use")
        finally:
            os.close(held)
        await see_recovery(hass, caplog, device)


async def test_a_port_that_another_program_holds_is_searched(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    """The form says why that cannot be; the entry that waits for the port gets it in the end."""
    device = Device()
    async with serial(device, link=tmp_path / "meter") as line:
        held = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        entry = entry_for(device, serial_data(line))
        try:
            await load(hass, entry)
            assert state_of(hass, device, "link_state") == "port_in_use"
            result = await search(hass, "serial", answers(serial_data(line)))
            assert_refused(result, "serial", "port_in_use")
        finally:
            os.close(held)
        await hass.async_block_till_done(wait_background_tasks=True)
        await let_pass(hass, 60)
        assert state_of(hass, device, "link_state") == "ok"


async def test_a_port_that_is_held_is_waited_for(
    hass: HomeAssistant,
) -> None:
    """Some drivers take their time to close a port; a program that keeps it for longer uses it."""
    change_timing(hass, port_open=0.2)
    async with serial(Device()) as line:
        entered = answers(serial_data(line))
        held = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            result = await search(hass, "serial", entered)
            assert_refused(result, "serial", "port_in_use")
            result = await start(hass, result, entered)
        finally:
            os.close(held)
        assert_asks_about_meter(await follow(hass, result))


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "port_forbidden"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), "link_down_serial"),
        (serialx.SerialException("whatever"), "link_down_serial"),
        (serialx.UnsupportedSetting("none of them"), "link_down_serial"),
        (ConfigEntryNotReady("the adapter's own integration"), "link_down_serial"),
    ],
)
async def test_the_system_refuses_the_port(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, failure: Exception, reason: str
) -> None:
    """The tests may run as root, so the error of the system is simulated."""

    async def refuse(*_args: Any, **_settings: Any) -> None:
        raise failure

    async with serial(Device()) as line:
        entered = answers(serial_data(line))
        with monkeypatch.context() as patch:
            patch.setattr(serialx, "create_serial_connection", refuse)
            result = await search(hass, "serial", entered)
            assert_refused(result, "serial", reason)
        assert_asks_about_meter(await submit(hass, result, entered))


async def test_an_address_that_is_none(hass: HomeAssistant) -> None:
    """It was typed in, and lacks its TCP port."""
    entered = {"device": "socket://adapter", "known": {}}
    assert_refused(await search(hass, "serial", entered), "serial", "link_down_url")
