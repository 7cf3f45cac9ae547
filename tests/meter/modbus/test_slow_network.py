"""Networks on which an answer takes longer than the timeout."""

import asyncio
from typing import override

from modbus_connection import ModbusTimeoutError
import pytest

from custom_components.dts307.meter.modbus import LinkTiming, ResilientUnit, SharedBus
from tests.meter.device import Device
from tests.meter.modbus.resilient import MAP, SILENCE, fail, read
from tests.meter.virtual_time import duration, lasts, virtual_time

TIMEOUT = 1.0
TIMING = LinkTiming(patience=4.0, busy=1.0, port_closes=0.25, close=0.0)


class Far(Device):
    """A unit whose answers take ``delay`` seconds; ``None``: it never answers."""

    delay: float | None = 3.0
    required = applied = TIMEOUT
    """The timeout that was required, and that of the present connection."""

    @override
    def require_timeout(self, seconds: float | None) -> None:
        assert seconds is not None
        self.required = seconds

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        if not self.connected:
            self.applied = self.required
            await self.link.connect()
        try:
            async with asyncio.timeout(self.applied):
                await (asyncio.Event().wait() if self.delay is None else asyncio.sleep(self.delay))
        except TimeoutError as err:
            raise ModbusTimeoutError("silent") from err
        return await super().read_holding_registers(address, count)


def far_unit(
    device: Device, *, bus: SharedBus | None = None, is_alone: bool = True
) -> ResilientUnit:
    """Return a unit that may be patient if it ``is_alone``."""
    bus = bus or SharedBus()
    return ResilientUnit(device, timeout=TIMEOUT, bus=bus, is_alone=lambda: is_alone, timing=TIMING)


async def lose(unit: ResilientUnit) -> float:
    """Return for how long a request without an answer keeps the bus and the unit busy."""

    async def attempt() -> None:
        with pytest.raises(ModbusTimeoutError):
            await unit.read_holding_registers(40000, 2)

    return await duration(attempt())


@virtual_time
async def test_patience_is_learnt_from_an_answer_that_needs_it() -> None:
    device = Far(MAP)
    unit = far_unit(device)
    assert await lose(unit) < 1.5 * TIMEOUT
    await read(unit)
    for _ in range(5):
        assert await duration(read(unit)) == lasts(3.0)


@virtual_time
async def test_all_units_on_a_slow_network_have_the_time() -> None:
    bus, device = SharedBus(), Far(MAP)
    first = far_unit(device, bus=bus)
    await lose(first)
    await read(first)
    await read(far_unit(device, bus=bus, is_alone=False))


@pytest.mark.parametrize("is_port", [False, True])
@virtual_time
async def test_others_wait_no_longer_for_a_silent_unit(
    is_port: bool,  # noqa: FBT001 - a parameter
) -> None:
    """If anything answers in time, or if it is a port, there is no patience."""
    device = Far(MAP)
    device.delay = None
    unit = far_unit(device, bus=SharedBus(is_port=is_port), is_alone=is_port)
    for _ in range(5):
        # The quiet time, the timeout, and the time for the library to close.
        assert await lose(unit) <= 2 * TIMEOUT + TIMING.port_closes


@virtual_time
async def test_a_network_that_answers_in_time_again_is_not_slow() -> None:
    device = Far(MAP)
    unit = far_unit(device)
    await lose(unit)
    await read(unit)
    device.delay = 0.1
    for _ in range(20):
        await read(unit)
    device.delay = None
    assert await lose(unit) <= 2 * TIMEOUT + TIMING.busy + TIMING.port_closes


@virtual_time
async def test_a_network_may_become_slow() -> None:
    device = Far(MAP)
    device.delay = 0.1
    unit = far_unit(device)
    await read(unit)
    device.delay = 3.0
    for _ in range(3):
        await lose(unit)
    await read(unit)


@virtual_time
async def test_one_lost_answer_is_no_slow_network() -> None:
    device = Far(MAP)
    device.delay = 0.1
    unit = far_unit(device)
    await read(unit)
    await fail(unit, SILENCE, device)
    assert await duration(read(unit)) <= TIMEOUT + 0.2
