"""pysunspec2 as the oracle: it reads a register image as it would read a device."""

from collections.abc import Sequence
import struct
from typing import Any

from sunspec2.modbus.client import (
    SunSpecModbusClientDevice,
)
from sunspec2.modbus.modbus import (
    ModbusClientException,
)

type Values = dict[str, Any]


class ImageDevice(SunSpecModbusClientDevice):  # type: ignore[misc]
    """A device that is nothing but an image at an address."""

    def __init__(self, registers: Sequence[int], base: int = 40000) -> None:
        """Lay the image at its base."""
        super().__init__()
        self._data = struct.pack(f">{len(registers)}H", *registers)
        self._base = base

    def read(self, addr: int, count: int) -> bytes:
        """Return registers as bytes, as the library's clients do."""
        begin, end = (2 * (addr - self._base), 2 * (addr + count - self._base))
        if begin < 0 or end > len(self._data):
            raise ModbusClientException("Modbus exception 2")
        return self._data[begin:end]


def scanned(registers: Sequence[int], base: int = 40000) -> ImageDevice:
    """Return the device after a scan of its models."""
    device = ImageDevice(registers, base)
    device.scan(connect=False)
    return device


def decoded(device: ImageDevice, model: int) -> Values:
    """Return the values of a meter model by name, in SI units; None if not implemented."""
    points = device.models[model][0].points
    values = {}
    for name, point in points.items():
        if name in {"ID", "L"} or point.pdef["type"] == "sunssf":
            continue
        value = point.cvalue
        if value is not None and point.pdef.get("units") == "Pct":
            value /= 100
        values[name] = value
    return values
