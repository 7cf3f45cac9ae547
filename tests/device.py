"""A Modbus device on the bench: registers to set freely, and faults to order.

It stands behind the simulator's own lines, so that what it sends are real frames. Points are found
and packed by pysunspec2, so that nothing here shares code with what is tested.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, override

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ModbusPDU
from pymodbus.simulator import DataType, SimData, SimDevice
from sunspec2.device import Model

from simulator import MeterConfig
from simulator.bus import Bus
from simulator.house import House
from simulator.meter import Meter as SimulatedMeter, Site

NOON = 1_780_315_200
"""1 June 2026, 12:00 UTC: sun on the roof and something on the stove."""

METER_MODELS = (201, 202, 203, 204, 211, 212, 213, 214)
_END_MODEL = 0xFFFF
_ADDRESSES = 0x10000
_READ_INPUT_REGISTERS = 4


@dataclass(frozen=True)
class Request:
    """A read that reached the device."""

    address: int
    count: int


class Device:
    """A device with holding registers, by address; those that are not set do not exist.

    While ``silent`` it answers nothing, and it swallows the next ``lost_replies`` requests; the
    next ``garbled_replies`` answers are to another function than was asked for; with ``refusal`` it
    answers with that Modbus exception. Each answer takes ``delay`` seconds. ``requests`` lists what
    was asked, and ``asked`` is set with each.
    """

    def __init__(self, config: MeterConfig | None = None, *, timestamp: int = NOON) -> None:
        """Begin as the DTS 307 that ``config`` describes, at an instant of the simulated house."""
        config = config or MeterConfig()
        self.unit = config.unit
        self.base = config.base
        self.registers: dict[int, int] = {}
        self.silent = False
        self.delay = 0.0
        self.lost_replies = 0
        self.garbled_replies = 0
        self.refusal: ExcCodes | None = None
        self.requests: list[Request] = []
        self.asked = asyncio.Event()
        self.become(config, timestamp=timestamp)

    def become(self, config: MeterConfig, *, timestamp: int = NOON) -> None:
        """Change into another meter under the same unit id."""
        image = SimulatedMeter(config, Site(House()), timestamp).image()
        self.base = config.base
        self.registers = dict(enumerate(image.registers, start=config.base))

    def let_flow(self, kilowatts: int = 300) -> None:
        """Let so much flow in on phase A and out on phase B that any count is plausible."""
        for point, scale in (("A", 0), ("W", 1), ("VA", 1)):
            self.write(f"{point}_SF", scale)
        for phase, sign in (("A", 1), ("B", -1)):
            self.write(f"Wph{phase}", sign * kilowatts * 100)
            self.write(f"VAph{phase}", kilowatts * 100)
            self.write(f"Aph{phase}", kilowatts * 4)

    @property
    def serial_number(self) -> str:
        """What model 1 says; raises StopIteration if there is no such model."""
        common = next(model for model in self.models() if model.model_id == 1)
        return str(common.points["SN"].value)

    def models(self) -> Iterator[Model]:
        """Decode the models of the chain, one after the other, with pysunspec2."""
        return (self._decoded(*header) for header in self._headers())

    def meter_model(self) -> Model:
        """Decode the meter model."""
        headers = self._headers()
        return next(self._decoded(*header) for header in headers if header[1] in METER_MODELS)

    def _headers(self) -> Iterator[tuple[int, int, int]]:
        """Go through the addresses, IDs and lengths of the models in the chain."""
        address = self.base + 2
        while (model_id := self.registers[address]) != _END_MODEL:
            length = self.registers[address + 1]
            yield address, model_id, length
            address += 2 + length

    def _decoded(self, address: int, model_id: int, length: int) -> Model:
        words = [self.registers[address + offset] for offset in range(2 + length)]
        data = b"".join(word.to_bytes(2) for word in words)
        return Model(model_id, model_addr=address, model_len=length, data=data)

    def write(self, point: str, value: float | str | None) -> None:
        """Put a raw value into a point of model 1 or the meter model; None: not implemented."""
        address, place = self._place(point)
        place.set_value(value)
        data: bytes = place.get_mb()
        for offset in range(0, len(data), 2):
            word = int.from_bytes(data[offset : offset + 2])
            self.registers[address + offset // 2] = word

    def read(self, point: str) -> Any:
        """Return the raw value of a point of model 1 or the meter model; None: not implemented."""
        address, place = self._place(point)
        words = [self.registers[address + offset] for offset in range(place.len)]
        place.set_mb(b"".join(word.to_bytes(2) for word in words))
        return place.value

    def _place(self, point: str) -> tuple[int, Any]:
        """Return the address of a point, and what packs its value."""
        for address, model_id, length in self._headers():
            if (place := _points(model_id, length).get(point)) is not None:
                return address + place.offset, place
        raise KeyError(point)


@cache
def _points(model_id: int, length: int) -> dict[str, Any]:
    """Return the points of a model, to find and pack values with; decoding all takes long."""
    points: dict[str, Any] = Model(model_id, model_len=length).points
    return points


class Bench(Bus):
    """Devices on one line, in the place of the simulator's meters."""

    def __init__(self, *devices: Device) -> None:
        """Put the devices on the line."""
        super().__init__([])
        self._by_unit = {device.unit: device for device in devices}

    @property
    @override
    def plugged(self) -> bool:
        return True

    @override
    def devices(self) -> list[SimDevice]:
        return [_served(device) for device in self._by_unit.values()]

    @override
    def hooks(self) -> dict[str, Any]:
        return {"trace_pdu": self._admit}

    def _admit(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU | None:  # noqa: FBT001 - called by pymodbus
        """Let a request pass, or swallow it (None); let an answer out, perhaps garbled."""
        device = self._by_unit.get(pdu.dev_id)
        if device is None:
            return None
        if sending:
            if device.garbled_replies:
                device.garbled_replies -= 1
                pdu.function_code = _READ_INPUT_REGISTERS
            return pdu
        device.requests.append(Request(pdu.address, pdu.count))
        device.asked.set()
        if device.lost_replies:
            device.lost_replies -= 1
            return None
        return None if device.silent else pdu


def _served(device: Device) -> SimDevice:
    """Return a pymodbus device that shows the registers of the instant it is asked."""

    async def show(  # pymodbus calls it so
        _function: int,
        _start: int,
        address: int,
        count: int,
        registers: list[int],
        _values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if device.delay:
            await asyncio.sleep(device.delay)
        if device.refusal is not None:
            return device.refusal
        wanted = range(address, address + count)
        if any(at not in device.registers for at in wanted):
            return ExcCodes.ILLEGAL_ADDRESS
        registers[address : address + count] = [device.registers[at] for at in wanted]
        return None

    first = SimData(0, datatype=DataType.UINT16, readonly=True)
    return _WithAllAddresses(device.unit, simdata=[first], action=show)


class _WithAllAddresses(SimDevice):
    """Has the one register that it is given at every address.

    pymodbus would build 65,536 registers one by one, for every test.
    """

    @override
    def build_device(self) -> tuple[int, list[int], list[int]]:
        built = super().build_device()
        assert isinstance(built, tuple)
        start, registers, flags = built
        return start, registers[:1] * _ADDRESSES, flags[:1] * _ADDRESSES
