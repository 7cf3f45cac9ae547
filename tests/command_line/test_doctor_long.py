"""A long examination: the energy counters show which sign of power is import."""

from datetime import UTC, datetime

import pytest

from dts307.doctor.examination import examine
from dts307.observer import Observer, alarm_options
from dts307.target import parse_target
from simulator import Faults, House, MeterConfig, Simulator, SimulatorConfig, TcpConfig, Tweak

EVENING = datetime(2026, 6, 1, 23, tzinfo=UTC)
QUARTER_OF_AN_HOUR = 900
STEP = 20


@pytest.mark.parametrize("negated", [False, True])
async def test_a_quarter_of_an_hour_shows_the_sign(negated: bool) -> None:  # noqa: FBT001
    """It takes 300 W, as the report says without a verdict."""
    config = SimulatorConfig(meters=[MeterConfig()], tcp=[TcpConfig()], start=EVENING)
    load = Tweak(load_factor=0.0, extra_watts=100.0, sun=0.0)
    async with Simulator(config) as simulator:
        (meter,) = simulator.meters
        simulator.set_house(meter, House(tweaks=(load, load, load)))
        meter.set_faults(Faults(negated=negated))

        async def pause(_seconds: float) -> None:
            simulator.clock.advance(STEP)

        report = await examine(
            parse_target(f"127.0.0.1:{simulator.tcp_port}"),
            Observer(alarm_options(None, hold=False), dark=True),
            seconds=QUARTER_OF_AN_HOUR / STEP,
            pause=pause,
            clock=lambda: simulator.clock.now,
        )
    assert [finding.key for finding in report.found] == (["power_turned"] if negated else [])
    assert "power_sign" not in {each.key for each in report.not_judged}
    confirmed = "Power: positive is import, as the counters confirm"
    assert (confirmed in report.in_order) is not negated
