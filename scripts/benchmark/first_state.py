"""Measure the time from the setup of a meter to the first state of its power sensor."""

import asyncio
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from scripts.dev.client import Client, HomeAssistantError, signed_in, wait_for
from scripts.dev.flows import add_entry
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import free_port

from .bus import MeterBus, running_bus

_ENTRIES: Final = "/api/config/config_entries/entry"
_SECONDS_TO_CLOSE: Final = 2.0
"""Home Assistant closes the port in the background."""


async def measure_first_states(folder: Path, runs: int) -> list[float]:
    """Set up and remove the same meter ``runs`` times; return the seconds of each run.

    Each is the time from the creation of the entry, after the last form, until the power sensor has
    a state. Home Assistant has finished its startup before.
    """
    async with (
        running_bus(folder, "first_state") as bus,
        running_home_assistant(folder / "config", free_port()) as home_assistant,
        signed_in(home_assistant.url) as client,
    ):
        await client.wait_until_running()
        return [await _measure(client, bus) for _ in range(runs)]


async def _measure(client: Client, bus: MeterBus) -> float:
    answers = {"device": bus.port, "unit_id": bus.units[0]}
    entry_id = (await add_entry(client, "dts307", {"serial"}, answers))["entry_id"]

    async def find() -> dict[str, Any]:
        return await _power(client, entry_id)

    power = await wait_for(find, "the first state of the power")
    entry = await client.command("config_entries/get_single", entry_id=entry_id)
    began = float(entry["config_entry"]["created_at"])
    await _remove(client, entry_id)
    return datetime.fromisoformat(power["last_changed"]).timestamp() - began


async def _power(client: Client, entry_id: str) -> dict[str, Any]:
    """Return the state of the power sensor, empty until it has one."""
    entities = {
        entity["entity_id"]
        for entity in await client.command("config/entity_registry/list")
        if entity["config_entry_id"] == entry_id and entity["unique_id"].endswith("_power")
    }
    for state in await client.get("/api/states"):
        attributes = state["attributes"]
        if state["entity_id"] in entities and attributes.get("device_class") == "power":
            found: dict[str, Any] = state
            return {} if found["state"] in {"unknown", "unavailable"} else found
    return {}


async def _remove(client: Client, entry_id: str) -> None:
    async with client.session.delete(f"{client.url}{_ENTRIES}/{entry_id}") as response:
        if response.status != HTTPStatus.OK:
            raise HomeAssistantError(f"the entry is not removed: {response.status}")
    await asyncio.sleep(_SECONDS_TO_CLOSE)
