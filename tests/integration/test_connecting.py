"""A connection that is still being opened when nothing needs it any more."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from tests.device import Device
from tests.integration.home import answers, begin, search, start
from tests.integration.scanning import give_up, nothing_is_open, tasks, until
from tests.lines import network, network_data


class Connecting:
    """Holds up all connections that are opened while it is ``held``."""

    def __init__(self, connect: Callable[..., Awaitable[Any]]) -> None:
        """Hold up nothing yet."""
        self._connect = connect
        self._goes_on = asyncio.Event()
        self._goes_on.set()
        self.begun = asyncio.Event()
        self.refused = False

    async def __call__(self, *args: Any, **settings: Any) -> Any:
        """Open a connection as the system does, once that is no longer held up."""
        self.begun.set()
        await self._goes_on.wait()
        if self.refused:
            raise ConnectionRefusedError
        return await self._connect(*args, **settings)

    def hold(self) -> None:
        """Let no connection be opened for now."""
        self._goes_on.clear()
        self.begun.clear()

    def let_go(self) -> None:
        """Let the connections be opened, or refused."""
        self._goes_on.set()


@pytest.fixture
def connecting(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Connecting:
    """What holds up connections to adapters."""
    connecting = Connecting(hass.loop.create_connection)
    monkeypatch.setattr(hass.loop, "create_connection", connecting)
    return connecting


@pytest.fixture(autouse=True)
def nothing_is_unhandled(hass: HomeAssistant) -> Iterator[None]:
    """See that no exception ends in the log because nothing waited for it."""
    unhandled: list[dict[str, Any]] = []
    hass.loop.set_exception_handler(lambda _loop, context: unhandled.append(context))
    yield
    assert unhandled == []


outcome = pytest.mark.parametrize("refused", [False, True])
"""Whether the adapter refuses the connection in the end."""


@outcome
async def test_the_window_of_a_scan_is_closed(
    hass: HomeAssistant,
    connecting: Connecting,
    refused: bool,  # noqa: FBT001 - a parameter
) -> None:
    async with network(Device()) as line:
        result = await begin(hass, "network")
        connecting.hold()
        connecting.refused = refused
        result = await start(hass, result, answers(network_data(line)))
        await connecting.begun.wait()
        hass.config_entries.flow.async_abort(result["flow_id"])
        connecting.let_go()
        await until(lambda: tasks("scan") == [] and nothing_is_open(hass))


@outcome
async def test_a_form_with_a_preview_is_closed(
    hass: HomeAssistant,
    connecting: Connecting,
    hass_ws_client: WebSocketGenerator,
    refused: bool,  # noqa: FBT001 - a parameter
) -> None:
    async with network(Device()) as line:
        result = await search(hass, "network", answers(network_data(line)))
        client = await hass_ws_client(hass)
        connecting.hold()
        connecting.refused = refused
        preview = {"flow_type": "config_flow", "flow_id": result["flow_id"], "user_input": {}}
        await client.send_json_auto_id({"type": "dts307/start_preview", **preview})
        subscription = (await client.receive_json())["id"]
        await connecting.begun.wait()
        end = {"type": "unsubscribe_events", "subscription": subscription}
        await client.send_json_auto_id(end)
        assert (await client.receive_json())["success"]
        connecting.let_go()
        await until(lambda: tasks("preview") == [] and nothing_is_open(hass))
        await give_up(hass, result)
