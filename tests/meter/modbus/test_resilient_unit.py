"""A line is its unit, but for what it does after an answer that did not come as it should."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import override

from modbus_connection import (
    IllegalDataAddressError,
    ModbusConnectionError,
    ModbusError,
    ModbusProtocolError,
    ModbusTimeoutError,
    ServerDeviceBusyError,
)
import pytest

from custom_components.dts307.meter.modbus import (
    ResilientUnit,
    SharedBus,
    resilient_unit as line_module,
)
from tests.meter.device import Device

TIMEOUT = 0.05
MAP = {40000: list(range(200))}


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait milliseconds for what takes seconds."""
    monkeypatch.setattr(line_module, "BUSY_PATIENCE", 0.05)
    monkeypatch.setattr(line_module, "_CONNECT_PATIENCE", 0.05)
    monkeypatch.setattr(line_module, "_CLOSE_PATIENCE", 0.05)
    monkeypatch.setattr(line_module, "_PORT_CLOSES_WITHIN", 0.0)


class Endless(Device):
    """A unit that keeps whoever asks waiting while ``waiting``, on a link that is up or not."""

    waiting = False

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        if self.waiting:
            await asyncio.Event().wait()
        return await super().read_holding_registers(address, count)


@asynccontextmanager
async def quiet_for(seconds: float) -> AsyncIterator[None]:
    """Assert that what is inside takes at least as long, though not for ever."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.timeout(10):
        yield
    assert loop.time() - begin > seconds - 0.005


async def fail(line: ResilientUnit, fault: ModbusError, device: Device) -> None:
    """Let a read of 20 registers fail."""
    device.faults.append(fault)
    with pytest.raises(type(fault)):
        await line.read_holding_registers(40000, 20)


async def test_a_healthy_line_asks_what_it_is_asked() -> None:
    device = Device(MAP)
    line = ResilientUnit(device, timeout=3600.0)
    assert device.required_timeout == 3600
    assert not line.connected
    async with asyncio.timeout(10):
        assert await line.read_holding_registers(40000, 2) == [0, 1]
        assert await line.read_holding_registers(40100, 2) == [100, 101]
        with pytest.raises(IllegalDataAddressError):
            await line.read_holding_registers(50000, 2)
        assert await line.read_holding_registers(40000, 100) == list(range(100))
    assert line.connected
    assert device.requests == [(40000, 2), (40100, 2), (50000, 2), (40000, 100)]


async def test_all_else_is_the_units() -> None:
    device = Device(MAP)
    device.holding[7] = 3
    line = ResilientUnit(device, timeout=TIMEOUT)
    await line.write_register(7, 4)
    assert device.holding[7] == 4


@pytest.mark.parametrize(
    "fault",
    [ModbusTimeoutError("silent"), ModbusProtocolError("mangled"), ModbusConnectionError("lost")],
)
async def test_after_a_failure_the_next_question_waits_and_is_longer(fault: ModbusError) -> None:
    device = Device(MAP)
    line = ResilientUnit(device, timeout=TIMEOUT)
    await line.read_holding_registers(40000, 40)
    for longer in (1, 2, 0, 1):
        await fail(line, fault, device)
        async with quiet_for(TIMEOUT):
            assert await line.read_holding_registers(40000, 20) == list(range(20))
        assert device.requests[-1] == (40000, 20 + longer)


async def test_only_what_is_known_to_exist_is_asked_for_in_addition() -> None:
    device = Device(MAP)
    line = ResilientUnit(device, timeout=0.0)
    await line.read_holding_registers(40000, 20)
    await fail(line, ModbusTimeoutError("silent"), device)
    await line.read_holding_registers(40000, 20)
    assert device.requests[-1] == (40000, 20)
    await line.read_holding_registers(40000, 125)
    await fail(line, ModbusTimeoutError("silent"), device)
    await fail(line, ModbusTimeoutError("silent"), device)
    await fail(line, ModbusTimeoutError("silent"), device)
    await line.read_holding_registers(40000, 125)
    await line.read_holding_registers(40001, 124)
    await line.read_holding_registers(40000, 124)
    assert device.requests[-3:] == [(40000, 125), (40001, 124), (40000, 124)]


async def test_what_lies_below_tells_nothing_about_what_lies_above() -> None:
    """A map at 0 ends somewhere, whatever a device answers at 40000."""
    device = Device({**MAP, 0: [1, 2, 3]})
    line = ResilientUnit(device, timeout=0.0)
    await line.read_holding_registers(40000, 2)
    await line.read_holding_registers(0, 2)
    device.faults.append(ModbusTimeoutError("silent"))
    with pytest.raises(ModbusTimeoutError):
        await line.read_holding_registers(1, 2)
    assert await line.read_holding_registers(1, 2) == [2, 3]
    assert device.requests[-1] == (1, 2)


async def test_questions_become_short_again(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device(MAP)
    line = ResilientUnit(device, timeout=0.0)
    await line.read_holding_registers(40000, 40)
    await fail(line, ModbusTimeoutError("silent"), device)
    await line.read_holding_registers(40000, 20)
    monkeypatch.setattr(line_module, "_LATEST", 0.0)
    await asyncio.sleep(0.001)
    await line.read_holding_registers(40000, 20)
    await line.read_holding_registers(40000, 20)
    assert [count for _, count in device.requests[-3:]] == [21, 21, 20]


async def test_a_failure_is_told_apart_though_the_link_is_dropped() -> None:
    """Whoever puts errors into words has to know whether the link was up, not whether it is now."""
    device = Device(MAP)
    line = ResilientUnit(device, timeout=0.0)
    await line.read_holding_registers(40000, 2)
    await fail(line, ModbusTimeoutError("silent"), device)
    assert line.connected
    assert not device.connected
    device.link.down = ModbusTimeoutError("could not connect")
    with pytest.raises(ModbusTimeoutError):
        await line.read_holding_registers(40000, 2)
    assert not line.connected


async def test_a_silent_unit_drops_a_living_link_only_once() -> None:
    device, link = Device(MAP), SharedBus()
    silent = ResilientUnit(device, timeout=0.0, link=link)
    answering = ResilientUnit(device, timeout=0.0, link=link)
    for dropped in (True, False, False):
        await answering.read_holding_registers(40000, 2)
        await fail(silent, ModbusTimeoutError("silent"), device)
        assert device.connected is not dropped
    await fail(silent, ModbusTimeoutError("silent"), device)
    assert not device.connected


async def test_a_busy_unit_gives_way() -> None:
    device, link = Endless(MAP), SharedBus()
    busy = ResilientUnit(device, timeout=TIMEOUT, link=link)
    other_device = Device(MAP)
    other = ResilientUnit(other_device, timeout=TIMEOUT, link=link)
    await busy.read_holding_registers(40000, 2)
    device.waiting = True
    async with quiet_for(0.1):
        refused = asyncio.create_task(busy.read_holding_registers(40000, 2))
        await asyncio.sleep(0)
        assert await other.read_holding_registers(40000, 2) == [0, 1]
        with pytest.raises(ServerDeviceBusyError, match=r"no other answer in 0\.1 s"):
            await refused
    device.waiting = False
    async with quiet_for(TIMEOUT):
        await busy.read_holding_registers(40000, 2)


async def waited_for(line: ResilientUnit, count: int, failure: type[ModbusError]) -> float:
    """Return how many seconds an answer is waited for that does not come."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    async with asyncio.timeout(10):
        with pytest.raises(failure):
            await line.read_holding_registers(40000, count)
    return loop.time() - begin


async def test_a_unit_that_stays_busy_gives_way_sooner() -> None:
    """Until it has answered once; and it stays busy rather than silent, as nobody knows better."""
    device = Endless(MAP)
    line = ResilientUnit(device, timeout=0.0)
    await line.read_holding_registers(40000, 2)
    for _ in range(2):
        device.waiting = True
        patience = line_module.BUSY_PATIENCE
        assert await waited_for(line, 2, ServerDeviceBusyError) >= patience - 0.005
        assert await waited_for(line, 2, ServerDeviceBusyError) < patience
        device.waiting = False
        await line.read_holding_registers(40000, 2)


async def test_a_unit_that_did_not_answer_is_waited_for_as_long_as_its_answer_takes() -> None:
    """Two registers take 17 bytes on the line; the longest frame would be waited for an hour."""
    device = Endless(MAP)
    await device.link.connect()
    device.waiting = True
    byte_time = 3600 / 256
    timeout = 3600 - 17 * byte_time
    await waited_for(
        ResilientUnit(device, timeout=timeout, byte_time=byte_time, missing=True),
        2,
        ModbusTimeoutError,
    )


async def test_a_silent_unit_is_no_busy_one() -> None:
    """Though its attempts are cut off, too."""
    device = Endless(MAP)
    line = ResilientUnit(device, timeout=0.0)
    await fail(line, ModbusTimeoutError("silent"), device)
    await device.link.connect()
    device.waiting = True
    await waited_for(line, 2, ModbusTimeoutError)


async def test_a_line_made_anew_waits_for_what_was_asked_before() -> None:
    device, link = Device(MAP), SharedBus()
    await fail(
        ResilientUnit(device, timeout=TIMEOUT, link=link), ModbusTimeoutError("silent"), device
    )
    async with quiet_for(TIMEOUT):
        await ResilientUnit(device, timeout=TIMEOUT, link=link).read_holding_registers(40000, 2)


async def test_a_link_that_does_not_open_is_no_busy_meter() -> None:
    device = Endless(MAP)
    device.waiting = True
    with pytest.raises(ModbusTimeoutError):
        await ResilientUnit(device, timeout=TIMEOUT).read_holding_registers(40000, 2)


async def test_a_port_that_does_not_open_is_no_silent_host() -> None:
    device = Endless(MAP)
    line = ResilientUnit(device, timeout=TIMEOUT, link=SharedBus(is_port=True))
    device.waiting = True
    with pytest.raises(ModbusConnectionError):
        await line.read_holding_registers(40000, 2)
    device.waiting = False
    await line.read_holding_registers(40000, 2)
    await fail(line, ModbusTimeoutError("silent"), device)


async def test_a_cancelled_read_leaves_the_link_alone() -> None:
    device = Endless(MAP)
    line = ResilientUnit(device, timeout=TIMEOUT)
    await line.read_holding_registers(40000, 2)
    device.waiting = True
    read = asyncio.create_task(line.read_holding_registers(40000, 2))
    await asyncio.sleep(0.01)
    read.cancel()
    with pytest.raises(asyncio.CancelledError):
        await read
    device.waiting = False
    assert device.connected
    async with quiet_for(TIMEOUT):
        await line.read_holding_registers(40000, 2)


@pytest.mark.parametrize("hanging", [False, True])
async def test_a_link_that_cannot_be_closed_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
    hanging: bool,  # noqa: FBT001 - a parameter
) -> None:
    device = Device(MAP)

    async def refuse() -> None:
        if hanging:
            await asyncio.Event().wait()
        raise ModbusConnectionError("cannot close")

    monkeypatch.setattr(device, "disconnect", refuse)
    line = ResilientUnit(device, timeout=0.0)
    await line.disconnect()
    assert await line.read_holding_registers(40000, 2) == [0, 1]
