"""When a resilient unit stays quiet, and who waits for it."""

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
    counts,
    fail,
    read,
    resilient,
    time_out,
)
from tests.meter.virtual_time import duration, lasts, virtual_time


@virtual_time
async def test_a_new_unit_waits_for_what_another_asked() -> None:
    device, bus = Device(MAP), SharedBus(is_port=True)
    await fail(resilient(device, timeout=10.0, bus=bus), SILENCE, device)
    short = resilient(device, timeout=0.5, bus=bus)
    assert await duration(read(short)) == lasts(10.0 - TIMING.port_closes)


@virtual_time
async def test_a_short_quiet_time_does_not_end_a_long_one() -> None:
    """The longest of all that is due counts, not the last."""
    device, bus = Device(MAP), SharedBus(is_port=True)
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
