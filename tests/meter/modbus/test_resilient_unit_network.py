"""Adapters that lose the first answer on a connection, or close it after each."""

import asyncio
from typing import override

from modbus_connection import (
    ModbusConnectionError,
    ModbusError,
    ModbusExceptionError,
    ModbusProtocolError,
)
import pytest

from custom_components.dts307.meter.modbus import SharedBus
from tests.meter.device import Device
from tests.meter.modbus.resilient import MAP, SILENCE, TIMEOUT, fail, read, resilient
from tests.meter.virtual_time import duration, lasts, virtual_time

LOST = ModbusConnectionError("lost")
CORRUPT = ModbusProtocolError("corrupt")


@pytest.mark.parametrize("fault", [SILENCE, CORRUPT])
@virtual_time
async def test_a_new_connection_has_a_second_chance(fault: ModbusError) -> None:
    """If the first answer is always lost, another connection would lose it too."""
    device = Device(MAP)
    unit = resilient(device)
    await fail(unit, fault, device)
    assert device.connected
    await fail(unit, fault, device)
    assert not device.connected
    await fail(unit, fault, device)
    assert device.connected
    await read(unit)
    await fail(unit, fault, device)
    assert not device.connected


@virtual_time
async def test_a_connection_that_was_open_is_opened_again_if_it_is_lost() -> None:
    device = Device(MAP)
    unit = resilient(device)
    await read(unit)
    device.faults.append(LOST)
    # The answer may still come: a serial server forwards it to any connection.
    assert await duration(read(unit)) == lasts(TIMEOUT)
    device.faults.extend([LOST, LOST])
    with pytest.raises(ModbusConnectionError):
        await read(unit)


@pytest.mark.parametrize("is_port", [False, True])
@virtual_time
async def test_a_new_connection_or_a_port_that_is_lost_is_an_error(
    is_port: bool,  # noqa: FBT001 - a parameter
) -> None:
    device = Device(MAP)
    unit = resilient(device, bus=SharedBus(is_port=is_port))
    if is_port:
        await read(unit)
    await fail(unit, LOST, device)
    await read(unit)


class Closing(Device):
    """An adapter that closes the connection after an answer; ``connects`` counts how often."""

    closes = True
    lost = 0

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        registers = await super().read_holding_registers(address, count)
        if self.closes:
            asyncio.get_running_loop().call_later(0.001, self._close)
        return registers

    def _close(self) -> None:
        if self.connected:
            self.lost += 1
            self.link.simulate_connection_lost()


@virtual_time
async def test_a_connection_that_the_adapter_would_close_is_closed_before() -> None:
    device = Closing(MAP)
    unit, other = resilient(device), resilient(device, bus=SharedBus())
    for _ in range(2):
        await read(unit)
        await asyncio.sleep(1)
    assert device.lost == 2
    for _ in range(3):
        await read(unit)
        assert not device.connected
        assert unit.connected
    device.faults.append(ModbusExceptionError.from_code(2))
    with pytest.raises(ModbusExceptionError):
        await read(unit)
    assert not device.connected
    assert device.lost == 2
    # Another connection is another matter.
    await read(other)
    assert device.connected


@pytest.mark.parametrize("is_port", [False, True])
@virtual_time
async def test_what_a_unit_drops_itself_was_not_closed(
    is_port: bool,  # noqa: FBT001 - a parameter
) -> None:
    device = Device(MAP)
    unit = resilient(device, bus=SharedBus(is_port=is_port))
    for _ in range(5):
        await read(unit)
        assert device.connected
        await fail(unit, CORRUPT, device)
        assert not device.connected


@virtual_time
async def test_one_that_closes_now_and_then_is_left_alone() -> None:
    device = Closing(MAP)
    unit = resilient(device)
    for _ in range(5):
        device.closes = True
        await read(unit)
        await asyncio.sleep(1)
        device.closes = False
        await read(unit)
        await read(unit)
        assert device.connected
