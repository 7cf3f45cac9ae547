"""A browser that is signed in to a Home Assistant, and a meter that stands still in time."""

from collections.abc import AsyncIterator
import os
from pathlib import Path
import shutil

from playwright.async_api import Page, async_playwright
import pytest

from scripts.dev.client import Client, signed_in
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import MeterConfig, Simulator, SimulatorConfig, TcpConfig

# Chromium would look for its maker's servers at every start, and refuses to be root's in a sandbox.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the longest file first, so that the other process has the rest to do meanwhile."""
    items.sort(key=lambda item: item.path.stem != "test_killed")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serve a DTS 307 over Modbus TCP; its time stands still unless the test moves it."""
    config = SimulatorConfig(
        meters=(MeterConfig(days_in_service=30),), tcp=(TcpConfig(host=LOOPBACK, port=0),)
    )
    async with Simulator(config) as simulator:
        yield simulator


@pytest.fixture
async def home_assistant(tmp_path: Path) -> AsyncIterator[Client]:
    """Start a fresh Home Assistant and sign in as its owner."""
    async with (
        running_home_assistant(tmp_path, free_port()) as started,
        signed_in(started.url) as client,
    ):
        await client.wait_until_running()
        yield client


@pytest.fixture
async def page(home_assistant: Client, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """Open a browser on Home Assistant; if the test fails, keep a picture of what it saw."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium(), args=CHROMIUM_OPTIONS
        )
        context = await browser.new_context(
            base_url=home_assistant.url,
            viewport={"width": 1280, "height": 900},
            locale="en-US",
            reduced_motion="reduce",
            service_workers="block",
        )
        await context.add_init_script(
            f"localStorage.setItem('hassTokens', {home_assistant.browser_storage()!r})"
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        failed_before = request.session.testsfailed
        yield page
        if request.session.testsfailed > failed_before:
            await page.screenshot(path=Path("test-failure.png"))
        await browser.close()


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is not on PATH; scripts/setup browser installs it.")
    return found
