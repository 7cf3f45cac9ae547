"""What all tests share."""

import pytest

# The test plugin for Home Assistant brings a package `custom_components` of its own; the one that
# is imported first stays.
import custom_components.dts307  # noqa: F401


@pytest.fixture(autouse=True)
def real_sockets(socket_enabled: None) -> None:
    """Let tests talk to servers on loopback; the plugin forbids it by default."""
