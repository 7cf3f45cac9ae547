"""A resilient unit sends what it is told to, except after a response that was not as it should be.

The event loop's time is virtual, so that durations are exact.
"""

import asyncio
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

from custom_components.dts307.meter.modbus import LinkTiming, ResilientUnit, SharedBus
from tests.meter.device import Device
from tests.meter.virtual_time import duration, lasts, virtual_time

TIMEOUT = 1.5
MAP = {40000: list(range(200))}
TIMING = LinkTiming(busy=3.0, connect=20.0, close=5.0, port_closes=0.25, latest_response=100.0)

SILENCE = ModbusTimeoutError("silent")
FAULTS = [SILENCE, ModbusProtocolError("corrupt"), ModbusConnectionError("lost")]


class Stuck(Device):
    """A unit that never responds while ``stuck``, on a link that is up or not."""

    stuck = False

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        if self.stuck:
            await asyncio.Event().wait()
        return await super().read_holding_registers(address, count)


def resilient(
    device: Device,
    *,
    timeout: float = TIMEOUT,
    bus: SharedBus | None = None,
    unresponsive: bool = False,
    byte_time: float = 0.0,
) -> ResilientUnit:
    """Return a resilient unit with the timing of these tests."""
    return ResilientUnit(
        device,
        timeout=timeout,
        byte_time=byte_time,
        bus=bus,
        unresponsive=unresponsive,
        timing=TIMING,
    )


async def read(unit: ResilientUnit, count: int = 2, address: int = 40000) -> None:
    """Read registers, and check that they are those of the map."""
    start = address - 40000
    expected = list(range(start, start + count))
    assert await unit.read_holding_registers(address, count) == expected


async def fail(unit: ResilientUnit, fault: ModbusError, device: Device, count: int = 20) -> None:
    """Let a read fail."""
    device.faults.append(fault)
    with pytest.raises(type(fault)):
        await unit.read_holding_registers(40000, count)


async def time_out(unit: ResilientUnit, failure: type[ModbusError], count: int = 2) -> float:
    """Return after how many seconds a read fails for want of a response."""

    async def attempt() -> None:
        with pytest.raises(failure):
            await unit.read_holding_registers(40000, count)

    return await duration(attempt())


def counts(device: Device) -> list[int]:
    """Return how many registers each request was for."""
    return [count for _, count in device.requests]


@virtual_time
async def test_a_healthy_link_carries_what_is_asked() -> None:
    device = Device(MAP)
    unit = resilient(device, timeout=3600.0)
    assert device.required_timeout == 3600
    assert not unit.connected

    async def reads() -> None:
        await read(unit)
        await read(unit, address=40100)
        with pytest.raises(IllegalDataAddressError):
            await unit.read_holding_registers(50000, 2)
        await read(unit, 100)

    assert await duration(reads()) == 0
    assert unit.connected
    assert device.requests == [(40000, 2), (40100, 2), (50000, 2), (40000, 100)]


@virtual_time
async def test_everything_else_is_the_units() -> None:
    device = Device(MAP)
    device.holding[7] = 3
    await resilient(device).write_register(7, 4)
    assert device.holding[7] == 4


@pytest.mark.parametrize("fault", FAULTS)
@virtual_time
async def test_after_a_failure_the_next_request_waits_and_is_longer(fault: ModbusError) -> None:
    device = Device(MAP)
    unit = resilient(device)
    await read(unit, 40)
    loop = asyncio.get_running_loop()
    for longer in (1, 2, 0, 1):
        quiet_from = loop.time()
        await fail(unit, fault, device)
        await read(unit, 20)
        assert loop.time() - quiet_from == lasts(TIMEOUT)
        assert device.requests[-1] == (40000, 20 + longer)
        # A unit that responds again is not waited for any more.
        assert await duration(read(unit, 20)) == 0


@pytest.mark.parametrize(
    ("fault", "dropped"), [(FAULTS[0], True), (FAULTS[1], True), (FAULTS[2], False)]
)
@virtual_time
async def test_what_the_library_has_buffered_is_dropped(
    fault: ModbusError,
    dropped: bool,  # noqa: FBT001 - a parameter
) -> None:
    """The port needs a moment until it is free; a link that was lost is closed already."""
    device = Device(MAP)
    unit = resilient(device)
    await read(unit)
    assert await duration(fail(unit, fault, device)) == lasts(TIMING.port_closes * dropped)
    assert device.connected is not dropped
    assert unit.connected


@virtual_time
async def test_only_known_registers_are_read_in_addition() -> None:
    device = Device(MAP)
    unit = resilient(device)
    await read(unit, 20)
    await fail(unit, SILENCE, device)
    await read(unit, 20)
    assert device.requests[-1] == (40000, 20)
    await read(unit, 125)
    for _ in range(3):
        await fail(unit, SILENCE, device)
    await read(unit, 125)
    await read(unit, 124, address=40001)
    await read(unit, 124)
    assert device.requests[-3:] == [(40000, 125), (40001, 124), (40000, 124)]


@virtual_time
async def test_one_spare_register_is_read_where_there_is_one() -> None:
    """Up to the most that a request can carry, and the last that is known."""
    for room, expected in ((124, [125, 124, 125]), (125, [125, 125, 125])):
        device = Device(MAP)
        unit = resilient(device)
        await read(unit, 125)
        device.read_events.clear()
        for _ in range(3):
            await fail(unit, SILENCE, device, room)
            device.read_events.clear()
            await read(unit, room)
            assert counts(device) == [expected.pop(0)]


@virtual_time
async def test_registers_below_say_nothing_about_those_above() -> None:
    """A map at 0 ends somewhere, whatever a device has at 40000."""
    device = Device({**MAP, 0: [1, 2, 3]})
    unit = resilient(device)
    await read(unit)
    await unit.read_holding_registers(0, 2)
    device.faults.append(SILENCE)
    with pytest.raises(ModbusTimeoutError):
        await unit.read_holding_registers(1, 2)
    assert await unit.read_holding_registers(1, 2) == [2, 3]
    assert device.requests[-1] == (1, 2)


@pytest.mark.parametrize(("later", "lengths"), [(0.0, [21, 21]), (0.01, [21, 20])])
@virtual_time
async def test_requests_become_short_again(later: float, lengths: list[int]) -> None:
    """Once no delayed response can be due any more."""
    device = Device(MAP)
    unit = resilient(device)
    await read(unit, 40)
    failed_at = asyncio.get_running_loop().time()
    await fail(unit, SILENCE, device)
    await read(unit, 20)
    latest = failed_at + TIMEOUT + TIMING.latest_response
    await asyncio.sleep(latest + later - asyncio.get_running_loop().time())
    device.read_events.clear()
    await read(unit, 20)
    await read(unit, 20)
    assert counts(device) == lengths


@virtual_time
async def test_a_dropped_link_counts_as_up_until_the_next_request() -> None:
    """The reason of a failure depends on whether the link was up then, not on whether it is now."""
    device = Device(MAP)
    unit = resilient(device)
    await read(unit)
    await fail(unit, SILENCE, device)
    assert unit.connected
    assert not device.connected
    device.link.down = ModbusTimeoutError("could not connect")
    with pytest.raises(ModbusTimeoutError):
        await read(unit)
    assert not unit.connected


@virtual_time
async def test_a_silent_unit_drops_a_working_link_only_once() -> None:
    device, bus = Device(MAP), SharedBus()
    silent, responding = resilient(device, bus=bus), resilient(device, bus=bus)
    for dropped in (True, False, False):
        await read(responding)
        await fail(silent, SILENCE, device)
        assert device.connected is not dropped
    # No unit has responded since: now the link is suspect.
    await fail(silent, SILENCE, device)
    assert not device.connected


@virtual_time
async def test_a_unit_that_responds_has_a_first_timeout_again() -> None:
    device, bus = Device(MAP), SharedBus()
    unit, other = resilient(device, bus=bus), resilient(device, bus=bus)
    await fail(unit, SILENCE, device)
    await read(unit)
    await read(other)
    await fail(unit, SILENCE, device)
    assert not device.connected


@virtual_time
async def test_a_busy_unit_gives_way() -> None:
    bus = SharedBus()
    device, other_device = Stuck(MAP), Device(MAP)
    busy, other = resilient(device, bus=bus), resilient(other_device, bus=bus)
    await read(busy)
    device.stuck = True
    refused = asyncio.create_task(time_out(busy, ServerDeviceBusyError))
    await asyncio.sleep(1)
    assert await duration(read(other)) == lasts(TIMEOUT + TIMING.busy - 1)
    assert await refused == lasts(TIMEOUT + TIMING.busy)
    assert device.connected
    device.stuck = False
    assert await duration(read(busy)) == lasts(TIMEOUT)


@virtual_time
async def test_the_message_names_the_time_limit() -> None:
    device = Stuck(MAP)
    unit = resilient(device)
    await read(unit)
    device.stuck = True
    with pytest.raises(ServerDeviceBusyError, match=r"^no other response in 4\.5 s$"):
        await read(unit)
    await device.link.disconnect()
    with pytest.raises(ModbusTimeoutError, match=r"^no response in 21\.5 s$"):
        await read(unit)


@virtual_time
async def test_a_unit_that_stays_busy_gives_way_sooner() -> None:
    """Until it has responded once; and it stays busy rather than silent."""
    device = Stuck(MAP)
    unit = resilient(device)
    await read(unit)
    for _ in range(2):
        device.stuck = True
        assert await time_out(unit, ServerDeviceBusyError) == lasts(TIMEOUT + TIMING.busy)
        for _ in range(2):
            # The quiet time, and then the usual timeout.
            assert await time_out(unit, ServerDeviceBusyError) == lasts(2 * TIMEOUT)
        device.stuck = False
        await read(unit)


@virtual_time
async def test_a_busy_unit_that_falls_silent_is_silent() -> None:
    device = Stuck(MAP)
    unit = resilient(device)
    await read(unit)
    device.stuck = True
    await time_out(unit, ServerDeviceBusyError)
    device.stuck = False
    await fail(unit, SILENCE, device)
    await device.link.connect()
    device.stuck = True
    await time_out(unit, ModbusTimeoutError)


@pytest.mark.parametrize("count", [2, 55, 121])
@virtual_time
async def test_a_silent_unit_is_waited_for_as_long_as_its_response_takes(count: int) -> None:
    """The longest frame of 256 bytes takes the timeout; fewer registers take as many fewer."""
    device = Stuck(MAP)
    await device.link.connect()
    device.stuck = True
    unit = resilient(device, timeout=10.0, byte_time=0.01, unresponsive=True)
    frame = 13 + 2 * count
    expected = 10.0 - 0.01 * (256 - frame)
    assert await time_out(unit, ModbusTimeoutError, count) == lasts(expected + TIMING.port_closes)


@virtual_time
async def test_a_unit_that_did_not_respond_is_not_waited_for_as_long_the_next_time() -> None:
    device = Stuck(MAP)
    unit = resilient(device, timeout=10.0, byte_time=0.01)
    await fail(unit, SILENCE, device)
    await device.link.connect()
    device.stuck = True
    with_spare_register = 13 + 2 * 3
    expected = 10.0 - 0.01 * (256 - with_spare_register)
    quiet = 10.0 - TIMING.port_closes
    # Silence again, while no other unit has responded: the link is dropped once more.
    drop = TIMING.port_closes
    assert await time_out(unit, ModbusTimeoutError) == lasts(quiet + expected + drop)


@virtual_time
async def test_a_new_unit_waits_for_what_another_asked() -> None:
    device, bus = Device(MAP), SharedBus()
    await fail(resilient(device, timeout=10.0, bus=bus), SILENCE, device)
    short = resilient(device, timeout=0.5, bus=bus)
    assert await duration(read(short)) == lasts(10.0 - TIMING.port_closes)


@virtual_time
async def test_a_short_quiet_time_does_not_end_a_long_one() -> None:
    """The longest of all that is due counts, not the last."""
    device, bus = Device(MAP), SharedBus()
    short = resilient(device, timeout=0.5, bus=bus)
    await fail(resilient(device, timeout=10.0, bus=bus), SILENCE, device)
    await fail(short, SILENCE, device)
    assert await duration(read(resilient(device, bus=bus))) == lasts(10.0 - 2 * TIMING.port_closes)


@virtual_time
async def test_other_units_do_not_wait_for_the_quiet_time_of_one() -> None:
    device, bus = Device(MAP), SharedBus()
    failing, other = resilient(device, bus=bus), resilient(device, bus=bus)
    await fail(failing, SILENCE, device)
    assert await duration(read(other)) == 0


@virtual_time
async def test_a_host_that_does_not_connect_is_silent() -> None:
    device = Stuck(MAP)
    device.stuck = True
    expected = TIMEOUT + TIMING.busy + TIMING.connect
    unit = resilient(device)
    assert await time_out(unit, ModbusTimeoutError) == lasts(expected)
    # It is not known to be silent, only its link is: next time, a busy unit has its time again.
    assert await time_out(unit, ModbusTimeoutError) == lasts(TIMEOUT + expected)


@virtual_time
async def test_a_port_that_does_not_open_hangs() -> None:
    device = Stuck(MAP)
    unit = resilient(device, bus=SharedBus(is_port=True))
    device.stuck = True
    await time_out(unit, ModbusConnectionError)
    device.stuck = False
    await read(unit)
    await fail(unit, SILENCE, device)


@virtual_time
async def test_a_cancelled_read_leaves_the_link_alone() -> None:
    device = Stuck(MAP)
    unit = resilient(device)
    await read(unit)
    device.stuck = True
    reading = asyncio.create_task(read(unit))
    await asyncio.sleep(0.5)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    device.stuck = False
    assert device.connected
    assert await duration(read(unit)) == lasts(TIMEOUT)


@virtual_time
async def test_one_read_at_a_time_waits_for_the_quiet_time() -> None:
    """A second read does not overtake the first, which is quiet without holding the bus."""
    device = Device(MAP)
    unit = resilient(device)
    await read(unit, 40)
    await fail(unit, SILENCE, device)
    device.faults.append(SILENCE)
    first = asyncio.create_task(time_out(unit, ModbusTimeoutError, 20))
    await asyncio.sleep(0.5)
    # The first fails when its quiet time is over, and begins another one for the second.
    elapsed = TIMING.port_closes + 0.5
    assert await duration(read(unit, 20)) == lasts(2 * TIMEOUT - elapsed)
    await first
    assert counts(device)[-2:] == [21, 22]


@pytest.mark.parametrize("hangs", [False, True])
@virtual_time
async def test_a_link_that_cannot_be_closed_is_no_obstacle(
    monkeypatch: pytest.MonkeyPatch,
    hangs: bool,  # noqa: FBT001 - a parameter
) -> None:
    device = Device(MAP)

    async def refuse() -> None:
        if hangs:
            await asyncio.Event().wait()
        raise ModbusConnectionError("cannot close")

    monkeypatch.setattr(device, "disconnect", refuse)
    unit = resilient(device)
    dropped = TIMING.close * hangs + TIMING.port_closes
    assert await duration(unit.disconnect()) == lasts(dropped)
    # The quiet time has begun before.
    assert await duration(read(unit)) == lasts(max(0.0, TIMEOUT - dropped))


@virtual_time
async def test_a_disconnect_waits_for_the_request_under_way() -> None:
    bus = SharedBus()
    device = Stuck(MAP)
    unit, other = resilient(device, bus=bus), resilient(Device(MAP), bus=bus)
    await read(unit)
    device.stuck = True
    reading = asyncio.create_task(time_out(unit, ServerDeviceBusyError))
    await asyncio.sleep(1)
    elapsed = await duration(other.disconnect())
    assert elapsed == lasts(TIMEOUT + TIMING.busy - 1 + TIMING.port_closes)
    await reading
