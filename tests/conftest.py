"""What all tests share."""

from collections.abc import Iterator
import gc
from pathlib import Path

import pytest

# The test plugin for Home Assistant brings a package `custom_components` of its own; the one that
# is imported first stays.
import custom_components.dts307  # noqa: F401

_WAITING = (
    "command_line/",
    "integration/test_config_flow",
    "integration/test_coordinator",
    "integration/test_diagnostics",
    "integration/test_health",
    "integration/test_identification",
    "integration/test_log_faults",
    "integration/test_ports",
    "integration/test_reasons",
    "integration/test_reconfigure",
    "integration/test_replacement",
    "integration/test_scan",
    "integration/test_setup",
    "simulator/test_clock",
    "simulator/test_command",
    "simulator/test_lines",
    "wire/",
)
"""Where tests mostly wait: for an answer that comes late, or not at all."""

_NEVER = 2**31 - 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with those that mostly wait, so that one process has them and leaves time to others."""
    here = Path(__file__).parent
    items.sort(key=lambda item: not str(item.path.relative_to(here)).startswith(_WAITING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Leave the search for old garbage to the time between tests.

    Through all that Home Assistant keeps, it takes half a second each time.
    """
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


@pytest.fixture(autouse=True)
def real_sockets(socket_enabled: None) -> None:
    """Let tests talk to servers on loopback; the plugin forbids it by default."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave debugging off, which the test plugin switches on under this name.

    It takes a stack trace for every call that is scheduled, and warns of a machine in use.
    """
