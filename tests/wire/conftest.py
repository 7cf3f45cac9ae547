"""Measurements want the event loop as it runs in earnest; faults want a line to befall."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from custom_components.dts307.connection import link
from custom_components.dts307.meter.modbus import resilient_unit
from tests.wire.rig import TIMEOUT
from tests.wire.scene import PTY, TCP, Scene, scene_on
from tests.wire.wire import RunningWire, Timing, running_wire


@pytest.fixture(autouse=True)
async def enable_event_loop_debug() -> None:
    """Leave debugging off, which the test plugin for Home Assistant switches on."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture(scope="session")
def fast_wire() -> Iterator[RunningWire]:
    """Lay a wire that is quick, for all faults to happen on."""
    with running_wire(Timing(baud=115200, turnaround=0.001)) as wire:
        yield wire


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a fraction of a second for answers, and for ports to close."""
    monkeypatch.setattr(link, "_PATIENCE", TIMEOUT)
    monkeypatch.setattr(link, "_LONGEST_FRAME_BITS", 0)
    monkeypatch.setattr(resilient_unit, "_PORT_CLOSES_WITHIN", 0.05)


@pytest.fixture(params=[PTY, TCP])
async def scene(request: pytest.FixtureRequest, fast_wire: RunningWire) -> AsyncIterator[Scene]:
    """Two meters on a line that can be made to suffer."""
    request.getfixturevalue("little_patience")
    async with scene_on(request.param, fast_wire) as scene:
        yield scene
