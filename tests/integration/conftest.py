"""Home Assistant with the integration, and little patience."""

import logging
from pathlib import Path
import time

import pytest
from serialx import descriptor_transport

from custom_components.dts307.connection import link
from custom_components.dts307.scan import link_bus
from tests.integration.scan_settings import ScanSettings

# What a database is asked would be most of what is logged, and take most of the time.
for _logger in ("homeassistant.components.recorder", "sqlalchemy.engine"):
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
def our_integration(enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration."""


@pytest.fixture
def mock_recorder_before_hass(request: pytest.FixtureRequest) -> None:
    """Where a test has the real recorder, prepare it before Home Assistant, as it wants it."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("async_test_recorder")


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave debugging off, which the test plugin switches on under this name.

    It takes a stack trace for every call that is scheduled, and warns of a machine in use.
    """


@pytest.fixture
def scan_settings(monkeypatch: pytest.MonkeyPatch) -> ScanSettings:
    """Return what scans are given for their timing and range."""
    return ScanSettings(monkeypatch)


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch, scan_settings: ScanSettings) -> None:
    """Wait a fraction of a second for answers, which on loopback come at once, and for ports."""
    monkeypatch.setattr(link, "_PATIENCE", 0.25)
    monkeypatch.setattr(link, "_LONGEST_FRAME_BITS", 0)
    monkeypatch.setattr(link, "_PORT_CLOSES_WITHIN", 0.25)
    scan_settings.change(first=0.15, first_network=0.15, following=0.1)
    monkeypatch.setattr(link_bus, "_GATEWAY_PATIENCE", 0.15)
    monkeypatch.setattr(link_bus, "_NETWORK_PATIENCE", 0.0)
    monkeypatch.setattr(link_bus, "_SLOT_FREE_AFTER", 0.0)


@pytest.fixture(autouse=True)
def short_search(request: pytest.FixtureRequest, scan_settings: ScanSettings) -> None:
    """Let there be few unit ids, speeds and neighbours, unless a test is about all of them."""
    if "all_unit_ids" not in request.fixturenames:
        scan_settings.change(
            unit_ids=range(98, 103), likely_unit_ids=(100, 101), meters_in_a_panel=3
        )
    if "all_speeds" not in request.fixturenames:
        scan_settings.change(baud_rates=(9600, 19200))


@pytest.fixture
def all_unit_ids() -> None:
    """Let a bus have all the unit ids that there are."""


@pytest.fixture
def all_speeds() -> None:
    """Let a serial port be tried at all usual speeds."""


@pytest.fixture
def slow_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let serial ports take a tenth of a second to close, as drivers do that drain them first."""
    close = descriptor_transport._safe_close  # noqa: SLF001 - the one place that closes a port

    def close_slowly(descriptor: int) -> None:
        time.sleep(0.1)
        close(descriptor)

    monkeypatch.setattr(descriptor_transport, "_safe_close", close_slowly)
