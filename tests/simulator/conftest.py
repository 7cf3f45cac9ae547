"""Times and worlds that the simulator's tests share."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulator import (
    MeterConfig,
    PtyConfig,
    Role,
    Simulator,
    SimulatorConfig,
    TcpConfig,
)
from tests.time_lapse import time_lapse

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC)


@pytest.fixture
async def skip_waiting(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Skip all pure waiting of the event loop."""
    with time_lapse(monkeypatch, asyncio.get_running_loop()):
        yield


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Simulator]:
    """A standing world: two meters on one site, on TCP and on a pty."""
    config = SimulatorConfig(
        meters=[
            MeterConfig(model=203, unit=100, days_in_service=10),
            MeterConfig(model=201, unit=101, role=Role.SOLAR, days_in_service=10),
        ],
        tcp=[TcpConfig()],
        pty=PtyConfig(link=tmp_path / "ttyDTS"),
        start=NOON,
    )
    async with Simulator(config) as simulator:
        yield simulator
