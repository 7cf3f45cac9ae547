"""A scan ends soon where it cannot find a meter, and says why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.core import HomeAssistant
from pymodbus.constants import ExcCodes
import pytest
import serialx

from custom_components.dts307.connection.timing import DATA_TIMING, Timing
from simulator import MeterConfig
from tests.device import Device
from tests.gateways import gateway
from tests.integration.home import (
    add_meter,
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    describe,
    search,
    submit,
    unknowing,
)
from tests.integration.timing import PATIENT
from tests.lines import network, network_data, serial, serial_data
from tests.uart import uart

pytestmark = pytest.mark.usefixtures("skip_waiting")

BUSY = 6
"""A Modbus exception, after which the library repeats the request by itself."""

TOKEN = bytes.fromhex("55ff00100500008c")
"""A frame of BACnet MS/TP: the example of ASHRAE 135, annex G.1."""


@pytest.fixture
def patient(hass: HomeAssistant) -> None:
    """Wait as long as in use, and scan as many units."""
    hass.data[DATA_TIMING] = Timing()


def zeros(device: Device) -> None:
    """Leave registers without a meaning."""
    device.registers = dict.fromkeys(range(0x10000), 0)


def refusing(code: ExcCodes) -> Callable[[Device], None]:
    """Return what lets a device answer with an exception."""

    def refuse(device: Device) -> None:
        device.refusal = code

    return refuse


@pytest.mark.parametrize(
    "answer",
    [
        zeros,
        refusing(ExcCodes.ILLEGAL_FUNCTION),
        refusing(ExcCodes.ILLEGAL_ADDRESS),
        refusing(ExcCodes.DEVICE_FAILURE),
    ],
)
async def test_a_gateway_that_answers_for_all_units_itself(
    hass: HomeAssistant, answer: Callable[[Device], None]
) -> None:
    """It is seen within ten requests; who knows the meter's unit ID finds it nevertheless."""
    units = {unit_id: Device(MeterConfig(unit=unit_id)) for unit_id in PATIENT.scan_range.unit_ids}
    meter = units[101]
    for device in units.values():
        if device is not meter:
            answer(device)
    async with network(*units.values()) as line:
        data = network_data(line)
        result = await search(hass, "network", unknowing(data))
        assert_refused(result, "network", "responds_everywhere")
        assert sum(len(device.requests) for device in units.values()) <= 10
        known = network_data(line, unit_id=101)
        entry = await add_meter(hass, await submit(hass, result, answers(known)))
        assert entry.data == known
        assert await hass.config_entries.async_remove(entry.entry_id)

        result = await search(hass, "network", unknowing(data))
        result = await submit(hass, result, unknowing(data, everything=True))
        entry = await add_meter(hass, result)
        assert entry.data == known


@asynccontextmanager
async def speaker(said: bytes) -> AsyncIterator[int]:
    """Serve a TCP port that says the same whatever it is asked, or nothing; yield its number."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        port: int = server.sockets[0].getsockname()[1]
        yield port


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("known", [{}, {"unit_id": 17}, {"framing": "rtu"}])
async def test_an_adapter_that_never_answers(
    hass: HomeAssistant, known: dict[str, int | str]
) -> None:
    """It accepts connections, and that is all."""
    async with speaker(b"") as port:
        data = {"host": "127.0.0.1", "port": port, **known}
        began = hass.loop.time()
        result = await search(hass, "network", answers(data))
        assert_refused(result, "network", "nothing_found_network")
        assert hass.loop.time() - began < 15


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("known", [{}, {"unit_id": 17}])
async def test_a_silent_serial_port(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, known: dict[str, int]
) -> None:
    """All usual settings are tried, and the most usual unit IDs."""
    async with uart(monkeypatch, baud=9600) as line:
        began = hass.loop.time()
        result = await search(hass, "serial", answers({"device": line.path, **known}))
        assert_refused(result, "serial", "nothing_found_serial")
        assert hass.loop.time() - began < 20


framings = pytest.mark.parametrize("framing", [{}, {"rtu": True, "tcp": False}])
"""Modbus TCP, or RTU over TCP."""


@pytest.mark.usefixtures("patient")
@framings
@pytest.mark.parametrize("known", [{}, {"unit_id": 17}])
async def test_a_gateway_that_is_busy_for_all_units(
    hass: HomeAssistant, framing: dict[str, bool], known: dict[str, int]
) -> None:
    """It is seen within ten requests, and the meter is found once the gateway is no longer busy."""
    async with gateway(Device(), exception=BUSY, **framing) as served:
        data = {"host": "127.0.0.1", "port": served.port}
        began = hass.loop.time()
        result = await search(hass, "network", answers(data | known))
        assert_refused(result, "network", "busy_everywhere")
        assert hass.loop.time() - began < 15
        assert len(served.asked) <= 10
        served.exception = None
        entry = await add_meter(hass, await submit(hass, result, unknowing(data)))
        assert entry.data == served.data


@pytest.mark.usefixtures("patient")
@framings
@pytest.mark.parametrize("seconds", range(1, 9))
async def test_a_gateway_that_is_busy_for_a_while(
    hass: HomeAssistant, framing: dict[str, bool], seconds: int
) -> None:
    """It is not given up: the meter is found in the same search."""
    async with gateway(Device(), exception=BUSY, **framing) as served:

        def recover() -> None:
            served.exception = None

        result = await begin(hass, "network")
        hass.loop.call_later(seconds, recover)
        result = await submit(hass, result, unknowing(served.data))
        entry = await add_meter(hass, result)
        assert entry.data == served.data


async def test_a_meter_that_is_busy(hass: HomeAssistant) -> None:
    """Nothing else answers there."""
    device = Device()
    device.refusal = ExcCodes.DEVICE_BUSY
    async with network(device) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        assert_refused(result, "network", "meter_busy")


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("transport", ["serial", "network"])
@pytest.mark.parametrize("answer", [zeros, refusing(ExcCodes.ILLEGAL_ADDRESS)])
async def test_the_entered_unit_id_is_no_meter(
    hass: HomeAssistant, transport: str, answer: Callable[[Device], None]
) -> None:
    """That is said at once, and the meter beside it is found without the wrong unit ID."""
    stranger, meter = Device(MeterConfig(unit=17)), Device()
    answer(stranger)
    line_of = serial(stranger, meter) if transport == "serial" else network(stranger, meter)
    async with line_of as line:
        data = serial_data(line) if transport == "serial" else network_data(line)  # type: ignore[arg-type]
        began = hass.loop.time()
        result = await search(hass, transport, answers(data | {"unit_id": 17}))
        assert_refused(result, transport, "no_meter_among")
        assert hass.loop.time() - began < 5
        assert "#17," in (result["description_placeholders"] or {})["devices"]
        del data["unit_id"]
        entry = await add_meter(hass, await submit(hass, result, answers(data)))
        assert entry.data["unit_id"] == 100


@pytest.mark.usefixtures("all_speeds")
@pytest.mark.parametrize("baud", [9600, 19200, 38400, 57600, 76800, 115200])
@pytest.mark.parametrize("wrong", [{}, {"speed": 4800}])
async def test_bacnet_on_a_serial_port(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, baud: int, wrong: dict[str, int]
) -> None:
    """The baud rate at which it is received is the one that it is sent at."""
    async with uart(monkeypatch, baud=baud) as line:
        line.neighbour = TOKEN
        data = serial_data(line, **wrong)
        result = await search(hass, "serial", answers(data) if wrong else unknowing(data))
        assert_refused(result, "serial", "speaks_bacnet_serial")
        assert result["description_placeholders"] == {"baudrate": str(baud)}
        # Nothing else can be on this bus.
        assert line.tried[-1] == (baud, "N")


async def test_noise_on_a_port_that_knows_no_baud_rate_of_bacnet(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver refuses it, and the noise is the reason."""
    async with uart(monkeypatch, baud=38400) as line:
        connect = serialx.create_serial_connection

        async def refuse(*args: Any, **settings: Any) -> Any:
            if settings["baudrate"] == 76800:
                raise serialx.UnsupportedSetting("no such baud rate")
            return await connect(*args, **settings)

        monkeypatch.setattr(serialx, "create_serial_connection", refuse)
        line.neighbour = bytes(range(64))
        result = await search(hass, "serial", unknowing(serial_data(line)))
        assert_refused(result, "serial", "wrong_speed_serial")


async def test_bacnet_behind_an_adapter(hass: HomeAssistant) -> None:
    """Only the adapter knows the baud rate."""
    async with speaker(TOKEN) as port:
        data = {"host": "127.0.0.1", "port": port, "framing": "rtu"}
        result = await search(hass, "network", answers(data))
        assert_refused(result, "network", "speaks_bacnet_network")


async def test_bacnet_begins_while_a_device_is_identified(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reason counts as any other's."""
    device = Device()
    async with uart(monkeypatch, device, baud=9600) as line:

        class Switching(list[object]):
            """The requests to a device that is switched to BACnet after the first one."""

            def append(self, request: object) -> None:
                super().append(request)
                device.silent = len(self) > 1
                line.neighbour = TOKEN if device.silent else b""

        device.requests = Switching()  # type: ignore[assignment]
        result = await search(hass, "serial", answers(serial_data(line, speed=9600)))
        assert_refused(result, "serial", "speaks_bacnet_serial")
        assert result["description_placeholders"] == {"baudrate": "9600"}


@pytest.mark.usefixtures("patient")
@framings
async def test_neighbours_behind_a_slow_network(
    hass: HomeAssistant, framing: dict[str, bool]
) -> None:
    """While a form is shown, there is time to wait for them, with either framing."""
    device, other = (Device(MeterConfig(unit=unit, serial=f"S307{unit}")) for unit in (100, 103))
    async with gateway(device, others=(other,), delay=0.7, **framing) as served:
        result = await describe(hass, await search(hass, "network", answers(served.data)))
        assert result["step_id"] == "more_meters"
        result = await submit(hass, result, {"meters": [other.serial_number]})
        assert_asks_about_meter(result)
