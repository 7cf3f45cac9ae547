"""Serial ports on other machines: set up by their URL, polled, lost and found again."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.core import HomeAssistant
import pytest
from serial.rfc2217 import PortManager  # type: ignore[import-untyped]
from serialx import register_uri_handler
from serialx.platforms.serial_socket import SocketSerial, SocketSerialTransport

from simulator.server import Framing
from tests.device import Device
from tests.integration.home import (
    add_meter,
    assert_asks_about_meter,
    assert_refused,
    let_pass,
    search,
    state_of,
    submit,
)
from tests.lines import network
from tests.serial_servers import shared

pytestmark = pytest.mark.usefixtures("hasty")

PROXY = "esphome-hass://esphome/0123/?port_name=RS485"


@pytest.mark.parametrize("scheme", ["socket", "tcp"])
async def test_a_transparent_serial_server(hass: HomeAssistant, scheme: str) -> None:
    """It passes bytes on, and has the settings of the bus itself."""
    device = Device()
    async with network(device, framing=Framing.RTU) as line:
        url = f"{scheme}://{line.host}:{line.port}"
        entry = await add_meter(
            hass, await search(hass, "serial", {"device": url, "known": {}}), ct_rating=100
        )
        assert entry.data["device"] == url
        assert state_of(hass, device, "link_state") == "ok"
        await line.close()
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "host_refuses"
        await line.open()
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "ok"


async def test_a_port_that_follows_the_settings(hass: HomeAssistant) -> None:
    """With RFC 2217 the search finds baud rate and parity of a port on another machine."""
    device = Device()
    async with (
        network(device, framing=Framing.RTU) as line,
        shared(line, (19200, 8, "E", 1)) as port,
    ):
        url = f"rfc2217://127.0.0.1:{port.port}"
        entry = await add_meter(
            hass, await search(hass, "serial", {"device": url, "known": {}}), ct_rating=100
        )
        assert entry.data == {
            "transport": "serial",
            "device": url,
            "baudrate": 19200,
            "parity": "even",
            "stopbits": 1,
            "unit_id": 100,
        }
        device.write("W", 1234)
        await let_pass(hass)
        assert state_of(hass, device, "power") == str(device.meter_model().W.cvalue)


async def test_a_server_that_does_not_confirm_all_settings(hass: HomeAssistant) -> None:
    """The library that opens the port waits in vain; the form says what can be done, and it works.

    pyserial's own server confirms no masks.
    """
    device, settings = Device(), (9600, 8, "N", 1)
    async with (
        network(device, framing=Framing.RTU) as line,
        shared(line, settings, PortManager) as port,
    ):
        entered = {"device": f"rfc2217://127.0.0.1:{port.port}", "known": {}}
        result = await search(hass, "serial", entered)
        assert_refused(result, "serial", "link_down_url")
        entered["device"] = f"socket://{line.host}:{line.port}"
        assert_asks_about_meter(await submit(hass, result, entered))


class ProxyTransport(SocketSerialTransport):
    """Stands in for that of Home Assistant's esphome integration, and leads to ``target``."""

    target = ""

    @override
    async def _connect(self, *, path: str | None = None, **settings: Any) -> None:
        assert path == PROXY
        await super()._connect(path=self.target, **settings)


@pytest.fixture
def proxy() -> Iterator[type[ProxyTransport]]:
    """Serve the addresses of ESPHome's serial proxies."""
    unregister = register_uri_handler(
        scheme="esphome-hass://",
        unique_scheme="esphome-fake://",
        sync_cls=SocketSerial,
        async_transport_cls=ProxyTransport,
        weight=2,
    )
    yield ProxyTransport
    unregister()


async def test_a_serial_proxy(hass: HomeAssistant, proxy: type[ProxyTransport]) -> None:
    """Home Assistant lists the port of an ESPHome device, and opens it by an address of its own."""
    device = Device()
    async with network(device, framing=Framing.RTU) as line:
        proxy.target = f"socket://{line.host}:{line.port}"
        entry = await add_meter(
            hass, await search(hass, "serial", {"device": PROXY, "known": {}}), ct_rating=100
        )
        assert entry.data["device"] == PROXY
        assert state_of(hass, device, "link_state") == "ok"
        await line.close()
        await let_pass(hass, 30)
        assert state_of(hass, device, "power") == "unavailable"
        await line.open()
        await let_pass(hass, 30)
        assert state_of(hass, device, "link_state") == "ok"
