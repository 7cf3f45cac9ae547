"""Lines for the tests of faults."""

from collections.abc import AsyncIterator, Iterator

import pytest

from custom_components.dts307.meter.modbus import LinkTiming
from tests.wire.rig import TIMING
from tests.wire.scene import PTY, TCP, Scene, scene_on
from tests.wire.wire import RunningWire, Timing, running_wire


@pytest.fixture(scope="session")
def fast_wire() -> Iterator[RunningWire]:
    """Run one fast wire for all faults."""
    with running_wire(Timing(baud=115200, turnaround=0.001)) as wire:
        yield wire


@pytest.fixture
def timing() -> LinkTiming:
    """Return the timing of the units on a line; a test may have its own."""
    return TIMING


@pytest.fixture(params=[PTY, TCP])
async def scene(
    request: pytest.FixtureRequest, fast_wire: RunningWire, timing: LinkTiming
) -> AsyncIterator[Scene]:
    """Two meters on a line that faults can be put on."""
    async with scene_on(request.param, fast_wire, timing) as scene:
        yield scene
