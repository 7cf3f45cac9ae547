"""Home Assistant with the integration, and little patience."""

from collections.abc import Iterator
from dataclasses import fields
import logging
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import mock_storage
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)
from serialx import descriptor_transport

from custom_components.dts307.connection.timing import DATA_TIMING
from custom_components.dts307.const import DOMAIN
from custom_components.dts307.meter.modbus import SCAN_RANGE
from custom_components.dts307.stores import clock
from tests.integration.shared import have_adapters
from tests.integration.timing import HASTY_RESPONSE, PATIENT, change_timing
from tests.time_lapse import time_lapse

_CHATTY = (
    "homeassistant.components.recorder",
    "homeassistant.core",
    "pymodbus.logging",
    "sqlalchemy.engine",
    "tmodbus.raw_traffic",
)
"""Their queries, events and frames would be most of what is logged, and take most of the time."""

for _logger in _CHATTY:
    logging.getLogger(_logger).setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let pass a warning that Home Assistant's own web server gives about itself."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(
                pytest.mark.filterwarnings("ignore::aiohttp.web_exceptions.NotAppKeyWarning")
            )


@pytest.fixture(autouse=True)
def our_integration(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find the integration, and wait for longer than a busy machine takes.

    Tests that do not need Home Assistant do not get one.
    """
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
        request.getfixturevalue("hass").data[DATA_TIMING] = PATIENT


@pytest.fixture
def all_entities_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable every new entity, also those that are disabled by default."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


@pytest.fixture
def real_disk() -> None:
    """Let Home Assistant write to a disk of its own, which the test plugin keeps it from."""


@pytest.fixture
def hass_storage(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Return what Home Assistant stores, unless it is on a real disk."""
    if "real_disk" in request.fixturenames:
        yield {}
        return
    with mock_storage() as stored:
        yield stored


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return a folder of its own: the files of interval data are always on a real disk."""
    (tmp_path / ".storage").mkdir()
    return str(tmp_path)


@pytest.fixture
def mock_recorder_before_hass(request: pytest.FixtureRequest) -> None:
    """Where a test has the real recorder, prepare it before Home Assistant, as it wants it."""
    if {"recorder_mock", "async_test_recorder"} & set(request.fixturenames):
        request.getfixturevalue("async_test_recorder")


@pytest.fixture(autouse=True)
def frozen_elapsed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let elapsed time stand still with a frozen clock, which knows no time since the boot."""

    def frozen() -> float:
        return time.monotonic()

    monkeypatch.setattr(clock, "elapsed_seconds", frozen)


@pytest.fixture
def skip_waiting(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Skip all pure waiting of the event loop."""
    with time_lapse(monkeypatch, hass.loop):
        yield


@pytest.fixture
def hasty(
    hass: HomeAssistant,
    skip_waiting: None,  # noqa: ARG001 - it is what makes time independent of the machine
) -> None:
    """Wait a fraction of a second for responses, for tests in which some never come."""
    change_timing(hass, link={"response": HASTY_RESPONSE})


@pytest.fixture
async def adapters(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this machine a loopback adapter beside the default one."""
    await have_adapters(hass, monkeypatch)


@pytest.fixture
def all_unit_ids(hass: HomeAssistant) -> None:
    """Let a scan probe all unit IDs that exist."""
    names = [each.name for each in fields(SCAN_RANGE) if each.name != "baud_rates"]
    change_timing(hass, scan_range={name: getattr(SCAN_RANGE, name) for name in names})


@pytest.fixture
def all_speeds(hass: HomeAssistant) -> None:
    """Let a scan try all usual baud rates."""
    change_timing(hass, scan_range={"baud_rates": SCAN_RANGE.baud_rates})


@pytest.fixture
def slow_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let serial ports take a tenth of a second to close, as drivers do that drain them first."""
    close = descriptor_transport._safe_close  # noqa: SLF001 - the one place that closes a port

    def close_slowly(descriptor: int) -> None:
        time.sleep(0.1)
        close(descriptor)

    monkeypatch.setattr(descriptor_transport, "_safe_close", close_slowly)


@pytest.fixture
def hass_ws_client(hass_ws_client: WebSocketGenerator, hass: HomeAssistant) -> WebSocketGenerator:
    """Return a generator of clients of a server that has the integration's paths.

    Home Assistant's own server takes further paths while it runs; that of the tests does not.
    """

    async def client(*arguments: Any, **named: Any) -> MockHAClientWebSocket:
        assert await async_setup_component(hass, DOMAIN, {})
        return await hass_ws_client(*arguments, **named)

    return client
