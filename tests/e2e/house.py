"""A house with a meter that answers at once, and the browser of its owner."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page
import pytest

from scripts.dev.client import Client, signed_in, wait_for
from scripts.dev.flows import add_entry, set_options
from scripts.dev.processes import LOOPBACK
from simulator import MeterConfig, Simulator, SimulatorConfig, TcpConfig

from .conftest import DESKTOP, Browsers, SharedHomeAssistant, leave_as_it_was, pictured

type Phase = Mapping[str, float]
"""What each phase of the house does."""

IMPORT: Phase = {"load_factor": 0, "extra_watts": 2000, "sun": 0}
EXPORT: Phase = {"load_factor": 0, "extra_watts": 0, "sun": 1}
OVERLOAD: Phase = {"load_factor": 0, "extra_watts": 30_000, "sun": 0}
SILENCE = None
"""The meter's cable is pulled."""


@dataclass
class House:
    """What the tests of a module share; each leaves the house importing."""

    client: Client
    simulator: Simulator
    page: Page
    device_id: str

    async def becomes(self, phase: Phase | None) -> None:
        """Change all phases of the house."""
        await self.simulator.set_plugged(plugged=phase is not None)
        if phase is not None:
            meter = self.simulator.meters[0]
            house = meter.site.house.tweaked(dict.fromkeys("ABC", phase))
            self.simulator.set_house(meter, house)

    async def passes_until(self, look: Callable[[], Awaitable[bool]], seconds: int) -> None:
        """Let time pass in steps of so many seconds, until something has happened.

        The wall clock, which time patterns follow, goes on as ever.
        """

        async def has_happened() -> bool:
            if await look():
                return True
            await self.client.command("bench/advance", seconds=seconds)
            return False

        await wait_for(has_happened, "what takes its time")


@asynccontextmanager
async def open_house(
    home_assistant: SharedHomeAssistant, browsers: Browsers, request: pytest.FixtureRequest
) -> AsyncIterator[House]:
    """Serve a meter, and add it: polled every second, and without hold times."""
    config = SimulatorConfig(
        meters=(MeterConfig(serial="S30700400", days_in_service=30),),
        tcp=(TcpConfig(host=LOOPBACK, port=0),),
    )
    async with (
        Simulator(config) as simulator,
        signed_in(home_assistant.url) as client,
        browsers.page(client, DESKTOP) as page,
        pictured(page, request),
    ):
        answers = {
            "host": LOOPBACK,
            "port": simulator.tcp_port,
            "unit_id": simulator.meters[0].unit,
            "ct_rating": 200,
        }
        entry = await add_entry(client, "dts307", {"network"}, answers)
        quick = {"scan_interval": 1, "export_hold": 0, "overload_hold": 0}
        await set_options(client, entry["entry_id"], {"settings"}, quick)
        (device_id,) = [
            device["id"]
            for device in await client.command("config/device_registry/list")
            if entry["entry_id"] in device["config_entries"]
        ]
        house = House(client, simulator, page, str(device_id))
        await house.becomes(IMPORT)
        yield house
        await leave_as_it_was(client)
