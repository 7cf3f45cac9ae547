"""For a week, the light that is read from the registers is the simulated meter's own light."""

import pytest

from custom_components.dts307.meter import Meter
from custom_components.dts307.meter.alarms import CurrentLevel, EnergyDirection
from custom_components.dts307.meter.alarms.status_light import status_light
from simulator import MeterConfig
from simulator.house import House
from simulator.leds import Colour
from simulator.meter import Meter as SimulatedMeter, Site
from tests.meter.device import Clock, Device
from tests.meter.published import METER_MODELS, PHASES

MONDAY = 1_780_272_000
"""1 June 2026, 0:00 UTC."""
STEP = 307
"""s; a prime number, so that a week covers every minute of the hour."""

HEARTBEATS = {Colour.GREEN: EnergyDirection.IMPORTING, Colour.ORANGE: EnergyDirection.EXPORTING}
LEVELS = {
    (): CurrentLevel.LOW,
    (Colour.GREEN,): CurrentLevel.NORMAL,
    (Colour.ORANGE,): CurrentLevel.HIGH,
    (Colour.RED,): CurrentLevel.OVER,
}

CT_RATINGS = {1: 30.0, 2: 24.0, 3: 17.0}
"""A, by number of phases; so small that the light takes all its colours."""


@pytest.mark.parametrize("model", METER_MODELS)
async def test_the_lights_agree_at_every_instant(model: int) -> None:
    phases = PHASES[model]
    config = MeterConfig(model=model, ct_rating=CT_RATINGS[phases] / 2, ct_sets=2)
    simulated = SimulatedMeter(config, Site(House(phases=phases, inverter_phases=phases)), MONDAY)
    device = Device({config.base: simulated.image().registers})
    meter = await Meter.identify(device, clock=Clock())
    seen = set()
    for _ in range(0, 7 * 86400, STEP):
        device.put(config.base, simulated.image().registers)
        light = status_light(await meter.read(), CT_RATINGS[phases])
        heartbeat, *level = (flash.colour for flash in simulated.status_light())
        assert light.direction is HEARTBEATS[heartbeat], simulated.truth()
        assert light.level is LEVELS[tuple(level)], simulated.truth()
        seen |= {light.direction, light.level}
        simulated.advance(STEP)
    assert seen == {*EnergyDirection, *CurrentLevel}
