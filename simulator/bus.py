"""The Modbus behaviour of the meters on any line: which requests they answer, and how.

pymodbus does framing and transport. Its server answers other addresses and other functions with
gateway errors. A meter is silent on other addresses, and refuses all functions but 3. One that is
settable also takes a new address, in register DA of model 1.
"""

from collections.abc import Iterable
import time
from typing import Any, override

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
)
from pymodbus.simulator import DataType, SimAction, SimData, SimDevice

from .meter import Meter
from .meter_config import LAST_UNIT
from .replay import Replay

_READ_HOLDING_REGISTERS = 3
_MOST_REGISTERS = 125


class Bus:
    """Meters and replays on one line, by unit ID; unplugged meters stay silent.

    Raises:
        ValueError: two meters have the same unit.
    """

    def __init__(self, meters: Iterable[Meter], replays: Iterable[Replay] = ()) -> None:
        """Put the meters on the bus."""
        self.meters: dict[int, Meter] = {}
        self.replays: dict[int, Replay] = {}
        for meter in meters:
            self._require_free(meter.unit)
            self.meters[meter.unit] = meter
        for replay in replays:
            self._require_free(replay.unit)
            self.replays[replay.unit] = replay

    def _require_free(self, unit: int) -> None:
        if unit in self.meters or unit in self.replays:
            raise ValueError(f"two meters have unit {unit}")

    @property
    def plugged(self) -> bool:
        """Whether any meter is still connected."""
        return bool(self.replays) or any(meter.plugged for meter in self.meters.values())

    def devices(self) -> list[SimDevice]:
        """Return the meters as devices for a pymodbus server."""
        meters = list(self.meters.values())
        devices = {replay.unit: replay.device() for replay in self.replays.values()}
        devices |= {meter.unit: _device(meter, meter.unit) for meter in meters}
        for meter in meters:
            if meter.config.settable:
                # The server has to know a device by all addresses that it may get.
                others = set(range(1, LAST_UNIT + 1)) - devices.keys()
                devices |= {unit: _device(meter, unit) for unit in others}
        return list(devices.values())

    def readdress(self, meter: Meter, unit: int) -> None:
        """Give a meter another unit ID.

        Raises:
            ValueError: it is none, or another meter has it.
        """
        if unit != meter.unit:
            self._require_free(unit)
            before = meter.unit
            meter.readdress(unit)
            self.meters[unit] = self.meters.pop(before)

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
        is_there = meter.plugged if meter else pdu.dev_id in self.replays
        if not is_there:
            return None
        if pdu.function_code == _READ_HOLDING_REGISTERS:
            return pdu
        if meter and meter.config.settable and isinstance(pdu, WriteMultipleRegistersRequest):
            return _Written(pdu, self, meter)
        return _Refused(pdu)


class _Refused(ModbusPDU):
    """A request for a function that the meter does not support."""

    def __init__(self, request: ModbusPDU) -> None:
        super().__init__(dev_id=request.dev_id, transaction_id=request.transaction_id)
        self.function_code = request.function_code

    @override
    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Answer with exception 1."""
        return ExceptionResponse(self.function_code, ExcCodes.ILLEGAL_FUNCTION)


class _Written(ModbusPDU):
    """A request to write registers of a settable meter, which takes only a new address."""

    def __init__(self, request: WriteMultipleRegistersRequest, bus: Bus, meter: Meter) -> None:
        super().__init__(dev_id=request.dev_id, transaction_id=request.transaction_id)
        self.function_code = request.function_code
        self._request, self._bus, self._meter = request, bus, meter

    @override
    async def datastore_update(self, context: Any, device_id: int) -> ModbusPDU:
        """Answer, and have the new address from then on."""
        request = self._request
        if (request.address, request.count) != (self._meter.address_register, 1):
            return ExceptionResponse(self.function_code, ExcCodes.ILLEGAL_ADDRESS)
        try:
            self._bus.readdress(self._meter, request.registers[0])
        except ValueError:
            return ExceptionResponse(self.function_code, ExcCodes.ILLEGAL_VALUE)
        return WriteMultipleRegistersResponse(address=request.address, count=1)


def _device(meter: Meter, unit: int) -> SimDevice:
    """Return a pymodbus device with the meter's registers at the time of each request."""
    registers = list(meter.image().registers)
    block = SimData(meter.config.base, values=registers, datatype=DataType.UINT16, readonly=True)
    return SimDevice(unit, simdata=[block], action=_show(meter))


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
