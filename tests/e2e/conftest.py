"""A browser that is signed in to a Home Assistant, and a meter that stands still in time.

Starting a Home Assistant takes the longest, and then its first page in a browser. So tests share
both, and each leaves them as they were.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
from typing import override

from playwright.async_api import (
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    async_playwright,
    expect,
)
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from scripts.dev.client import Client, signed_in
from scripts.dev.homeassistant import prepare_configuration, running_home_assistant
from scripts.dev.processes import LOOPBACK, REPOSITORY, free_port
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
expect.set_options(timeout=PATIENCE_MS)
DASHBOARD = "dashboard"
"""The package of the tests of cards."""
SECOND_DASHBOARD = ("test_access", "test_axe", "test_downloads", "test_history")
"""Files of that package with a home of their own, so that two processes share the package."""
ALONE = ("test_killed", "test_benchmark", "test_restarted")
"""Files of long tests that share nothing."""
LONGEST = (
    ALONE[0],
    DASHBOARD,
    SECOND_DASHBOARD[0],
    *ALONE[1:],
    "test_first_meter",
    "test_automations",
    "test_setup_serial",
    "test_setup_settings",
    "test_setup_panel",
    "test_blueprints",
    "test_setup_roles",
)
DESKTOP = ViewportSize(width=1280, height=900)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest, so that the other processes have the rest to do meanwhile."""

    def place(item: pytest.Item) -> int:
        home = home_of(item.nodeid)
        return LONGEST.index(home) if home in LONGEST else len(LONGEST)

    items.sort(key=place)


def home_of(nodeid: str) -> str:
    """Return what a test shares a Home Assistant with: its package, a half of it, or its file."""
    file = Path(nodeid.partition("::")[0])
    if file.parent.name != DASHBOARD:
        return file.stem
    return SECOND_DASHBOARD[0] if file.stem in SECOND_DASHBOARD else DASHBOARD


class HomeScheduling(LoadScopeScheduling):
    """Keeps tests that share a Home Assistant in one process.

    The mark of pytest-xdist for this has no effect with this version of pytest.
    """

    @override
    def _split_scope(self, nodeid: str) -> str:
        home = home_of(nodeid)
        return nodeid if home in ALONE else home


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> HomeScheduling:
    """Return what distributes the tests over processes."""
    return HomeScheduling(config, log)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Serve a DTS 307 over Modbus TCP; its time stands still unless the test moves it."""
    config = SimulatorConfig(
        meters=(MeterConfig(serial="S30700400", days_in_service=30),),
        tcp=(TcpConfig(host=LOOPBACK, port=0),),
    )
    async with Simulator(config) as simulator:
        yield simulator


@dataclass(frozen=True)
class SharedHomeAssistant:
    """A Home Assistant that lasts for all tests, with the test bench beside our integration."""

    url: str
    ports: Path
    """the folder in which it looks for persistent paths of serial ports"""


@pytest.fixture(scope="session")
async def shared_home_assistant(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[SharedHomeAssistant]:
    """Start it once."""
    folder = tmp_path_factory.mktemp("shared")
    ports, config, port = folder / "serial", folder / "config", free_port()
    integrations = folder / "integrations"
    integrations.mkdir()
    # A package, as the one of this checkout is, which would otherwise come first.
    (integrations / "__init__.py").touch()
    for source in (REPOSITORY / "custom_components/dts307", Path(__file__).parent / "bench"):
        (integrations / source.name).symlink_to(source)
    prepare_configuration(config, port, integrations)
    with (config / "configuration.yaml").open("a") as yaml:
        yaml.write(f"bench:\n  ports: {ports}\n")
    async with running_home_assistant(config, port, integrations) as started:
        async with signed_in(started.url) as client:
            await client.wait_until_running()
        yield SharedHomeAssistant(started.url, ports)


class Browsers:
    """A browser for each Home Assistant. It keeps the frontend that it has loaded and compiled."""

    def __init__(self, playwright: Playwright, profiles: Path) -> None:
        """Begin without any; each gets a folder in ``profiles``."""
        self._playwright = playwright
        self._profiles = profiles
        self._contexts: dict[str, BrowserContext] = {}

    @asynccontextmanager
    async def page(self, client: Client, size: ViewportSize) -> AsyncIterator[Page]:
        """Open a page on which the client is signed in, and leave nothing of it but the cache."""
        if client.url not in self._contexts:
            self._contexts[client.url] = await self._launched(client.url)
        context = self._contexts[client.url]
        page = await context.new_page()
        await page.set_viewport_size(size)
        await page.add_init_script(
            f"localStorage.setItem('hassTokens', {client.browser_storage()!r})"
        )
        page.set_default_timeout(PATIENCE_MS)
        yield page
        await page.close()
        blank, *forgotten = context.pages
        assert not forgotten
        session = await context.new_cdp_session(blank)
        await session.send(
            "Storage.clearDataForOrigin",
            {"origin": client.url, "storageTypes": "cookies,indexeddb,local_storage"},
        )
        await session.detach()

    async def _launched(self, url: str) -> BrowserContext:
        return await self._playwright.chromium.launch_persistent_context(
            self._profiles / str(len(self._contexts)),
            executable_path=chromium(),
            args=CHROMIUM_OPTIONS,
            base_url=url,
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
            service_workers="block",
        )

    async def close(self) -> None:
        """End all of them."""
        for context in self._contexts.values():
            await context.close()


@pytest.fixture(scope="session")
async def browsers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browsers]:
    """Begin without any."""
    async with async_playwright() as playwright:
        browsers = Browsers(playwright, tmp_path_factory.mktemp("browsers"))
        yield browsers
        await browsers.close()


@pytest.fixture
async def home_assistant(shared_home_assistant: SharedHomeAssistant) -> AsyncIterator[Client]:
    """Sign in to the shared Home Assistant as its owner, and leave it without meters.

    It remembers the names of deleted entities. So meters that tests give names have serial numbers
    of their own.
    """
    async with signed_in(shared_home_assistant.url) as client:
        yield client
        await leave_as_it_was(client)


async def leave_as_it_was(client: Client) -> None:
    """Remove everything that a test may have added."""
    flows = "/api/config/config_entries/flow"
    for entry in await client.command("config_entries/get", domain="dts307"):
        await client.delete(f"/api/config/config_entries/entry/{entry['entry_id']}")
    for flow in await client.command("config_entries/flow/progress"):
        await client.delete(f"{flows}/{flow['flow_id']}")
    await remove_automations(client)
    for helper in ("input_boolean", "input_number", "input_text"):
        for made in await client.command(f"{helper}/list"):
            await client.command(f"{helper}/delete", **{f"{helper}_id": made["id"]})
    for path in await client.command("blueprint/list", domain="automation"):
        if not path.startswith("homeassistant/"):
            await client.command("blueprint/delete", domain="automation", path=path)
    await client.post("/api/services/persistent_notification/dismiss_all", {})
    await client.command("energy/save_prefs", energy_sources=[], device_consumption=[])


async def remove_automations(client: Client) -> None:
    """Remove all automations."""
    for state in await client.get("/api/states"):
        if state["entity_id"].startswith("automation."):
            await client.delete(f"/api/config/automation/config/{state['attributes']['id']}")


@pytest.fixture
async def page(
    home_assistant: Client, browsers: Browsers, request: pytest.FixtureRequest
) -> AsyncIterator[Page]:
    """Open a page of Home Assistant; if the test fails, keep a picture of what it saw."""
    async with browsers.page(home_assistant, DESKTOP) as page, pictured(page, request):
        yield page


@asynccontextmanager
async def pictured(page: Page, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Keep a picture of a page if a test fails meanwhile."""
    failed_before = request.session.testsfailed
    yield
    if request.session.testsfailed > failed_before:
        await page.screenshot(path=Path("test-failure.png"))


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is not on PATH; scripts/setup browser installs it.")
    return found
