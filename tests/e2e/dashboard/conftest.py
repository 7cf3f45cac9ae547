"""One Home Assistant and one page for all of these tests: starting them takes the longest."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.dev.client import signed_in
from scripts.dev.homeassistant import running_home_assistant
from scripts.dev.processes import LOOPBACK, free_port
from simulator import Simulator, SimulatorConfig, TcpConfig
from tests.e2e.conftest import Browsers
from tests.e2e.visit import visit

from .home import DASHBOARD, WIDE, Home, add_meters, make_dashboard, meter_configs

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="package")
async def shared_home(
    browsers: Browsers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Home]:
    """Start everything, and open a dashboard of all meters."""
    config = SimulatorConfig(
        meters=meter_configs(), tcp=(TcpConfig(host=LOOPBACK, port=0),), start=NOON
    )
    folder = tmp_path_factory.mktemp("home")
    async with (
        Simulator(config) as simulator,
        running_home_assistant(folder, free_port()) as started,
        signed_in(started.url) as client,
        browsers.page(client, WIDE) as page,
    ):
        await client.wait_until_running()
        devices = await add_meters(client, simulator)
        await make_dashboard(client, devices)
        home = Home(simulator, client, page, devices, folder)
        home.listen()
        await visit(page, f"{DASHBOARD}/all")
        await home.card().wait_for()
        yield home


@pytest.fixture
async def home(shared_home: Home, request: pytest.FixtureRequest) -> AsyncIterator[Home]:
    """Lend it to a test, after which nothing may have gone wrong in the browser."""
    failed_before = request.session.testsfailed
    yield shared_home
    if request.session.testsfailed > failed_before:
        await shared_home.page.screenshot(path=Path("test-failure.png"))
    complaints, shared_home.complaints[:] = list(shared_home.complaints), []
    assert not complaints
