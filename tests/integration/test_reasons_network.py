"""The reason why a network adapter fails, while the meter is polled."""

import asyncio
import errno
import socket
from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from simulator.server import Framing
from tests.device import Device
from tests.integration.home import answers, assert_asks_about_meter, assert_refused, search, submit
from tests.integration.reasons import begin_to_poll, see_reason, see_recovery
from tests.lines import network, network_data
from tests.wire.proxy import proxy

pytestmark = pytest.mark.usefixtures("hasty")

LOOK_UP = socket.getaddrinfo
"""As it is while this module is loaded; in tests, the plugin forbids to look names up."""

framings = pytest.mark.parametrize("framing", Framing)


@framings
async def test_nobody_serves_the_port_any_more(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, framing: Framing
) -> None:
    """The adapter is there, but its Modbus server is not."""
    device = Device()
    async with network(device, framing=framing) as line:
        await begin_to_poll(hass, device, network_data(line))
        await line.close()
        await see_reason(hass, caplog, device, "host_refuses")
        await line.open()
        await see_recovery(hass, caplog, device)


@framings
async def test_the_name_is_not_known_any_more(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    framing: Framing,
) -> None:
    """The name server has forgotten the adapter, which restarts."""
    known = True

    def look_up(host: str, *args: Any, **kwargs: Any) -> Any:
        if host != "adapter.invalid":
            return LOOK_UP(host, *args, **kwargs)
        if not known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return LOOK_UP("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    device = Device()
    async with network(device, framing=framing) as line, proxy(line) as adapter:
        data = network_data(line) | {"host": "adapter.invalid", "port": adapter.port}
        await begin_to_poll(hass, device, data)
        known = False
        adapter.reset()
        await asyncio.sleep(0.05)
        await see_reason(hass, caplog, device, "host_unknown")
        known = True
        await see_recovery(hass, caplog, device)


@framings
async def test_the_adapter_hangs_up(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, framing: Framing
) -> None:
    """It takes the connection and ends it at the first question, as one does that is taken."""
    device = Device()
    async with network(device, framing=framing) as line, proxy(line) as adapter:
        await begin_to_poll(hass, device, network_data(line) | {"port": adapter.port})

        def hang_up(_direction: object, _data: bytes) -> bytes:
            adapter.reset()
            return b""

        adapter.suffer(hang_up)
        await see_reason(hass, caplog, device, "link_lost", "link_lost_network")
        adapter.suffer(lambda _direction, data: data)
        await see_recovery(hass, caplog, device)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (OSError(errno.EHOSTUNREACH, "No route to host"), "host_unreachable"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "host_unreachable"),
        (OSError("Multiple exceptions: [Errno 111] refused, [Errno 101] no way"), "host_refuses"),
        (OSError("Multiple exceptions: whatever"), "link_down_network"),
    ],
)
@framings
async def test_the_system_finds_no_way(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    framing: Framing,
    failure: Exception,
    reason: str,
) -> None:
    """What cannot be had on loopback; a host with several addresses fails in one text for all."""

    async def fail(*_args: object, **_kwargs: object) -> None:
        raise failure

    async with network(Device(), framing=framing) as line:
        entered = answers(network_data(line))
        with monkeypatch.context() as patch:
            patch.setattr(asyncio.BaseEventLoop, "create_connection", fail)
            result = await search(hass, "network", entered)
            assert_refused(result, "network", reason)
        assert_asks_about_meter(await submit(hass, result, entered))
