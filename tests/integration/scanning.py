"""A scan that is under way, and a line that may have been left open."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homeassistant.components.modbus.connection import async_get_connection_info
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import EVENT_DATA_ENTRY_FLOW_PROGRESSED, FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.device import Device
from tests.integration.home import choose, load, state_of


def is_free(path: str) -> bool:
    """Return whether this process has only its own far end of a port open."""
    target = Path(path).resolve()
    holders = [fd for fd in Path("/proc/self/fd").iterdir() if fd.resolve() == target]
    return len(holders) == 1


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that is no event, such as bytes on a line."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the system sends no event
            await asyncio.sleep(0.002)


async def when_free(path: str) -> None:
    """Wait until a port is closed, which the Modbus library does in the background."""
    await until(lambda: is_free(path))


def nothing_is_open(hass: HomeAssistant) -> bool:
    """Return whether Home Assistant holds no Modbus connection."""
    return async_get_connection_info(hass) == []


async def give_up(hass: HomeAssistant, result: ConfigFlowResult) -> None:
    """Close the window of a flow, and let what it had set in motion end."""
    scanning = tasks("scan")
    hass.config_entries.flow.async_abort(result["flow_id"])
    if scanning:
        await asyncio.wait(scanning)
    await hass.async_block_till_done(wait_background_tasks=True)


def tasks(kind: str) -> list[asyncio.Task[object]]:
    """Return the tasks of one kind that the integration has begun and that have not ended."""
    return [task for task in asyncio.all_tasks() if task.get_name() == f"dts307 {kind}"]


async def watch(hass: HomeAssistant, result: ConfigFlowResult) -> list[ConfigFlowResult]:
    """Do as the frontend, which asks for the step again whenever it hears of a change.

    Return all that it shows, from the beginning of the scan to what follows.
    """
    flow_id = result["flow_id"]
    changed = asyncio.Event()

    @callback
    def hear(_event: object) -> None:
        changed.set()

    unsubscribe = hass.bus.async_listen(EVENT_DATA_ENTRY_FLOW_PROGRESSED, hear)
    shown = [result]
    while shown[-1]["type"] is FlowResultType.SHOW_PROGRESS:
        async with asyncio.timeout(10):
            await changed.wait()
        changed.clear()
        shown.append(await hass.config_entries.flow.async_configure(flow_id))
        assert len(tasks("scan update")) <= len(tasks("scan"))
    unsubscribe()
    return shown


async def load_without_meter(
    hass: HomeAssistant, entry: MockConfigEntry, device: Device, reason: str
) -> None:
    """Set an entry up whose meter does not answer, and see that it is loaded nevertheless."""
    await load(hass, entry)
    assert_no_meter(hass, device, reason)


def assert_no_meter(hass: HomeAssistant, device: Device, reason: str) -> None:
    """See that an entry shows why its meter does not answer."""
    assert state_of(hass, device, "link_state") == reason
    assert state_of(hass, device, "answering", "binary_sensor") == "off"


async def reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, transport: str
) -> ConfigFlowResult:
    """Begin to reconfigure, up to the form that asks for the new link."""
    return await choose(hass, await entry.start_reconfigure_flow(hass), transport)


def assert_moved(result: ConfigFlowResult, entry: MockConfigEntry, data: dict[str, Any]) -> None:
    """See that the entry is in use on its new link, and on no other."""
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == data
    assert entry.state is ConfigEntryState.LOADED
