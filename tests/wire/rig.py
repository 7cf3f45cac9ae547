"""Devices at the far end of a line that can be made to suffer, and units at the near end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from custom_components.dts307.connection.link import careful_unit, link_params
from modbus_connection import ModbusUnit
from modbus_connection.tmodbus import ModbusConnection

from simulator.server import Framing, SerialConfig, SerialLine
from tests.device import Bench, Device
from tests.lines import network, network_data
from tests.wire.faults import Frames
from tests.wire.proxy import Proxy, proxy
from tests.wire.wire import Fault, RunningWire

TIMEOUT = 0.2
"""Seconds to wait for an answer that takes a tenth of that."""


class Sufferer(Protocol):
    """A line that a fault can be put on."""

    def suffer(self, fault: Fault) -> None:
        """Put another fault on the line."""


_PORT_CLOSES_WITHIN = 0.05
"""tmodbus before 1.0 closes a port in the background, and the next test opens it again."""


@dataclass
class Rig:
    """A connection over a line that can be made to suffer."""

    connection: ModbusConnection
    line: Sufferer
    frames: Frames
    data: dict[str, Any]

    def unit(self, device: Device) -> ModbusUnit:
        """Return a unit as the integration makes them."""
        return careful_unit(self.connection.for_unit(device.unit), self.data)


@asynccontextmanager
async def _rig(data: dict[str, Any], line: Sufferer, frames: Frames) -> AsyncIterator[Rig]:
    connection = ModbusConnection(link_params(data))
    try:
        yield Rig(connection, line, frames, data)
    finally:
        await connection.close()
        await asyncio.sleep(_PORT_CLOSES_WITHIN)


@asynccontextmanager
async def serial_rig(wire: RunningWire, *devices: Device) -> AsyncIterator[Rig]:
    """Put devices on a wire."""
    baud = wire.timing.baud
    port = SerialLine(Bench(*devices), SerialConfig(port=wire.server_path, baud=baud))
    data = {
        "transport": "serial",
        "device": wire.client_path,
        "baudrate": baud,
        "parity": "none",
        "stopbits": 1,
    }
    await port.open()
    try:
        async with _rig(data, wire, Frames(rtu=True)) as rig:
            yield rig
    finally:
        await port.close()


@asynccontextmanager
async def network_rig(framing: Framing, *devices: Device) -> AsyncIterator[Rig]:
    """Put devices behind a gateway."""
    async with network(*devices, framing=framing) as line, proxy(line) as gateway:
        data = network_data(line) | {"port": gateway.port}
        async with _rig(data, gateway, Frames(rtu=framing is Framing.RTU)) as rig:
            assert isinstance(gateway, Proxy)
            yield rig
