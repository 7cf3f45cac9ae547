"""How often a silent meter is polled, and the time that leaves to other meters on its bus.

Four meters share one line, with the timeouts of a bus at 2400 baud; waiting is skipped.
"""

import asyncio
from collections.abc import Callable
from itertools import pairwise
import logging

from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest

from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.diary import FOUND_WITHIN, Diary
from tests.integration.home import entry_for, load, state_of
from tests.integration.timing import change_timing
from tests.lines import network, network_data

pytestmark = pytest.mark.usefixtures("skip_waiting")

TIMEOUT = 1.1
"""Response timeout in seconds, as for two registers at 2400 baud."""

INTERVAL = 2.0
OUTAGE = 100.0
LOGGER = "custom_components.dts307"


@pytest.fixture(autouse=True)
def slow_line(hass: HomeAssistant) -> None:
    """Wait for answers as long as at 2400 baud."""
    change_timing(hass, link={"response": TIMEOUT})


def fall_silent(device: Device) -> None:
    device.silent = True


def be_busy(device: Device) -> None:
    device.refusal = ExcCodes.DEVICE_BUSY


@pytest.mark.parametrize(
    ("fault", "reason"), [(fall_silent, "meter_silent"), (be_busy, "meter_busy")]
)
async def test_one_meter_of_four(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[Device], None],
    reason: str,
) -> None:
    """It costs the other meters at most 5 % of their time, and is found again within 30 s.

    A busy meter, whose requests the Modbus library repeats, is no different.
    """
    caplog.set_level(logging.INFO, LOGGER)
    clock = hass.loop.time
    devices = [Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in range(100, 104)]
    *others, away = devices
    async with network(*devices, framing=Framing.RTU) as line:
        for device in devices:
            data = network_data(line, unit_id=device.unit)
            await load(hass, entry_for(device, data, scan_interval=INTERVAL))
        diaries = {device.unit: Diary(clock) for device in devices}
        for device in devices:
            device.requests = diaries[device.unit]
        caplog.clear()

        begin = clock()
        fault(away)
        await asyncio.sleep(OUTAGE)
        end = clock()
        assert state_of(hass, away, "link_state") == reason
        away.silent, away.refusal = False, None
        while state_of(hass, away, "answering", "binary_sensor") != STATE_ON:
            assert clock() - end < FOUND_WITHIN
            await asyncio.sleep(0.1)

        for device in others:
            polls = diaries[device.unit].between(begin, end)
            assert len(polls) >= 0.95 * (end - begin) / INTERVAL
        # Within an attempt, the library asks a busy meter twice.
        attempts = [begin]
        for asked in diaries[away.unit].between(begin, end):
            if asked - attempts[-1] > 1.5 * TIMEOUT:
                attempts.append(asked)
        # A doubt at once, then ever rarer attempts, and at last one that costs 5 % of the bus.
        assert len(attempts) < 10
        pauses = [later - earlier for earlier, later in pairwise(attempts)]
        assert TIMEOUT / pauses[-1] <= 0.05
        assert pauses[-1] < FOUND_WITHIN

        logged = [record for record in caplog.records if record.name.startswith(LOGGER)]
        assert [record.levelno for record in logged] == [logging.ERROR, logging.INFO]


async def test_what_costs_nothing_is_asked_at_the_usual_pace(hass: HomeAssistant) -> None:
    """A meter that refuses at once is back with the first poll after it has come to its senses."""
    clock = hass.loop.time
    device = Device()
    async with network(device) as line:
        entry = entry_for(device, network_data(line), scan_interval=INTERVAL)
        await load(hass, entry)
        device.requests = diary = Diary(clock)
        begin = clock()
        device.refusal = ExcCodes.ILLEGAL_ADDRESS
        await asyncio.sleep(20)
        assert len(diary.between(begin, clock())) >= 8
        device.refusal = None
        asked = len(diary)
        back = asyncio.Event()
        entry.runtime_data.connection.async_add_listener(back.set)
        while state_of(hass, device, "answering", "binary_sensor") != STATE_ON:
            await back.wait()
            back.clear()
        # Had the probe been refused once more, another would have followed it.
        probe, identification = diary[asked : asked + 2]
        assert probe.address == device.meter_model().model_addr
        assert identification.address == device.base
