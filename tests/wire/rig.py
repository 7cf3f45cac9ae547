"""Devices behind a line with faults, and units that reach them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from custom_components.dts307.meter.modbus import LinkTiming, SharedBus
from simulator.server import Framing, SerialConfig, SerialLine
from tests.device import Bench, Device
from tests.lines import network, network_data
from tests.wire.faults import Frames
from tests.wire.links import bus_of, params_of, resilient
from tests.wire.local_wire import local_wire
from tests.wire.proxy import Proxy, proxy
from tests.wire.wire import Fault

TIMEOUT = 0.5
"""Response timeout in seconds; a response takes a twentieth of that."""

TIMING = LinkTiming(busy=0.5, port_closes=0.1)
"""A busy unit gives way before the library repeats its request, which takes a second."""


class Sufferer(Protocol):
    """A line that can have a fault."""

    def suffer(self, fault: Fault) -> None:
        """Change the fault of the line."""

    async def drained(self) -> None:
        """Wait until no byte is on its way any more."""


@dataclass
class Rig:
    """A connection over a line that can have a fault."""

    connection: ModbusConnection
    line: Sufferer
    frames: Frames
    bus: SharedBus
    timing: LinkTiming

    def unit(self, device: Device) -> ModbusUnit:
        """Return a new unit on the bus."""
        unit = self.connection.for_unit(device.unit)
        return resilient(unit, TIMEOUT, self.bus, self.timing)

    @asynccontextmanager
    async def link_loss(self) -> AsyncIterator[None]:
        """Wait at the end until the library has noticed that the link is lost."""
        lost = asyncio.Event()
        unsubscribe = self.connection.on_connection_lost(lost.set)
        yield
        await lost.wait()
        unsubscribe()


@asynccontextmanager
async def _rig(
    data: dict[str, Any], line: Sufferer, frames: Frames, timing: LinkTiming
) -> AsyncIterator[Rig]:
    connection = ModbusConnection(params_of(data))
    try:
        yield Rig(connection, line, frames, bus_of(data), timing)
    finally:
        await connection.close()


@asynccontextmanager
async def serial_rig(*devices: Device, timing: LinkTiming = TIMING) -> AsyncIterator[Rig]:
    """Put devices on a wire."""
    with local_wire() as wire:
        baud = wire.timing.baud
        port = SerialLine(Bench(*devices), SerialConfig(port=wire.server_path, baud=baud))
        data = {
            "transport": "serial",
            "device": wire.client_path,
            "baudrate": baud,
            "stopbits": 1,
        }
        await port.open()
        try:
            async with _rig(data, wire, Frames(rtu=True), timing) as rig:
                yield rig
        finally:
            await port.close()


@asynccontextmanager
async def network_rig(
    framing: Framing, *devices: Device, timing: LinkTiming = TIMING
) -> AsyncIterator[Rig]:
    """Put devices behind a gateway."""
    async with network(*devices, framing=framing) as line, proxy(line) as gateway:
        data = network_data(line) | {"port": gateway.port}
        async with _rig(data, gateway, Frames(rtu=framing is Framing.RTU), timing) as rig:
            assert isinstance(gateway, Proxy)
            yield rig
