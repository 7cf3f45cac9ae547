"""Lines to put devices on for the length of a test, and the entry data that describes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from custom_components.dts307.connection import DEFAULT_UNIT_ID
from simulator.server import Framing, Line, PtyConfig, PtyLine, TcpConfig, TcpLine
from tests.device import Bench, Device

SPEED = 115200
"""A pseudo-terminal has no bit times; a high speed just keeps the timeouts short."""


@asynccontextmanager
async def _opened[L: Line](line: L) -> AsyncIterator[L]:
    await line.open()
    try:
        yield line
    finally:
        await line.close()


@asynccontextmanager
async def network(*devices: Device, framing: Framing = Framing.SOCKET) -> AsyncIterator[TcpLine]:
    """Serve devices on a TCP port of this machine."""
    async with _opened(TcpLine(Bench(*devices), TcpConfig(framing=framing))) as line:
        yield line


@asynccontextmanager
async def serial(
    *devices: Device, speed: int | None = SPEED, link: Path | None = None
) -> AsyncIterator[PtyLine]:
    """Serve devices on a pseudo-terminal that insists on a speed, perhaps by another name."""
    async with _opened(PtyLine(Bench(*devices), PtyConfig(baud=speed, link=link))) as line:
        yield line


def network_data(
    line: TcpLine, *, unit_id: int = DEFAULT_UNIT_ID, framing: str | None = None
) -> dict[str, Any]:
    """Return the config entry data for a meter on a TCP port."""
    served = "rtu" if line.framing is Framing.RTU else "tcp"
    return {
        "transport": "network",
        "host": line.host,
        "port": line.port,
        "framing": framing or served,
        "unit_id": unit_id,
    }


def serial_data(
    line: PtyLine, *, unit_id: int = DEFAULT_UNIT_ID, speed: int = SPEED
) -> dict[str, Any]:
    """Return the config entry data for a meter on a pseudo-terminal."""
    return {
        "transport": "serial",
        "device": line.path,
        "baudrate": speed,
        "parity": "none",
        "stopbits": 1,
        "unit_id": unit_id,
    }
