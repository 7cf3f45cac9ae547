"""A Modbus device to test against: strict about what it serves, with faults on request."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, override

from modbus_connection import IllegalDataAddressError, ModbusError, ModbusExceptionError
from modbus_connection.mock import MockModbusConnection, MockModbusUnit, ReadEvent

from custom_components.dts307.meter import Meter, PerPhase, Reading

from .published import encode

UNIT_ID = 100
MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]

MOST_REGISTERS = 125
REGISTER_SPACE = 0x1_0000


class Link(MockModbusConnection):
    """A connection that can be cut; while it is, opening it raises ``down``."""

    down: ModbusError | None = None

    @override
    async def _connect_client(self) -> object:
        if self.down is not None:
            raise self.down
        return await super()._connect_client()

    def cut(self, down: ModbusError) -> None:
        """Drop the link, and let it fail with ``down`` until that is None again."""
        self.down = down
        self.simulate_connection_lost()


class Device(MockModbusUnit):
    """A unit that serves the registers it was given, and refuses all others as a meter would."""

    def __init__(self, blocks: Mapping[int, Sequence[int]] | None = None) -> None:
        """Serve ``blocks`` of holding registers, by address."""
        self.link = Link()
        super().__init__(self.link, UNIT_ID)
        self.faults: deque[ModbusError | None] = deque()
        """What befalls the next requests, one each; None lets one pass."""
        self.most = MOST_REGISTERS
        """How many registers a gateway in front of the unit serves in one request."""
        self.too_long: ModbusError = ModbusExceptionError.from_code(3)
        """How it refuses more."""
        for address, registers in (blocks or {}).items():
            self.put(address, registers)

    def put(self, address: int, registers: Sequence[int]) -> None:
        """Place registers, over what was there."""
        self.holding.update(dict(enumerate(registers, address)))

    @property
    def requests(self) -> list[tuple[int, int]]:
        """Address and count of every request so far."""
        return [(event.address, event.count) for event in self.read_events]

    @override
    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        assert 1 <= count <= MOST_REGISTERS, f"no Modbus request carries {count} registers"
        assert 0 <= address <= REGISTER_SPACE - count, f"no register {address + count - 1} exists"
        fault = self.faults.popleft() if self.faults else None
        if fault is not None:
            await self.link.connect()
            self.read_events.append(ReadEvent("holding", address, count))
            raise fault
        registers = await super().read_holding_registers(address, count)
        if count > self.most:
            raise self.too_long
        if any(register not in self.holding for register in range(address, address + count)):
            raise IllegalDataAddressError
        return registers


class Clock:
    """A clock that stands still until a test advances it."""

    def __init__(self) -> None:
        """Start somewhere, as a monotonic clock does."""
        self.now = 1234.5

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now


def sunspec_map(*models: Sequence[int], end: Sequence[int] = END) -> list[int]:
    """Return the registers of a SunSpec map from its marker to its end."""
    return [*MARKER, *(register for model in models for register in model), *end]


def common(**points: Any) -> list[int]:
    """Return a model 1 of a sister model's identity, or of what ``points`` says."""
    identity = {"Mn": "MeasurLogic", "Md": "DTS 307", "Vr": "2.1", "SN": "DTS201505001"}
    return encode(1, **{**identity, **points})


def device_with(model: Sequence[int], *, base_address: int = 40000) -> Device:
    """Return a device whose map holds an identity and this meter model."""
    return Device({base_address: sunspec_map(common(), model)})


async def meter_with(
    model: Sequence[int], *, base_address: int = 40000, clock: Clock | None = None
) -> tuple[Meter, Device]:
    """Return a meter identified on a device with this model, with no request counted yet."""
    device = device_with(model, base_address=base_address)
    meter = await Meter.identify(device, clock=clock or Clock())
    device.read_events.clear()
    return meter, device


async def reading_of(model: Sequence[int]) -> Reading:
    """Return the first reading of a meter that carries this model."""
    meter, _ = await meter_with(model)
    return await meter.read()


def values(quantity: PerPhase) -> tuple[float | None, ...]:
    """Return total, A, B and C."""
    return quantity.total, quantity.a, quantity.b, quantity.c
