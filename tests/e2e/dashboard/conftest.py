"""One Home Assistant and one page for all of these tests: starting them takes the longest."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import async_playwright
import pytest
import pytest_asyncio

from scripts.dev.client import signed_in
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import Simulator, SimulatorConfig, TcpConfig
from tests.e2e.conftest import CHROMIUM_OPTIONS, PATIENCE_MS, chromium
from tests.e2e.visit import visit

from .home import DASHBOARD, WIDE, Home, add_meters, make_dashboard, meter_configs

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_home(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """Start everything, and open a dashboard of all meters."""
    config = SimulatorConfig(
        meters=meter_configs(), tcp=(TcpConfig(host=LOOPBACK, port=0),), start=NOON
    )
    folder = tmp_path_factory.mktemp("home")
    async with (
        Simulator(config) as simulator,
        running_home_assistant(folder, free_port()) as started,
        signed_in(started.url) as client,
        async_playwright() as playwright,
    ):
        await client.wait_until_running()
        devices = await add_meters(client, simulator)
        await make_dashboard(client, devices)
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_OPTIONS
        )
        context = await browser.new_context(
            base_url=client.url,
            viewport=WIDE,
            locale="en-US",
            timezone_id="UTC",
            service_workers="block",
        )
        await context.add_init_script(
            f"localStorage.setItem('hassTokens', {client.browser_storage()!r})"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        home = Home(simulator, client, page, devices, folder)
        home.listen()
        await visit(page, f"{DASHBOARD}/all")
        await home.card().wait_for()
        yield home
        await browser.close()


@pytest_asyncio.fixture(loop_scope="package")
async def home(shared_home: Home, request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """Lend it to a test, after which nothing may have gone wrong in the browser."""
    failed_before = request.session.testsfailed
    yield shared_home
    if request.session.testsfailed > failed_before:
        await shared_home.page.screenshot(path=Path("test-failure.png"))
    complaints, shared_home.complaints[:] = list(shared_home.complaints), []
    assert not complaints
