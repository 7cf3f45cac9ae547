"""Every failure while adding a meter has its own message, and the same form can be tried again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
import socket
from typing import Any

from homeassistant.core import HomeAssistant
from modbus_connection import tmodbus
from pymodbus.constants import ExcCodes
import pytest
import serialx
from tenacity import AsyncRetrying, retry_never, stop_after_attempt
from tmodbus import create_async_tcp_client

from simulator import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_asks_about_meter,
    assert_refused,
    begin,
    entry_for,
    load,
    place,
    search,
    start,
    submit,
    suggested,
    unknowing,
)
from tests.integration.scanning import nothing_is_open, watch
from tests.integration.timing import change_timing
from tests.lines import network, network_data, serial, serial_data

pytestmark = pytest.mark.usefixtures("skip_waiting")

LOOK_UP = socket.getaddrinfo
"""As it is while this module is loaded; in tests, the plugin forbids to look names up."""


def closed_port() -> int:
    """Return a TCP port without a listener."""
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port: int = placeholder.getsockname()[1]
        return port


@contextmanager
def full_port() -> Iterator[int]:
    """Yield a TCP port that takes no more connections, and refuses none."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port: int = server.getsockname()[1]
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the socket module's own signature
            waiting.connect_ex(("127.0.0.1", port))
        yield port


async def refused_then_recovered(
    hass: HomeAssistant, wrong: dict[str, Any], reason: str, right: dict[str, Any]
) -> None:
    """Enter a link that fails for a reason, then the right one into the very same form."""
    step = wrong["transport"]
    result = await search(hass, step, answers(wrong))
    assert_refused(result, step, reason)
    # What was entered is still there to be corrected.
    assert suggested(result) == place(wrong)
    assert suggested(result, "known") == answers(wrong)["known"]
    assert nothing_is_open(hass)

    assert_asks_about_meter(await submit(hass, result, answers(right)))


async def test_nobody_listens(hass: HomeAssistant) -> None:
    """The host is there, the port is not."""
    async with network(Device()) as line:
        right = network_data(line)
        wrong = right | {"port": closed_port()}
        await refused_then_recovered(hass, wrong, "host_refuses", right)


@pytest.mark.parametrize("framing", Framing)
async def test_no_such_host(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, framing: Framing
) -> None:
    """No name server knows the name."""

    def unknown(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return LOOK_UP(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with network(Device(), framing=framing) as line:
        right = network_data(line)
        wrong = right | {"host": "nowhere.invalid"}
        await refused_then_recovered(hass, wrong, "host_unknown", right)


@pytest.mark.parametrize("host", ["192.168.1..5", "x" * 70])
@pytest.mark.parametrize("framing", Framing)
async def test_a_host_that_cannot_be(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, framing: Framing, host: str
) -> None:
    """What no name server would be asked, for it is no name."""
    monkeypatch.setattr(socket, "getaddrinfo", LOOK_UP)
    async with network(Device(), framing=framing) as line:
        right = network_data(line)
        await refused_then_recovered(hass, right | {"host": host}, "host_unknown", right)


@pytest.mark.parametrize("framing", Framing)
async def test_a_host_that_swallows_connections(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, framing: Framing
) -> None:
    """Nothing comes back, not even a refusal: that is the link's failure, not the meter's."""
    # The libraries wait ten seconds for a TCP connection, whatever they are asked.
    impatient = partial(create_async_tcp_client, connect_timeout=0.25)
    monkeypatch.setattr(tmodbus, "create_async_tcp_client", impatient)
    by_ear = partial(serialx.create_serial_connection, connect_timeout=0.25)
    monkeypatch.setattr(serialx, "create_serial_connection", by_ear)
    async with network(Device(), framing=framing) as line:
        right = network_data(line)
        with full_port() as port:
            await refused_then_recovered(hass, right | {"port": port}, "host_unreachable", right)


async def test_the_serial_port_is_missing(hass: HomeAssistant) -> None:
    """The adapter is not plugged in."""
    async with serial(Device()) as line:
        right = serial_data(line)
        wrong = right | {"device": "/dev/ttyUSB307"}
        await refused_then_recovered(hass, wrong, "port_missing", right)


@pytest.mark.parametrize("code", [ExcCodes.ACKNOWLEDGE, ExcCodes.DEVICE_BUSY])
async def test_the_meter_is_busy(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, code: ExcCodes
) -> None:
    """The Modbus library asks a busy device again for a minute; here it asks twice."""
    twice = AsyncRetrying(retry=retry_never, stop=stop_after_attempt(2), reraise=True)
    monkeypatch.setattr(tmodbus, "_RESPONSE_RETRIES", twice)
    device = Device()
    device.refusal = code
    async with network(device) as line:
        data = network_data(line)
        result = await search(hass, "network", answers(data))
        assert_refused(result, "network", "meter_busy")
        # First the search asks, then the identification, which retries once.
        assert len(device.requests) == 3 * (2 if code is ExcCodes.DEVICE_BUSY else 1)
        device.refusal = None
        assert_asks_about_meter(await submit(hass, result, answers(data)))


def zeros(device: Device) -> None:
    """Leave a device that has registers, but none with a meaning."""
    device.registers = dict.fromkeys(range(0x10000), 0)


def nothing(device: Device) -> None:
    """Leave a device that refuses every read."""
    device.refusal = ExcCodes.ILLEGAL_ADDRESS


def no_end(device: Device) -> None:
    """Break the chain of models off behind the meter model."""
    *_, last = device.models()
    end = last.model_addr + last.model_len + 2
    del device.registers[end], device.registers[end + 1]


def an_inverter(device: Device) -> None:
    """Turn the meter model into one of an inverter."""
    device.registers[device.meter_model().model_addr] = 103


def no_identity(device: Device) -> None:
    """Refuse to identify itself."""
    common = next(device.models())
    del device.registers[common.model_addr + 40]


def garbled(device: Device) -> None:
    """Answer another question than was asked, more than once."""
    device.garbled_replies = 1000


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (zeros, "no_meter_among"),
        (nothing, "no_meter_among"),
        (no_end, "no_meter_among"),
        (an_inverter, "no_meter_among"),
        (no_identity, "read_refused"),
        (garbled, "garbled_reply"),
    ],
)
async def test_something_else_answers(
    hass: HomeAssistant, break_it: Callable[[Device], None], reason: str
) -> None:
    """A device answers, but not as a meter should; then it does."""
    device = Device()
    break_it(device)
    async with network(device) as line:
        data = network_data(line)
        result = await search(hass, "network", answers(data))
        assert_refused(result, "network", reason)
        if reason == "no_meter_among":
            assert result["description_placeholders"] == {"devices": "#100, Modbus TCP"}
        assert nothing_is_open(hass)

        device.become(MeterConfig())
        device.refusal = None
        device.garbled_replies = 0
        assert_asks_about_meter(await submit(hass, result, answers(data)))


async def test_a_gateway_that_ignores_unit_ids(hass: HomeAssistant) -> None:
    """Its only meter answers under all of them, and is named and counted once."""
    devices = [Device(MeterConfig(unit=unit_id, serial="S1")) for unit_id in range(95, 106)]
    async with network(*devices) as line:
        await load(hass, entry_for(devices[5], network_data(line)))
        result = await begin(hass, "network")
        entered = unknowing(network_data(line), thorough=True)
        shown = await watch(hass, await start(hass, result, entered))
        assert_refused(shown[-1], "network", "only_known_meters")
        found = "Measurlogic DTS 307 S1 (#100, Modbus TCP)"
        assert shown[-1]["description_placeholders"] == {"devices": found}
        counts = {(each["description_placeholders"] or {})["count"] for each in shown[:-1]}
        assert counts <= {"0", "1"}


async def test_many_devices_that_are_no_meters(hass: HomeAssistant) -> None:
    """The form names only the first of them, to stay short."""
    unit_ids = range(100, 111)
    change_timing(hass, scan_range={"unit_ids": unit_ids})
    devices = [Device(MeterConfig(unit=unit_id)) for unit_id in unit_ids]
    for device in devices:
        zeros(device)
    async with network(*devices) as line:
        result = await search(hass, "network", unknowing(network_data(line)))
        assert_refused(result, "network", "no_meter_among")
        told = str((result["description_placeholders"] or {})["devices"])
        assert told.startswith("#100, Modbus TCP, #101, ")
        assert told.endswith(" …")
        assert told.count("#") == 8
