"""Resilient units with the timing of the tests, and devices that do not respond."""

import asyncio
from typing import override

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusProtocolError,
    ModbusTimeoutError,
)
import pytest

from custom_components.dts307.meter.modbus import LinkTiming, ResilientUnit, SharedBus
from tests.meter.device import Device
from tests.meter.virtual_time import duration

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
