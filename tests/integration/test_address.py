"""A meter's address: stored, parsed, compared, and turned into connection parameters."""

from dataclasses import replace
import json

from hypothesis import given, strategies as st
from modbus_connection import ModbusSerialParams, ModbusTcpParams
import pytest

from custom_components.dts307.connection import (
    BusAddress,
    Framing,
    MeterAddress,
    NetworkAdapter,
    SerialPort,
    Transport,
)

PORT = SerialPort(device="/dev/ttyUSB0", baudrate=19200, parity="E", stopbits=2)
ADAPTER = NetworkAdapter(host="gateway", port=4196, framing=Framing.RTU)

PORTS = st.builds(
    SerialPort,
    device=st.text(),
    baudrate=st.integers(1),
    parity=st.sampled_from("NEO"),
    stopbits=st.sampled_from((1, 2)),
)
ADAPTERS = st.builds(
    NetworkAdapter,
    host=st.text(),
    port=st.integers(1, 65535),
    framing=st.sampled_from(Framing),
)
BUSES: st.SearchStrategy[BusAddress] = st.one_of(PORTS, ADAPTERS)
ADDRESSES = st.builds(MeterAddress, bus=BUSES, unit_id=st.integers(1, 247))


@given(address=ADDRESSES)
def test_an_address_is_stored_and_parsed(address: MeterAddress) -> None:
    """Home Assistant stores entries as JSON, so nothing but JSON's own types may be among it."""
    data = address.as_data()
    stored = json.loads(json.dumps(data))
    assert stored == data
    assert all(type(value) in (str, int) for value in data.values())
    assert MeterAddress.parse(stored) == address


@pytest.mark.parametrize(
    ("bus", "data"),
    [
        (
            PORT,
            {
                "transport": "serial",
                "device": "/dev/ttyUSB0",
                "baudrate": 19200,
                "parity": "even",
                "stopbits": 2,
            },
        ),
        (
            ADAPTER,
            {"transport": "network", "host": "gateway", "port": 4196, "framing": "rtu"},
        ),
    ],
)
def test_the_stored_form(bus: BusAddress, data: dict[str, object]) -> None:
    """It must not change, because entries of earlier versions have it."""
    assert MeterAddress(bus, 17).as_data() == data | {"unit_id": 17}


def test_other_keys_are_ignored() -> None:
    """An entry's data may contain more than the address."""
    address = MeterAddress(ADAPTER, 17)
    assert MeterAddress.parse({**address.as_data(), "add_to_energy": True}) == address


@given(data=st.data(), unit_id=st.integers(1, 247))
def test_the_default_address_is_a_new_meters(data: st.DataObject, unit_id: int) -> None:
    """9600 baud, no parity (guide 4.1), and the port of Modbus TCP."""
    device, host = data.draw(st.text()), data.draw(st.text())
    assert MeterAddress(SerialPort(device=device), unit_id).as_data() == {
        "transport": "serial",
        "device": device,
        "baudrate": 9600,
        "parity": "none",
        "stopbits": 1,
        "unit_id": unit_id,
    }
    assert MeterAddress(NetworkAdapter(host=host), unit_id).as_data() == {
        "transport": "network",
        "host": host,
        "port": 502,
        "framing": "tcp",
        "unit_id": unit_id,
    }


@given(port=PORTS, other=PORTS, unit_id=st.integers(1, 247))
def test_settings_of_another_port(port: SerialPort, other: SerialPort, unit_id: int) -> None:
    """All devices on a bus share baud rate, parity and stop bits; the path and the unit ID stay."""
    moved = MeterAddress(port, unit_id).with_settings_of(other)
    assert moved == MeterAddress(replace(other, device=port.device), unit_id)


@given(adapter=ADAPTERS, other=ADAPTERS, unit_id=st.integers(1, 247))
def test_settings_of_another_adapter(
    adapter: NetworkAdapter, other: NetworkAdapter, unit_id: int
) -> None:
    """All devices behind an adapter share the framing; its address and the unit ID stay."""
    moved = MeterAddress(adapter, unit_id).with_settings_of(other)
    assert moved == MeterAddress(replace(adapter, framing=other.framing), unit_id)


@given(port=PORTS, adapter=ADAPTERS, unit_id=st.integers(1, 247))
def test_settings_of_the_other_kind_of_bus(
    port: SerialPort, adapter: NetworkAdapter, unit_id: int
) -> None:
    """A port and an adapter have no settings in common."""
    assert MeterAddress(port, unit_id).with_settings_of(adapter) == MeterAddress(port, unit_id)
    assert MeterAddress(adapter, unit_id).with_settings_of(port) == MeterAddress(adapter, unit_id)


@given(port=PORTS, other=PORTS)
def test_a_port_with_other_parameters(port: SerialPort, other: SerialPort) -> None:
    """The path stays; the port's own parameters change nothing."""
    assert port.with_params(port.params) == port
    assert port.with_params(other.params) == replace(other, device=port.device)


@given(adapter=ADAPTERS)
def test_the_framings_of_an_adapter(adapter: NetworkAdapter) -> None:
    """A scan tries each framing once, the adapter's own first."""
    first, *others = adapter.framings
    assert first == adapter
    assert {each.framing for each in adapter.framings} == set(Framing)
    assert len(adapter.framings) == len(Framing)
    assert all(replace(each, framing=adapter.framing) == adapter for each in others)


@given(adapter=ADAPTERS)
def test_an_adapter_is_one_place(adapter: NetworkAdapter) -> None:
    """Whatever the framing, two scans of it would disturb each other."""
    assert len({each.place for each in adapter.framings}) == 1


def test_places() -> None:
    """A port is a place whatever its settings; adapters differ by host and by TCP port."""
    assert replace(PORT, baudrate=9600).place == PORT.place == "/dev/ttyUSB0"
    assert ADAPTER.place == "gateway:4196"
    assert replace(ADAPTER, port=4197).place != ADAPTER.place
    assert replace(ADAPTER, host="cellar").place != ADAPTER.place


@pytest.mark.parametrize(
    ("bus", "params"),
    [
        (
            PORT,
            ModbusSerialParams(device="/dev/ttyUSB0", baudrate=19200, parity="E", stopbits=2),
        ),
        (
            NetworkAdapter(host="gateway"),
            ModbusTcpParams(host="gateway", port=502),
        ),
        (ADAPTER, ModbusSerialParams(device="socket://gateway:4196", baudrate=115200)),
        (
            NetworkAdapter(host="fd00::7", port=4196, framing=Framing.RTU),
            ModbusSerialParams(device="socket://[fd00::7]:4196", baudrate=115200),
        ),
    ],
)
def test_connection_parameters(
    bus: BusAddress, params: ModbusSerialParams | ModbusTcpParams
) -> None:
    """Home Assistant shares a connection only if all its users state the same parameters."""
    assert bus.params == params


@pytest.mark.parametrize(
    ("bus", "text"),
    [
        (PORT, "19200 8E2"),
        (SerialPort(device="/dev/ttyUSB0"), "9600 8N1"),
        # The baud rate at the far end of a network is not this one.
        (SerialPort(device="socket://10.0.0.5:4001"), "Modbus RTU"),
        (ADAPTER, "Modbus RTU"),
        (NetworkAdapter(host="gateway"), "Modbus TCP"),
    ],
)
def test_settings_text(bus: BusAddress, text: str) -> None:
    """It is short, and the same in all languages."""
    assert bus.settings_text == text


def test_transports() -> None:
    """They are the values that entries store."""
    assert (PORT.transport, ADAPTER.transport) == (Transport.SERIAL, Transport.NETWORK)
    assert list(Transport) == ["serial", "network"]
