"""Find the SunSpec map of a device, and list its models."""

from dataclasses import dataclass
from typing import Final

from modbus_connection import ModbusUnit
from modbus_connection.model.sunspec import SunSpecModel

from ..errors import (
    DeviceFailureError,
    EndlessChainError,
    GarbledReplyError,
    NotSunSpecError,
    ReadRefusedError,
)
from ..modbus import USUAL_BASE_ADDRESS, read_registers, retry_once

BASE_ADDRESSES: Final = (USUAL_BASE_ADDRESS, 50000, 0)
"""Where a SunSpec map may start (SunSpec Device Information Model 2.2)."""
MARKER: Final = [0x5375, 0x6E53]
""""SunS"."""
END_MODEL: Final = 0xFFFF
_LAST_ADDRESS: Final = 0xFFFF
_MAX_MODELS: Final = 64


@dataclass(frozen=True, slots=True)
class Chain:
    """The models of a SunSpec map, in the order of their registers."""

    base_address: int
    models: tuple[SunSpecModel, ...]

    def follower(self, model: SunSpecModel) -> int:
        """Return the ID in the header behind a model: the next model's or the end marker."""
        index = self.models.index(model) + 1
        return self.models[index].model_id if index < len(self.models) else END_MODEL


async def find_chain(unit: ModbusUnit) -> Chain:
    """Find the SunSpec map at 40000, 50000 or 0, and walk it to its end marker.

    Raises NotSunSpecError, EndlessChainError, or another MeterError if the device cannot be read.
    """
    failure: DeviceFailureError | None = None
    for base_address in BASE_ADDRESSES:
        try:
            marker = await _read(unit, base_address, 2)
        except DeviceFailureError as err:
            # A lost response, as far as is known: it does not say that there is no map.
            failure = err
            continue
        except ReadRefusedError:
            continue
        if marker == MARKER:
            return Chain(base_address, await _walk(unit, base_address + 2))
    if failure is not None:
        raise failure
    raise NotSunSpecError("no SunSpec marker at registers 40000, 50000 and 0")


async def _walk(unit: ModbusUnit, address: int) -> tuple[SunSpecModel, ...]:
    """Return the models from the first header on.

    Without an end marker, the walk runs into whatever is behind the map, mostly zeros or nothing.
    Model 0 does not exist, nor do registers beyond 65535, and no meter has anywhere near 64 models.
    """
    models: list[SunSpecModel] = []
    while len(models) < _MAX_MODELS and address < _LAST_ADDRESS:
        try:
            model_id, length = header = await _read(unit, address, 2)
        except DeviceFailureError:
            raise
        except ReadRefusedError as err:
            raise EndlessChainError(f"the map breaks off at register {address}") from err
        if header == MARKER:
            raise GarbledReplyError("a response belongs to the request before")
        if model_id == END_MODEL:
            return tuple(models)
        if model_id == 0:
            break
        models.append(SunSpecModel(model_id=model_id, address=address, length=length))
        address += models[-1].span
    raise EndlessChainError(f"no end of the map up to register {address}")


async def _read(unit: ModbusUnit, address: int, count: int) -> list[int]:
    return await retry_once(lambda: read_registers(unit, address, count))
