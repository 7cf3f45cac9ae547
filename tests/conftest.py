"""What all tests share."""

from pathlib import Path

import pytest

# The test plugin for Home Assistant brings a package `custom_components` of its own; the one that
# is imported first stays.
import custom_components.dts307  # noqa: F401

_WAITING = (
    "integration/test_config_flow",
    "integration/test_coordinator",
    "integration/test_diagnostics",
    "integration/test_health",
    "integration/test_log_faults",
    "integration/test_ports",
    "integration/test_reasons",
    "integration/test_reconfigure",
    "integration/test_replacement",
    "integration/test_search",
    "integration/test_setup",
    "integration/test_silence",
    "integration/test_waiting",
    "meter/test_line",
    "simulator/test_clock",
    "simulator/test_command",
    "simulator/test_lines",
    "wire/",
)
"""Where tests mostly wait: for an answer that comes late, or not at all."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with those that wait, which need hardly any of the processor, but that at once.

    Beside tests that compute, an answer might take longer than they are patient.
    """
    here = Path(__file__).parent
    items.sort(key=lambda item: not str(item.path.relative_to(here)).startswith(_WAITING))


@pytest.fixture(autouse=True)
def real_sockets(socket_enabled: None) -> None:
    """Let tests talk to servers on loopback; the plugin forbids it by default."""
