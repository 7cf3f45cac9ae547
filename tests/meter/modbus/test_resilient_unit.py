"""A resilient unit sends what is asked of it, except after a response that was not as it should be.

The event loop's time is virtual, so that durations are exact.
"""

import asyncio
import errno
from typing import override

from modbus_connection import (
    IllegalDataAddressError,
    ModbusConnectionError,
    ModbusError,
    ModbusTimeoutError,
)
import pytest

from custom_components.dts307.meter.modbus import SharedBus
from tests.meter.device import Device
from tests.meter.modbus.resilient import (
    FAULTS,
    MAP,
    SILENCE,
    TIMEOUT,
    TIMING,
    counts,
    fail,
    read,
    resilient,
)
from tests.meter.virtual_time import duration, lasts, virtual_time


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
    unit = resilient(device, bus=SharedBus(is_port=True))
    await read(unit, 40)
    loop = asyncio.get_running_loop()
    for longer in (1, 2, 3, 4, 0, 1):
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
    unit = resilient(device, bus=SharedBus(is_port=True))
    await read(unit)
    assert await duration(fail(unit, fault, device)) == lasts(TIMING.port_closes * dropped)
    assert device.connected is not dropped
    assert unit.connected


class GonePort(Device):
    """A unit on a port that the system no longer has, which the library finds out by writing."""

    gone = False

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        if self.gone:
            raise OSError(errno.EIO, "Input/output error")
        return await super().read_holding_registers(address, count)


@virtual_time
async def test_a_port_that_has_gone_is_a_lost_link() -> None:
    """The library is made to open the port once more."""
    device = GonePort(MAP)
    unit = resilient(device)
    await read(unit)
    device.gone = True
    with pytest.raises(ModbusConnectionError, match="Input/output error"):
        await unit.read_holding_registers(40000, 2)
    assert not device.connected
    device.gone = False
    await read(unit)
    assert device.connected


@virtual_time
async def test_only_known_registers_are_read_in_addition() -> None:
    device = Device(MAP)
    unit = resilient(device, bus=SharedBus(is_port=True))
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
        unit = resilient(device, bus=SharedBus(is_port=True))
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


@pytest.mark.parametrize(("later", "lengths"), [(-0.01, [21, 21]), (0.01, [20, 20])])
@virtual_time
async def test_requests_become_short_again(later: float, lengths: list[int]) -> None:
    """Once no delayed response can be due any more."""
    device = Device(MAP)
    unit = resilient(device, bus=SharedBus(is_port=True))
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
