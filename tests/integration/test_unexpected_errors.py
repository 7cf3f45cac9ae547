"""Exceptions that only a defect can raise: polling goes on, and the log says it once.

Waiting is skipped.
"""

import asyncio
from collections.abc import Callable
import logging
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.dts307 import coordinator
from custom_components.dts307.meter import Meter
from custom_components.dts307.stores.billing import BillingKeeper
from tests.device import Device
from tests.integration.diary import becomes
from tests.integration.home import entry_for, load, state_of
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("skip_waiting")

LONG = 150.0
"""Seconds in which a meter is polled thirty times."""


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], bool]], None]:
    """Let the billing raise whenever something is true, after the meter was read."""
    bill = BillingKeeper.async_check

    def fails(now: Callable[[], bool]) -> None:
        def check(keeper: BillingKeeper, *args: Any) -> Any:
            if now():
                raise ValueError("a defect")
            return bill(keeper, *args)

        monkeypatch.setattr(BillingKeeper, "async_check", check)

    return fails


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what was logged with a traceback."""
    return [each for each in caplog.records if each.exc_info and each.levelno >= logging.WARNING]


async def shows(hass: HomeAssistant, device: Device, reason: str) -> None:
    """Wait until the entities show a reason."""
    await becomes(hass, lambda: state_of(hass, device, "link_state") == reason)


async def test_after_a_good_reading(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    fails: Callable[[Callable[[], bool]], None],
) -> None:
    """One traceback for an hour of failures, and the counters go on from where they stood."""
    device = Device()
    device.write("TotWhImp", 5_000_000)
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        assert state_of(hass, device, "energy_imported") == "5000.0"
        broken = True
        fails(lambda: broken)
        await shows(hass, device, "unexpected_error")
        caplog.clear()
        device.requests.clear()
        device.write("TotWhImp", 5_000_001)
        await asyncio.sleep(LONG)
        assert state_of(hass, device, "energy_imported") == STATE_UNAVAILABLE
        assert device.requests
        assert tracebacks(caplog) == []
        broken = False
        await shows(hass, device, "ok")
        assert state_of(hass, device, "energy_imported") == "5000.001"
        device.write("TotWhImp", 11)
        await asyncio.sleep(10)
        assert state_of(hass, device, "energy_imported") == "5000.001"


async def test_every_other_poll(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    fails: Callable[[Callable[[], bool]], None],
) -> None:
    """An exception that comes and goes fills no log with its traceback."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        polls = 0

        def every_other() -> bool:
            nonlocal polls
            polls += 1
            return polls % 2 == 0

        fails(every_other)
        await asyncio.sleep(LONG)
        assert polls > 10
        assert len(tracebacks(caplog)) == 1


async def test_another_one_is_logged_as_well(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second defect does not hide behind the first."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        for text in ("one defect", "another defect"):

            def fail(*_args: object, text: str = text) -> None:
                if text == "one defect":
                    raise ValueError(text)
                raise TypeError(text)

            monkeypatch.setattr(BillingKeeper, "async_check", fail)
            await asyncio.sleep(LONG)
        assert len(tracebacks(caplog)) == 2


async def test_in_what_follows_a_failure(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What handles failures may have a defect, too."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        own = Device()

        async def fail(*_args: object) -> None:
            raise ValueError("a defect")

        monkeypatch.setattr(coordinator, "async_raise_replaced", fail)
        device.silent = True
        await asyncio.sleep(LONG)
        assert state_of(hass, own, "link_state") == "meter_silent"
        device.silent = False
        device.write("SN", "S30799999")
        await asyncio.sleep(LONG)
        assert state_of(hass, own, "link_state") == "unexpected_error"
        await asyncio.sleep(LONG)
        assert len(tracebacks(caplog)) == 1
        device.write("SN", own.serial_number)
        await shows(hass, own, "ok")


async def test_another_meter_comes_meanwhile(
    hass: HomeAssistant, fails: Callable[[Callable[[], bool]], None]
) -> None:
    """Its counters are not taken for those of the meter that it replaces."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        own = Device()
        broken = True
        fails(lambda: broken)
        await shows(hass, own, "unexpected_error")
        device.write("SN", "S30799999")
        await shows(hass, own, "another_meter")
        broken = False
        await asyncio.sleep(LONG)
        assert state_of(hass, own, "link_state") == "another_meter"
        device.write("SN", own.serial_number)
        await shows(hass, own, "ok")


async def test_after_a_long_attempt(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes the bus from others is tried as rarely as a meter that is silent."""
    device = Device()
    async with network(device) as line:
        await load(hass, entry_for(device, network_data(line)))
        attempts = 0

        async def fail(*_args: object, **_more: object) -> None:
            nonlocal attempts
            attempts += 1
            await asyncio.sleep(2)
            raise ValueError("a defect")

        monkeypatch.setattr(Meter, "read", fail)
        await shows(hass, device, "unexpected_error")
        await asyncio.sleep(LONG)
        attempts = 0
        await asyncio.sleep(LONG)
        assert 0 < attempts <= LONG / 24
