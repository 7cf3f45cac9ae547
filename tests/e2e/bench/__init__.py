"""An integration for the Home Assistant of browser tests: it lets time pass when a test says so.

What takes hours in a home, such as the proof that a CT is reversed, takes as long as its polls.
Elapsed time jumps ahead, and timers that are due by then fire at once. Wall time stays.
"""

import asyncio
from pathlib import Path
import time
from typing import Any

from aiohttp import web
from homeassistant.components import websocket_api
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

DOMAIN = "bench"
METER = "dts307"
CONF_PORTS = "ports"
CONFIG_SCHEMA = vol.Schema(
    {DOMAIN: vol.Schema({vol.Required(CONF_PORTS): cv.string})}, extra=vol.ALLOW_EXTRA
)
SECONDS_TO_POLL = 30


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Take over the clock; look for the persistent paths of serial ports in a folder."""
    from custom_components.dts307.connection.system_paths import (  # noqa: PLC0415 - found only now
        DATA_SYSTEM_PATHS,
        SystemPaths,
    )
    from custom_components.dts307.stores import clock  # noqa: PLC0415

    ports = Path(config[DOMAIN][CONF_PORTS])
    hass.data[DATA_SYSTEM_PATHS] = SystemPaths(persistent_ports=ports)
    ahead = 0.0
    elapsed_seconds = clock.elapsed_seconds

    def loop_time() -> float:
        return time.monotonic() + ahead

    def elapsed() -> float:
        return elapsed_seconds() + ahead

    web.WebSocketResponse = _WithoutPings  # type: ignore[assignment, misc]
    hass.loop.time = loop_time  # type: ignore[method-assign]
    clock.elapsed_seconds = elapsed

    @websocket_api.websocket_command(
        {
            vol.Required("type"): f"{DOMAIN}/advance",
            vol.Required("seconds"): vol.Coerce(float),
            vol.Optional("until_missed", default=False): bool,
        }
    )
    @websocket_api.async_response
    async def advance(
        hass: HomeAssistant, connection: websocket_api.ActiveConnection, msg: dict[str, Any]
    ) -> None:
        """Let time pass, and wait until each meter has been polled, whether it answers or not.

        With ``until_missed``, time passes also while responses are waited for.
        """
        nonlocal ahead
        meters = _loaded(hass)
        polled = [_next_update(meter.connection) for meter in meters]
        ahead += max(
            msg["seconds"], *(meter.update_interval.total_seconds() for meter in meters), 0
        )
        end = time.monotonic() + SECONDS_TO_POLL
        while not all(poll.is_set() for poll in polled):
            assert time.monotonic() < end
            ahead += msg["until_missed"]
            await asyncio.sleep(0.005)
        connection.send_result(msg["id"])

    websocket_api.async_register_command(hass, advance)
    return True


class _WithoutPings(web.WebSocketResponse):
    """A websocket whose pings would go unanswered while hours pass in no time."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**{**arguments, "heartbeat": None})


def _loaded(hass: HomeAssistant) -> list[Any]:
    """Return the coordinators of all meters."""
    entries = hass.config_entries.async_entries(METER)
    return [each.runtime_data for each in entries if each.state is ConfigEntryState.LOADED]


def _next_update(connection: Any) -> asyncio.Event:
    """Return an event that the next poll sets."""
    event = asyncio.Event()

    def updated() -> None:
        event.set()
        leave()

    leave = connection.async_add_listener(updated)
    return event
