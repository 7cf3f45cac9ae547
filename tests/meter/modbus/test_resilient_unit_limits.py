"""How long a unit that is busy, silent or out of reach may occupy the bus."""

import asyncio

from modbus_connection import (
    ModbusConnectionError,
    ModbusTimeoutError,
    ServerDeviceBusyError,
)
import pytest

from custom_components.dts307.meter.modbus import SharedBus
from tests.meter.device import Device
from tests.meter.modbus.resilient import (
    MAP,
    SILENCE,
    TIMEOUT,
    TIMING,
    Stuck,
    fail,
    read,
    resilient,
    time_out,
)
from tests.meter.virtual_time import duration, lasts, virtual_time


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
    bus = SharedBus(is_port=True)
    unit = resilient(device, timeout=10.0, byte_time=0.01, bus=bus, unresponsive=True)
    frame = 13 + 2 * count
    expected = 10.0 - 0.01 * (256 - frame)
    assert await time_out(unit, ModbusTimeoutError, count) == lasts(expected + TIMING.port_closes)


@virtual_time
async def test_a_unit_that_did_not_respond_is_not_waited_for_as_long_the_next_time() -> None:
    device = Stuck(MAP)
    unit = resilient(device, timeout=10.0, byte_time=0.01, bus=SharedBus(is_port=True))
    await fail(unit, SILENCE, device, 2)
    await device.link.connect()
    device.stuck = True
    with_spare_register = 13 + 2 * 3
    expected = 10.0 - 0.01 * (256 - with_spare_register)
    quiet = 10.0 - TIMING.port_closes
    # Silence again, while no other unit has responded: the link is dropped once more.
    drop = TIMING.port_closes
    assert await time_out(unit, ModbusTimeoutError) == lasts(quiet + expected + drop)


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
