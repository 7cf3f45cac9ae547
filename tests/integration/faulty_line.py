"""Lines with faults between Home Assistant and a device."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from simulator.server import Framing, SerialConfig, SerialLine
from tests.device import Bench, Device
from tests.lines import network, network_data
from tests.wire.faults import Frames
from tests.wire.local_wire import LocalWire, local_wire
from tests.wire.proxy import Proxy, proxy
from tests.wire.wire import Fault, clean

SERIAL, TCP, RTU_OVER_TCP = "serial", "tcp", "rtu over tcp"


@dataclass
class FaultyLine:
    """A line, and the config entry data of the meter on it."""

    data: dict[str, Any]
    frames: Frames
    way: LocalWire | Proxy

    @property
    def unit(self) -> int:
        """The unit ID of the meter."""
        unit: int = self.data["unit_id"]
        return unit

    @property
    def gateway(self) -> Proxy:
        """The proxy between the network and the device."""
        assert isinstance(self.way, Proxy)
        return self.way

    def suffer(self, fault: Fault) -> None:
        """Change the fault of the line."""
        self.way.suffer(fault)

    async def end_fault(self) -> None:
        """Pass all frames unchanged again."""
        self.way.suffer(clean)


@asynccontextmanager
async def faulty_line(kind: str, device: Device) -> AsyncIterator[FaultyLine]:
    """Put a device at the far end of a wire, or behind a gateway."""
    if kind == SERIAL:
        async with _behind_wire(device) as line:
            yield line
        return
    framing = Framing.SOCKET if kind == TCP else Framing.RTU
    async with network(device, framing=framing) as server, proxy(server) as gateway:
        data = network_data(server) | {"port": gateway.port}
        yield FaultyLine(data, Frames(rtu=framing is Framing.RTU), gateway)


@asynccontextmanager
async def _behind_wire(device: Device) -> AsyncIterator[FaultyLine]:
    with local_wire() as wire:
        baud = wire.timing.baud
        port = SerialLine(Bench(device), SerialConfig(port=wire.server_path, baud=baud))
        data = {
            "transport": "serial",
            "device": wire.client_path,
            "baudrate": baud,
            "parity": "none",
            "stopbits": 1,
            "unit_id": device.unit,
        }
        await port.open()
        try:
            yield FaultyLine(data, Frames(rtu=True), wire)
        finally:
            await port.close()
