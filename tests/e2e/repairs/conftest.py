"""One flow adds the meters of a module; each test enables the entry of its own."""

from collections.abc import AsyncIterator

from playwright.async_api import ViewportSize
import pytest

from scripts.dev.client import signed_in
from scripts.dev.processes import LOOPBACK
from simulator import PtyConfig, Simulator, SimulatorConfig, TcpConfig
from tests.e2e.conftest import (
    Browsers,
    SharedHomeAssistant,
    leave_as_it_was,
    pictured,
)
from tests.e2e.visit import visit

from .bench import Bench

PHONE = ViewportSize(width=390, height=844)
"""Texts that are not cut here are cut nowhere."""


@pytest.fixture(scope="module")
async def bench(
    shared_home_assistant: SharedHomeAssistant,
    browsers: Browsers,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Bench]:
    """Serve the module's ``METERS`` behind a network adapter, and open the page of repairs."""
    config = SimulatorConfig(
        meters=request.module.METERS, tcp=(TcpConfig(host=LOOPBACK),), pty=PtyConfig()
    )
    async with (
        Simulator(config) as simulator,
        signed_in(shared_home_assistant.url) as client,
        browsers.page(client, PHONE) as page,
        pictured(page, request),
    ):
        bench = Bench(simulator, client, page, shared_home_assistant.ports)
        home = await client.command("get_config")
        await bench.add("network", {"host": LOOPBACK, "port": simulator.tcp_port})
        await visit(page, "/config/repairs")
        # Hours that pass while a page connects are too much for Home Assistant's patience.
        await page.locator("ha-config-repairs-dashboard").wait_for(state="attached")
        yield bench
        place = {key: home[key] for key in ("latitude", "longitude")}
        await client.command("config/core/update", **place)
        await leave_as_it_was(client)
