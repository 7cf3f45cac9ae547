"""On every kind of line and for every model, a reading equals the simulator's true values."""

from datetime import UTC, datetime

import pytest

from custom_components.dts307.meter import Meter, Reading
from simulator import MeterConfig
from simulator.registers import Truth
from simulator.server import Framing, PtyConfig, TcpConfig
from simulator.simulator import Simulator, SimulatorConfig
from tests.device import METER_MODELS
from tests.lines import network_data, serial_data
from tests.wire.reach import Reach, normalised, points_of

MORNING = datetime(2026, 6, 22, 8, 20, tzinfo=UTC)
METERS = [
    MeterConfig(model=model, unit=unit, days_in_service=3)
    for unit, model in enumerate(METER_MODELS, start=100)
]


@pytest.mark.parametrize("line", ["tcp", "rtu over tcp", "pty"])
async def test_a_reading_is_true(line: str) -> None:
    """Eight meters on one line, each of another model, are polled while time passes."""
    config = SimulatorConfig(
        meters=METERS,
        tcp=[TcpConfig(), TcpConfig(framing=Framing.RTU)],
        pty=PtyConfig(),
        start=MORNING,
    )
    async with Simulator(config) as world:
        assert world.pty is not None
        data = {
            "tcp": network_data(world.tcp[0]),
            "rtu over tcp": network_data(world.tcp[1]),
            "pty": serial_data(world.pty),
        }[line]
        async with Reach(data) as link:
            for served in world.meters:
                meter = await Meter.identify(link.unit(served.unit))
                assert meter.identity.serial_number == served.serial
                assert meter.model.model_id == served.config.model
                for _ in range(2):
                    assert_true(await meter.read(), served.truth())
                    world.clock.advance(300, step=10)


def assert_true(reading: Reading, truth: Truth) -> None:
    """Compare all values of every poll, including which are missing."""
    points, expected = points_of(reading), normalised(truth)
    for name, value in expected.items():
        if "vah" not in name and "varh" not in name:
            assert points[name] == pytest.approx(value, rel=1e-12), name
    assert {name for name, value in points.items() if value is not None} == {
        name for name, value in expected.items() if value is not None
    }
