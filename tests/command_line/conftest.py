"""What the tests of the command line program share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.time_lapse import time_lapse


@pytest.fixture
async def skip_waiting(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Skip all pure waiting of the event loop."""
    with time_lapse(monkeypatch, asyncio.get_running_loop()):
        yield
