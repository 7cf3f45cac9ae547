"""Honest meters always pass the rules, with every quirk of the field; garbage does not."""

from collections.abc import Callable
from datetime import UTC, datetime
import math
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import ImplausibleReadingError, Meter, PerPhase, Reading
from custom_components.dts307.meter.phases import PARTS
from custom_components.dts307.meter.validation import believable, has_lost_values
from simulator import MeterConfig, Simulator, SimulatorConfig
from tests.meter.contents import whole_maps
from tests.meter.device import Clock, Device, reading_of, values
from tests.meter.honest import honest_registers
from tests.meter.published import METER_MODELS, encode
from tests.meter.readings import reading_with
from tests.meter.sunspec.test_dumps import DUMPS, load

IDLE = "single_phase_120"
"""A dump of a meter that has counted nothing: zeros throughout are no contradiction."""

_BEFORE_MODEL = 70
"""Registers of the marker and of model 1."""
_END = 2

every_model = pytest.mark.parametrize("model_id", METER_MODELS)
every_dump = pytest.mark.parametrize("name", DUMPS)


@every_model
@whole_maps
@given(data=st.data())
async def test_honest_meters_always_pass(model_id: int, data: st.DataObject) -> None:
    reading = await reading_of(data.draw(honest_registers(model_id)))
    passed = believable(reading)
    assert passed.power == reading.power
    assert values(passed.current)[1:] == tuple(
        value and abs(value) for value in values(reading.current)[1:]
    )


@every_model
async def test_a_noisy_meter_of_the_simulator_always_passes(model_id: int) -> None:
    start = datetime(2026, 6, 22, 6, tzinfo=UTC)
    meters = [MeterConfig(model=model_id, accuracy=0.5)]
    simulator = Simulator(SimulatorConfig(meters=meters, busy=True, start=start))
    for _ in range(100):
        simulator.clock.advance(601, step=601)
        reading = await reading_of(simulator.meters[0].image().registers[_BEFORE_MODEL:-_END])
        assert believable(reading) == reading


@every_dump
async def test_dumps_pass_unchanged(name: str) -> None:
    reading = await (await meter_of(name))[0].read()
    assert believable(reading) == reading


async def meter_of(name: str) -> tuple[Meter, Device]:
    """Return the meter in a dump, and its device."""
    device = Device(load(name)["registers"])
    return await Meter.identify(device, clock=Clock()), device


def filled(word: int) -> Callable[[list[int]], list[int]]:
    """Return a function that puts a word into all registers."""
    return lambda words: [word] * len(words)


def swapped(words: list[int]) -> list[int]:
    """Return registers whose bytes are exchanged."""
    return [word >> 8 | (word & 0xFF) << 8 for word in words]


GARBAGE: dict[str, Callable[[list[int]], list[int]]] = {
    "FFFF": filled(0xFFFF),
    "0000": filled(0),
    "8000": filled(0x8000),
    "7FFF": filled(0x7FFF),
    "0001": filled(1),
    "swapped": swapped,
    "inverted": lambda words: [word ^ 0xFFFF for word in words],
    "shifted down": lambda words: [0, *words[:-1]],
    "shifted up": lambda words: [*words[1:], 0],
}


@pytest.mark.parametrize("name", [name for name in DUMPS if name != IDLE])
@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_behind_an_intact_header_is_refused(name: str, garbage: str) -> None:
    meter, device = await meter_of(name)
    before = believable(await meter.read())
    first = meter.model.address + 2
    words = await device.read_holding_registers(first, meter.model.length)
    device.put(first, GARBAGE[garbage](words))
    reading = await meter.read(whole=True)
    try:
        passed = believable(reading)
    except ImplausibleReadingError:
        return
    assert has_lost_values(before, passed)


def per_phase(*numbers: float | None) -> PerPhase:
    """Return total, A, B and C as one quantity."""
    return PerPhase(**dict(zip(PARTS, numbers, strict=False)))


def wye(**quantities: tuple[float | None, ...]) -> Reading:
    """Return a reading of these quantities, each as total, A, B and C."""
    parts = {name: per_phase(*numbers) for name, numbers in quantities.items()}
    return reading_with(frequency=50.0, **parts)


VOLTS = (230.0, 230.0, 230.0, 230.0)
NOTHING = (None,) * 4


@pytest.mark.parametrize(
    "reading",
    [
        reading_with(frequency=-0.1),
        reading_with(frequency=math.nextafter(1e9, math.inf)),
        wye(voltage_line_to_neutral=(230, 230, -0.1, 230)),
        wye(voltage_line_to_line=(-0.1, 400, 400, 400)),
        wye(power=(2e9, None, None, None)),
        wye(power=(5000, *NOTHING[:3]), apparent_power=(1000, *NOTHING[:3])),
        wye(power=(None, 300, -5000, 300), apparent_power=(None, 500, 500, 500)),
        wye(reactive_power=(None, 5000, 0, 0), apparent_power=(None, 1000, 0, 0)),
        wye(voltage_line_to_neutral=VOLTS, current=(3, 1, 1, 1), power=(9000, *NOTHING[:3])),
        wye(voltage_line_to_neutral=VOLTS, current=(3, None, 1, 1), power=(9000, *NOTHING[:3])),
        wye(voltage_line_to_neutral=VOLTS, current=(3, 1, 1, 1), power=(None, 0, 3000, 0)),
        wye(voltage_line_to_neutral=VOLTS, current=(3, 1, 1, 1), apparent_power=(None, 3e3, 0, 0)),
        wye(power=(9000, 1000, 1000, -1000)),
    ],
)
def test_contradictions_are_refused(reading: Reading) -> None:
    with pytest.raises(ImplausibleReadingError):
        believable(reading)


@pytest.mark.parametrize(
    "reading",
    [
        # A single-phase inverter on one of three phases.
        wye(power=(600, -1500, 1200, 900)),
        # Power of phases without a sign, and of totals or phases that are not measured.
        wye(power=(600, 1500, 1200, 900)),
        wye(power=(0, 1500, 1200, 900)),
        wye(power=(3600, 0, 0, 0)),
        wye(power=(3600, None, 10, 10)),
        # Neither apparent power nor currents are measured, but read 0.
        wye(power=(3600, 1500, 1200, 900), apparent_power=(0,) * 4, current=(0,) * 4),
        # The voltage plugs are not connected.
        wye(voltage_line_to_neutral=(0,) * 4, current=(60, 20, 20, 20), power=(0,) * 4),
        wye(current=(60, 20, 20, 20), power=(3600, 1500, 1200, 900)),
        # An idle meter measures noise.
        wye(power=(15, 5, 5, 5), apparent_power=(1, 1, 1, 1)),
        # A lamp was switched on between two measurements.
        wye(power=(500, 100, 0, 0), apparent_power=(100, 100, 1, 1)),
    ],
)
def test_installations_that_look_odd_pass(reading: Reading) -> None:
    assert believable(reading) == reading


def test_sizes_of_currents_with_a_sign() -> None:
    """The total is netted as well; without all phases it is only known by its size."""
    volts = {"voltage_line_to_neutral": VOLTS}
    passed = believable(wye(current=(-2, -8, 3, 3), apparent_power=(-9, -1840, 690, 690), **volts))
    assert values(passed.current) == (14, 8, 3, 3)
    assert values(passed.apparent_power) == (9, 1840, 690, 690)
    assert values(believable(wye(current=(-2, None, 3, 3))).current) == (2, None, 3, 3)


@pytest.mark.parametrize(
    ("model_id", "points", "to_neutral", "between"),
    [
        # As a 400 V meter in the field reports it: 230 V to neutral fit, 394.93 V do not.
        (203, {"PhV": 23781, "PhVphA": 23781, "PhVphAB": -26043}, 237.81, 394.93),
        (204, {"PhVphAB": -26043}, None, 394.93),
        (203, {"PhV": -30836, "PhVphA": -30836, "PhVphAB": -5536}, 347.0, 600.0),
    ],
)
async def test_voltages_that_overflow(
    model_id: int, points: dict[str, int], to_neutral: float | None, between: float
) -> None:
    reading = believable(await reading_of(encode(model_id, **points, V_SF=-2)))
    assert reading.voltage_line_to_neutral.a == (to_neutral and pytest.approx(to_neutral))
    assert reading.voltage_line_to_line.a == pytest.approx(between)


@pytest.mark.parametrize(
    "points",
    [
        {"PhVphA": -1, "V_SF": -2},
        {"PhVphA": 12000, "PhVphAB": -26043, "V_SF": -2},
        {"PhVphA": 23781, "PhVphAB": -26043, "V_SF": -1},
        {"PhVphA": -5, "V_SF": 0},
    ],
)
async def test_negative_voltages_that_are_no_overflow(points: dict[str, int]) -> None:
    reading = await reading_of(encode(203, **points))
    with pytest.raises(ImplausibleReadingError):
        believable(reading)


def test_values_that_are_gone() -> None:
    counter = {"energy_imported": (5.0, *NOTHING[:3])}
    measured = wye(voltage_line_to_neutral=VOLTS, **counter)
    dead = wye(voltage_line_to_neutral=(0,) * 4, **counter)
    zeros = reading_with(voltage_line_to_neutral=PerPhase(total=0), frequency=0.0)
    nothing = reading_with(energy_imported=PerPhase(total=5.0))
    assert has_lost_values(measured, nothing)
    assert has_lost_values(measured, zeros)
    assert not has_lost_values(measured, dead)
    assert not has_lost_values(measured, measured)
    # The counters were set back, or are missing: the values are there.
    assert not has_lost_values(measured, wye(voltage_line_to_neutral=VOLTS))
    # A meter that has never counted, and one that never measures.
    assert not has_lost_values(zeros, zeros)
    assert not has_lost_values(nothing, nothing)


async def test_scale_factors_that_are_gone() -> None:
    points: dict[str, Any] = {"A": 1, "PhV": 2, "W": 3, "Hz": 60}
    scales: dict[str, Any] = {"A_SF": 0, "V_SF": 0, "W_SF": 0}
    before = await reading_of(encode(203, **points, **scales))
    one_gone = await reading_of(encode(203, **points, **scales | {"A_SF": None}))
    two_gone = await reading_of(encode(203, **points, **scales | {"A_SF": 1200, "W_SF": None}))
    assert not has_lost_values(before, one_gone)
    assert has_lost_values(before, two_gone)
    assert not has_lost_values(two_gone, two_gone)
    # Values may be missing for a while; scale factors that are not used may never be there.
    assert not has_lost_values(before, await reading_of(encode(203, **scales, Hz=60)))
