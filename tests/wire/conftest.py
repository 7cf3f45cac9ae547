"""Lines for the tests of faults."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.dts307.meter.modbus import LinkTiming
from tests.time_lapse import time_lapse
from tests.wire.rig import TIMING
from tests.wire.scene import PTY, TCP, Scene, scene_on


@pytest.fixture
def timing() -> LinkTiming:
    """Return the timing of the units on a line; a test may have its own."""
    return TIMING


@pytest.fixture(params=[PTY, TCP])
async def scene(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, timing: LinkTiming
) -> AsyncIterator[Scene]:
    """Two meters on a line that faults can be put on; all waiting is skipped."""
    with time_lapse(monkeypatch, asyncio.get_running_loop()):
        async with scene_on(request.param, timing) as scene:
            yield scene
