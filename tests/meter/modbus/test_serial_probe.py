"""What a probe makes of the bytes on a serial line, and how it gets them."""

import asyncio
import errno
from pathlib import Path

from hypothesis import given, strategies as st
from modbus_connection import ModbusSerialParams
from pymodbus.framer.rtu import FramerRTU
import pytest
import serialx

from custom_components.dts307.meter.modbus import (
    PortLostError,
    ProbeResult,
    SerialProbe,
    classify,
    opened_probe,
    probe_unit,
    responding_units,
)
from simulator import MeterConfig
from tests.device import Device
from tests.gateways import gateway
from tests.lines import SPEED, serial
from tests.meter.virtual_time import duration, lasts, virtual_time

UNIT = 100


def framed(body: bytes) -> bytes:
    """Return an RTU frame, with the checksum that pymodbus gives it."""
    return body + FramerRTU.compute_CRC(body).to_bytes(2)


REQUEST = framed(bytes([UNIT, 3]) + (40000).to_bytes(2) + (2).to_bytes(2))

noise = st.binary(max_size=40)
others = st.integers(1, 247).filter(lambda unit: unit != UNIT)


@st.composite
def responses(draw: st.DrawFn, unit: int) -> bytes:
    """Draw a response to the request, or an exception."""
    if draw(st.booleans()):
        return framed(bytes([unit, 0x83, draw(st.integers(1, 11))]))
    return framed(bytes([unit, 3, 4]) + draw(st.binary(min_size=4, max_size=4)))


@given(noise, responses(UNIT), noise)
def test_a_response_is_found_in_noise(before: bytes, response: bytes, after: bytes) -> None:
    assert classify(before + response + after, UNIT) is ProbeResult.RESPONSE
    assert classify(REQUEST + before + response + after, UNIT) is ProbeResult.RESPONSE


@given(others.flatmap(responses))
def test_another_units_response(response: bytes) -> None:
    assert classify(response, UNIT) is ProbeResult.ANOTHER_UNIT
    assert classify(REQUEST + response, UNIT) is ProbeResult.ANOTHER_UNIT


@given(others.flatmap(responses), responses(UNIT))
def test_the_units_own_response_counts_among_others(other: bytes, response: bytes) -> None:
    assert classify(other + response, UNIT) is ProbeResult.RESPONSE


@given(
    unit=st.integers(1, 247),
    words=st.binary(min_size=2, max_size=250).filter(lambda words: len(words) != 4),
)
def test_an_answer_of_another_length_belongs_to_another_request(unit: int, words: bytes) -> None:
    """A gateway may be an answer behind, for the same unit or another one."""
    answer = framed(bytes([unit, 3, len(words)]) + words)
    assert classify(answer, UNIT) is ProbeResult.ANOTHER_REQUEST
    assert classify(REQUEST + answer, UNIT) is ProbeResult.ANOTHER_REQUEST
    assert classify(answer[:-1], UNIT) is ProbeResult.NOISE


@given(responses(UNIT), st.data())
def test_a_damaged_response_is_noise(response: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(response) * 8 - 1))
    damaged = bytearray(response)
    damaged[at // 8] ^= 1 << at % 8
    assert classify(bytes(damaged), UNIT) is ProbeResult.NOISE


@given(st.binary(max_size=4))
def test_a_byte_or_two_are_silence(stray: bytes) -> None:
    assert classify(stray, UNIT) is ProbeResult.SILENCE
    assert classify(REQUEST + stray, UNIT) is ProbeResult.SILENCE


@given(others, st.binary(min_size=4, max_size=4))
def test_another_masters_request_is_no_response(unit: int, words: bytes) -> None:
    assert classify(framed(bytes([unit, 3]) + words), UNIT) is not ProbeResult.RESPONSE


def test_silence() -> None:
    assert classify(b"", UNIT) is ProbeResult.SILENCE


@pytest.mark.parametrize("size", [4, 5])
def test_five_bytes_are_the_shortest_frame(size: int) -> None:
    expected = ProbeResult.SILENCE if size == 4 else ProbeResult.NOISE
    assert classify(bytes(size), UNIT) is expected
    assert classify(REQUEST + bytes(size), UNIT) is expected


def test_all_units_that_respond_are_named() -> None:
    first = framed(bytes([7, 3, 4, 1, 2, 3, 4]))
    second = framed(bytes([9, 0x83, 2]))
    assert responding_units(first + b"\xff" + second) == {7, 9}
    assert responding_units(first[:-1]) == frozenset()
    assert responding_units(framed(bytes([7, 3, 6, 1, 2, 3, 4]))) == frozenset()
    assert responding_units(framed(bytes([7, 0x84, 2]))) == frozenset()


def params(path: str) -> ModbusSerialParams:
    """Return the settings of a simulated line."""
    return ModbusSerialParams(device=path, baudrate=SPEED, parity="N", stopbits=1)


class Wire(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep the bytes."""
        self.written.append(bytes(data))


def probe_on_wire() -> tuple[SerialProbe, Wire]:
    """Return a probe on an open port."""
    probe, wire = SerialProbe(params("port")), Wire()
    probe.connection_made(wire)
    return probe, wire


RESPONSE = framed(bytes([UNIT, 3, 4, 0x53, 0x75, 0x6E, 0x53]))
OTHER = framed(bytes([33, 3, 4, 0x53, 0x75, 0x6E, 0x53]))


@virtual_time
async def test_a_request_ends_with_the_response() -> None:
    probe, wire = probe_on_wire()
    loop = asyncio.get_running_loop()
    loop.call_later(0.5, probe.data_received, RESPONSE[:4])
    loop.call_later(1.0, probe.data_received, RESPONSE[4:])
    assert await duration(probe.request(UNIT, 60)) == lasts(1.0)
    assert wire.written == [REQUEST]


@virtual_time
async def test_a_request_does_not_end_with_an_earlier_response() -> None:
    probe, _ = probe_on_wire()
    asyncio.get_running_loop().call_later(0.5, probe.data_received, RESPONSE)
    await probe.request(UNIT, 60)
    assert await duration(probe.request(7, 2.0)) == lasts(2.0)


@virtual_time
async def test_another_units_response_does_not_end_the_request() -> None:
    probe, _ = probe_on_wire()
    asyncio.get_running_loop().call_later(0.5, probe.data_received, OTHER)
    assert await duration(probe.request(UNIT, 2.0)) == lasts(2.0)


@virtual_time
async def test_a_late_response_is_found_with_the_next_request() -> None:
    """Even if all of it but the last byte arrived during the request before."""
    probe, _ = probe_on_wire()
    loop = asyncio.get_running_loop()
    loop.call_later(0.9, probe.data_received, OTHER[:-1])
    assert responding_units(await probe.request(33, 1.0)) == frozenset()
    loop.call_later(0.1, probe.data_received, OTHER[-1:])
    loop.call_later(0.2, probe.data_received, RESPONSE)
    assert responding_units(await probe.request(UNIT, 1.0)) == {33, UNIT}
    # And is not found once more.
    assert responding_units(await probe.request(UNIT, 1.0)) == frozenset()


@virtual_time
async def test_a_port_that_is_lost_ends_the_request() -> None:
    probe, _ = probe_on_wire()
    asyncio.get_running_loop().call_later(0.5, probe.connection_lost, None)

    async def attempt() -> None:
        with pytest.raises(OSError, match="the port is lost"):
            await probe.request(UNIT, 60)

    assert await duration(attempt()) == lasts(0.5)
    with pytest.raises(OSError, match="the port is lost"):
        await probe.request(UNIT, 60)


async def test_a_probe_over_a_port() -> None:
    """With the real library, against a simulated meter."""
    async with serial(Device(MeterConfig(unit=UNIT))) as line:
        assert await probe_unit(params(line.path), UNIT, 30) is ProbeResult.RESPONSE
        assert await probe_unit(params(line.path), 7, 0.01) is ProbeResult.SILENCE
        async with opened_probe(params(line.path)) as probe:
            assert responding_units(await probe.request(UNIT, 30)) == {UNIT}


@virtual_time
async def test_what_has_arrived_counts_although_the_port_is_lost() -> None:
    """The adapter closes the connection with its answer, be it a late one."""
    for response in (RESPONSE, OTHER):
        probe, _ = probe_on_wire()
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, probe.data_received, response)
        loop.call_later(0.5, probe.connection_lost, None)
        assert response in await probe.request(UNIT, 60)


async def test_an_adapter_that_closes_the_connection_after_each_answer() -> None:
    """Each request has a connection of its own, unless none can be had."""
    async with gateway(Device(MeterConfig(unit=UNIT)), closes=True, rtu=True) as served:
        probe = SerialProbe(params(f"socket://127.0.0.1:{served.port}"))
        await probe.open()
        for connections in range(1, 6):
            assert responding_units(await probe.request(UNIT, 30)) == {UNIT}
            assert served.connections == connections
        served.hangs_up = True
        with pytest.raises(PortLostError):
            await probe.request(UNIT, 30)
        assert served.connections == 6
        served.hangs_up = False
        assert responding_units(await probe.request(UNIT, 30)) == {UNIT}
    with pytest.raises(OSError, match="Connect") as raised:
        await probe.request(UNIT, 30)
    assert not isinstance(raised.value, PortLostError)
    await probe.close()


async def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        await probe_unit(params(str(tmp_path / "none")), UNIT, 1)
    assert raised.value.errno == errno.ENOENT


async def test_settings_that_a_port_does_not_support(monkeypatch: pytest.MonkeyPatch) -> None:
    """As serialx says of some adapters; others it does not notice."""

    async def refuse(*_args: object, **_settings: object) -> None:
        raise serialx.UnsupportedSetting("no such parity")

    monkeypatch.setattr(serialx, "create_serial_connection", refuse)
    with pytest.raises(OSError, match="no such parity") as raised:
        await probe_unit(params("port"), UNIT, 1)
    assert raised.value.errno == errno.EINVAL


async def test_a_device_that_serialx_does_not_know() -> None:
    with pytest.raises(OSError, match="nosuchscheme") as raised:
        await probe_unit(params("nosuchscheme://host"), UNIT, 1)
    assert raised.value.errno is None
