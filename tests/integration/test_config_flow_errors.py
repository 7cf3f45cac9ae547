"""Every failure while adding a meter has its own message, and the same form can be tried again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
import socket
from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.core import HomeAssistant
from modbus_connection import tmodbus
from pymodbus.constants import ExcCodes
import pytest
from tenacity import AsyncRetrying, retry_never, stop_after_attempt
from tmodbus import create_async_tcp_client

from custom_components.dts307 import link
from simulator.meter import MeterConfig
from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    answers,
    assert_refused,
    begin,
    entry_for,
    load,
    state_of,
    submit,
    suggested,
    without_section,
)
from tests.lines import SPEED, network, network_data, serial, serial_data

LOOK_UP = socket.getaddrinfo
"""As it is while this module is loaded; in tests, the plugin forbids to look names up."""


@pytest.fixture(autouse=True)
def little_patience_in_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a meter that is searched for at other speeds as little time as all answers here."""
    monkeypatch.setattr(link, "_SEARCH_PATIENCE", 0.05)


def closed_port() -> int:
    """Return a TCP port on which nobody listens."""
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
    result = await submit(hass, await begin(hass, step), answers(wrong))
    assert_refused(result, step, reason)
    # What was entered is still there to be corrected.
    assert suggested(result) == without_section(wrong)
    assert async_get_connection_info(hass) == []

    result = await submit(hass, result, answers(right))
    assert result["step_id"] == "current_transformers"
    assert not result["errors"]


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
    # The Modbus library waits ten seconds for a TCP connection, whatever it is asked.
    impatient = partial(create_async_tcp_client, connect_timeout=0.25)
    monkeypatch.setattr(tmodbus, "create_async_tcp_client", impatient)
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


async def test_nobody_has_this_unit_id_on_the_network(hass: HomeAssistant) -> None:
    """The adapter is there, but behind it nobody answers."""
    async with network(Device()) as line:
        right = network_data(line)
        wrong = right | {"unit_id": 1}
        await refused_then_recovered(hass, wrong, "meter_silent_network", right)


async def test_nobody_has_this_unit_id_on_the_serial_port(hass: HomeAssistant) -> None:
    """No speed or parity is of any help."""
    async with serial(Device()) as line:
        right = serial_data(line)
        wrong = right | {"unit_id": 1}
        await refused_then_recovered(hass, wrong, "meter_silent_serial", right)


@pytest.mark.parametrize("code", [ExcCodes.GATEWAY_PATH_UNAVIABLE, ExcCodes.GATEWAY_NO_RESPONSE])
async def test_a_gateway_says_that_nobody_answers(hass: HomeAssistant, code: ExcCodes) -> None:
    """It tells the same as silence on the wire."""
    device = Device()
    device.refusal = code
    async with network(device) as line:
        data = network_data(line)
        result = await submit(hass, await begin(hass, "network"), answers(data))
        assert_refused(result, "network", "meter_silent_network")
        device.refusal = None
        result = await submit(hass, result, answers(data))
        assert result["step_id"] == "current_transformers"


@pytest.mark.parametrize("framing", Framing)
async def test_the_adapter_speaks_the_other_framing(hass: HomeAssistant, framing: Framing) -> None:
    """Neither side understands the other, and the message says what to check."""
    async with network(Device(), framing=framing) as line:
        right = network_data(line)
        wrong = right | {"framing": "tcp" if framing is Framing.RTU else "rtu"}
        await refused_then_recovered(hass, wrong, "meter_silent_network", right)


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
        result = await submit(hass, await begin(hass, "network"), answers(data))
        assert_refused(result, "network", "meter_busy")
        assert len(device.requests) == (2 if code is ExcCodes.DEVICE_BUSY else 1)
        device.refusal = None
        result = await submit(hass, result, answers(data))
        assert result["step_id"] == "current_transformers"


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


def no_serial_number(device: Device) -> None:
    """Leave the serial number out."""
    device.write("SN", "")


def no_identity(device: Device) -> None:
    """Refuse to tell who it is."""
    common = next(device.models())
    del device.registers[common.model_addr + 40]


def garbled(device: Device) -> None:
    """Answer another question than was asked, more than once."""
    device.garbled_replies = 1000


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (zeros, "not_sunspec"),
        (nothing, "not_sunspec"),
        (no_end, "endless_chain"),
        (an_inverter, "no_meter_model"),
        (no_serial_number, "no_serial_number"),
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
        result = await submit(hass, await begin(hass, "network"), answers(data))
        assert_refused(result, "network", reason)
        assert async_get_connection_info(hass) == []

        device.become(MeterConfig())
        device.refusal = None
        device.garbled_replies = 0
        result = await submit(hass, result, answers(data))
        assert result["step_id"] == "current_transformers"


async def test_the_link_is_in_use_with_other_settings(hass: HomeAssistant) -> None:
    """One port has one speed; the meter that is there already keeps it, and goes on."""
    devices = Device(), Device(MeterConfig(unit=101))
    async with serial(*devices) as line:
        entry = entry_for(devices[0], serial_data(line))
        await load(hass, entry)
        right = serial_data(line, unit_id=101)
        wrong = right | {"baudrate": SPEED // 2}
        result = await submit(hass, await begin(hass, "serial"), answers(wrong))
        assert_refused(result, "serial", "link_in_use")
        await entry.runtime_data.async_refresh()
        assert state_of(hass, devices[0], "power") == str(devices[0].meter_model().W.cvalue)
        result = await submit(hass, result, answers(right))
        assert result["step_id"] == "current_transformers"
