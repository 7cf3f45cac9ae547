"""The Modbus behaviour of the meters on any line: which requests they answer, and how.

pymodbus does framing and transport. Its server answers other addresses and other functions with
gateway errors. A meter is silent on other addresses, and refuses all functions but 3.
"""

from collections.abc import Iterable
import time
from typing import Any, override

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.simulator import DataType, SimAction, SimData, SimDevice

from .meter import Meter

_READ_HOLDING_REGISTERS = 3
_MOST_REGISTERS = 125


class Bus:
    """Meters on one line, by unit ID; unplugged ones stay silent.

    Raises:
        ValueError: two meters have the same unit.
    """

    def __init__(self, meters: Iterable[Meter]) -> None:
        """Put the meters on the bus."""
        self.meters: dict[int, Meter] = {}
        for meter in meters:
            if meter.unit in self.meters:
                raise ValueError(f"two meters have unit {meter.unit}")
            self.meters[meter.unit] = meter

    @property
    def plugged(self) -> bool:
        """Whether any meter is still connected."""
        return any(meter.plugged for meter in self.meters.values())

    def devices(self) -> list[SimDevice]:
        """Return the meters as devices for a pymodbus server."""
        return [_device(meter) for meter in self.meters.values()]

    def hooks(self) -> dict[str, Any]:
        """Return the arguments that make a pymodbus server behave like these meters."""
        return {"trace_packet": self._packet, "trace_pdu": self._pdu}

    def _packet(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - called by pymodbus
        """Signal received bytes to the REMOTE LED of every meter on the line."""
        if not sending:
            now = time.monotonic()
            for meter in self.meters.values():
                if meter.plugged:
                    meter.signals.receive(now)
        return data

    def _pdu(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU | None:  # noqa: FBT001
        """Pass a request on, refuse it, or drop it (None) if no plugged meter has its address."""
        meter = self.meters.get(pdu.dev_id)
        if sending:
            if meter is not None:
                meter.signals.transmit(time.monotonic())
            return pdu
        if meter is None or not meter.plugged:
            return None
        return pdu if pdu.function_code == _READ_HOLDING_REGISTERS else _Refused(pdu)


class _Refused(ModbusPDU):
    """A request for a function that the meter does not support."""

    def __init__(self, request: ModbusPDU) -> None:
        super().__init__(dev_id=request.dev_id, transaction_id=request.transaction_id)
        self.function_code = request.function_code

    @override
    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Answer with exception 1."""
        return ExceptionResponse(self.function_code, ExcCodes.ILLEGAL_FUNCTION)


def _device(meter: Meter) -> SimDevice:
    """Return a pymodbus device with the meter's registers at the time of each request."""
    registers = list(meter.image().registers)
    block = SimData(meter.config.base, values=registers, datatype=DataType.UINT16, readonly=True)
    return SimDevice(meter.unit, simdata=[block], action=_show(meter))


def _show(meter: Meter) -> SimAction:
    """Return the action that copies one coherent register image into a reply."""

    async def show(
        _function: int,
        _start: int,
        _address: int,
        count: int,
        registers: list[int],
        _values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if not 1 <= count <= _MOST_REGISTERS:
            return ExcCodes.ILLEGAL_VALUE
        image = meter.image().registers
        registers[: len(image)] = image
        return None

    return show
