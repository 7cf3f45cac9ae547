"""Where a meter is: its bus, behind a serial port or a network adapter, and its unit ID."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, Final, Literal, Self

from modbus_connection import ModbusSerialParams, ModbusTcpParams

from .modbus import settings_text

CONF_TRANSPORT: Final = "transport"
CONF_DEVICE: Final = "device"
CONF_HOST: Final = "host"
CONF_PORT: Final = "port"
CONF_BAUDRATE: Final = "baudrate"
CONF_PARITY: Final = "parity"
CONF_STOPBITS: Final = "stopbits"
CONF_FRAMING: Final = "framing"
CONF_UNIT_ID: Final = "unit_id"

DEFAULT_UNIT_ID: Final = 100
"""The meter's default (guide 4.1)."""
DEFAULT_BAUDRATE: Final = 9600
"""bit/s; the meter's default (guide 4.1)."""
DEFAULT_PORT: Final = 502

type StopBits = Literal[1, 2]
type Parity = Literal["N", "E", "O"]
PARITIES: Final[Mapping[str, Parity]] = {"none": "N", "even": "E", "odd": "O"}
"""The parities as config entries store them."""

_SOCKET_BAUDRATE: Final = 115200
"""What Home Assistant states for RTU over TCP, where the adapter knows the true baud rate. Every
integration that shares the connection has to state the same."""

type ModbusParams = ModbusSerialParams | ModbusTcpParams


class Transport(StrEnum):
    """How a bus is reached."""

    SERIAL = "serial"
    NETWORK = "network"


class Framing(StrEnum):
    """How Modbus requests are framed on the way to a network adapter."""

    TCP = "tcp"
    RTU = "rtu"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialPort:
    """A bus on a serial port."""

    transport: ClassVar = Transport.SERIAL

    device: str
    baudrate: int = DEFAULT_BAUDRATE
    parity: Parity = "N"
    stopbits: StopBits = 1

    @property
    def params(self) -> ModbusSerialParams:
        """The parameters of the Modbus connection."""
        return ModbusSerialParams(
            device=self.device,
            baudrate=self.baudrate,
            parity=self.parity,
            stopbits=self.stopbits,
        )

    def with_params(self, params: ModbusSerialParams) -> SerialPort:
        """Return this port with the settings of ``params``."""
        return replace(
            self, baudrate=params.baudrate, parity=params.parity, stopbits=params.stopbits
        )

    @property
    def is_url(self) -> bool:
        """Whether another machine shares the port."""
        return "://" in self.device

    @property
    def place(self) -> str:
        """What two scans cannot use at the same time."""
        return self.device

    @property
    def settings_text(self) -> str:
        """The settings in a short form that all languages share, such as 9600 8N1."""
        return "Modbus RTU" if self.is_url else settings_text(self.params)

    def as_data(self) -> dict[str, Any]:
        """Return the port as config entries store it."""
        (parity,) = (name for name, letter in PARITIES.items() if letter == self.parity)
        return {
            CONF_TRANSPORT: self.transport.value,
            CONF_DEVICE: self.device,
            CONF_BAUDRATE: self.baudrate,
            CONF_PARITY: parity,
            CONF_STOPBITS: self.stopbits,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAdapter:
    """A bus behind a network adapter, or the meter's own network port."""

    transport: ClassVar = Transport.NETWORK
    baudrate: ClassVar = DEFAULT_BAUDRATE
    """What the bus behind the adapter is assumed to use: only the adapter knows."""

    host: str
    port: int = DEFAULT_PORT
    framing: Framing = Framing.TCP

    @property
    def params(self) -> ModbusParams:
        """The parameters of the Modbus connection."""
        if self.framing is Framing.RTU:
            host = f"[{self.host}]" if ":" in self.host else self.host
            return ModbusSerialParams(
                device=f"socket://{host}:{self.port}", baudrate=_SOCKET_BAUDRATE
            )
        return ModbusTcpParams(host=self.host, port=self.port)

    @property
    def framings(self) -> list[NetworkAdapter]:
        """This adapter with either framing, its own first."""
        others = [replace(self, framing=each) for each in Framing if each is not self.framing]
        return [self, *others]

    @property
    def place(self) -> str:
        """What two scans cannot use at the same time."""
        return f"{self.host}:{self.port}"

    @property
    def settings_text(self) -> str:
        """The settings in a short form that all languages share."""
        return "Modbus RTU" if self.framing is Framing.RTU else "Modbus TCP"

    def as_data(self) -> dict[str, Any]:
        """Return the adapter as config entries store it."""
        return {
            CONF_TRANSPORT: self.transport.value,
            CONF_HOST: self.host,
            CONF_PORT: self.port,
            CONF_FRAMING: self.framing.value,
        }


type BusAddress = SerialPort | NetworkAdapter


@dataclass(frozen=True, slots=True)
class MeterAddress:
    """A unit on a bus."""

    bus: BusAddress
    unit_id: int

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Parse a config entry's data."""
        bus: BusAddress
        if data[CONF_TRANSPORT] == Transport.SERIAL:
            bus = SerialPort(
                device=data[CONF_DEVICE],
                baudrate=data[CONF_BAUDRATE],
                parity=PARITIES[data[CONF_PARITY]],
                stopbits=data[CONF_STOPBITS],
            )
        else:
            bus = NetworkAdapter(
                host=data[CONF_HOST], port=data[CONF_PORT], framing=Framing(data[CONF_FRAMING])
            )
        return cls(bus, data[CONF_UNIT_ID])

    @property
    def place(self) -> str:
        """What no two meters can have in common: the place of the bus, and the unit ID on it."""
        return f"{self.bus.place}#{self.unit_id}"

    def with_settings_of(self, bus: BusAddress) -> Self:
        """Return this address with the settings that all devices on a bus have in common."""
        if isinstance(self.bus, SerialPort) and isinstance(bus, SerialPort):
            return replace(self, bus=self.bus.with_params(bus.params))
        if isinstance(self.bus, NetworkAdapter) and isinstance(bus, NetworkAdapter):
            return replace(self, bus=replace(self.bus, framing=bus.framing))
        return self

    def as_data(self) -> dict[str, Any]:
        """Return the address as config entries store it."""
        return {**self.bus.as_data(), CONF_UNIT_ID: self.unit_id}
