"""The STATUS light of a reading, at and around the guide's boundaries (5.1)."""

from dataclasses import replace
from math import inf, nextafter
import struct

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.alarms import CurrentLevel, EnergyDirection
from custom_components.dts307.meter.alarms.status_light import (
    StatusLight,
    current_shares,
    status_light,
)
from simulator.leds import Colour, status_light as simulated_light
from tests.meter.device import reading_of
from tests.meter.published import encode
from tests.meter.readings import reading_with

unhurried = settings(deadline=None)

SERVICE_CURRENT = 100.0
LEVELS = {
    None: CurrentLevel.LOW,
    Colour.GREEN: CurrentLevel.NORMAL,
    Colour.ORANGE: CurrentLevel.HIGH,
    Colour.RED: CurrentLevel.OVER,
}


def light_at(*amps: float) -> StatusLight:
    """Return the light for these phase currents on a three-phase meter."""
    return status_light(currents(*amps), SERVICE_CURRENT)


def currents(*amps: float | None) -> Reading:
    """Return a reading of phase currents only."""
    return reading_with(current=PerPhase(**dict(zip("abc", amps, strict=False))))


def as_float32(value: float) -> float:
    """Return what a float32 register makes of a value."""
    carried: tuple[float] = struct.unpack(">f", struct.pack(">f", value))
    return carried[0]


@pytest.mark.parametrize(
    ("watts", "direction"),
    [
        (1500.0, EnergyDirection.IMPORTING),
        (0.0, EnergyDirection.IMPORTING),
        (-0.0, EnergyDirection.IMPORTING),
        (-0.125, EnergyDirection.EXPORTING),
        (None, None),
    ],
)
def test_the_heartbeat_is_the_direction(
    watts: float | None, direction: EnergyDirection | None
) -> None:
    reading = reading_with(power=PerPhase(total=watts))
    assert status_light(reading, None) == StatusLight(direction=direction, phases=3)


def test_the_net_of_the_phases_is_what_counts() -> None:
    reading = reading_with(power=PerPhase(total=-100.0, a=-900.0, b=500.0, c=300.0))
    assert status_light(reading, None).direction is EnergyDirection.EXPORTING


@pytest.mark.parametrize(
    ("percent", "level"),
    [
        (0, CurrentLevel.LOW),
        (4.9999, CurrentLevel.LOW),
        (5, CurrentLevel.NORMAL),
        (79.9999, CurrentLevel.NORMAL),
        (80, CurrentLevel.HIGH),
        (100, CurrentLevel.HIGH),
        (100.0001, CurrentLevel.OVER),
        (250, CurrentLevel.OVER),
    ],
)
def test_the_second_flash_is_the_level(percent: float, level: CurrentLevel) -> None:
    light = light_at(percent, percent, percent)
    assert light.share == pytest.approx(percent / 100)
    assert light.level is level


@pytest.mark.parametrize(
    ("boundary", "level"),
    [(5.0, CurrentLevel.NORMAL), (80.0, CurrentLevel.HIGH), (100.0, CurrentLevel.HIGH)],
)
@pytest.mark.parametrize("parts", [(1, 1, 1), (0.1, 0.2, 2.7), (2, 1, 0)])
@pytest.mark.parametrize("rating", [100.0, 33.3, 51.0])
def test_rounding_errors_move_no_boundary(
    boundary: float, level: CurrentLevel, parts: tuple[float, ...], rating: float
) -> None:
    amps = [rating * boundary / 100 * part for part in parts]
    for disturbed in (
        amps,
        [as_float32(value) for value in amps],
        [round(value * 10000) * 0.0001 for value in amps],
        [nextafter(value, inf) for value in amps],
        [nextafter(value, -inf) for value in amps],
    ):
        assert status_light(currents(*disturbed), rating).level is level


def test_a_sum_of_thirds_is_exact_at_a_boundary() -> None:
    assert light_at(80 / 3, 80 / 3, 80 - 160 / 3).share == pytest.approx(80 / 300, abs=1e-6)
    assert status_light(currents(80 / 3, 80 / 3, 80 / 3), 80 / 3 / 0.8).level is CurrentLevel.HIGH


@unhurried
@given(
    st.integers(1, 4000),
    st.integers(1, 3),
    st.lists(st.integers(0, 60_000), min_size=3, max_size=3),
)
def test_the_simulated_light_agrees(tenths: int, phases: int, hundredths: list[int]) -> None:
    """Whatever flows, in steps of 10 mA, at any rating in steps of 0.1 A."""
    amps = [value / 100 for value in hundredths[:phases]]
    total = round(sum(amps), 2)
    _, *level = simulated_light(power=1, current=total, full_current=round(tenths * phases / 10, 1))
    reading = replace(currents(*amps), phases=phases)
    assert status_light(reading, tenths / 10).level is LEVELS[level[0].colour if level else None]


def test_the_sign_of_a_current_is_ignored() -> None:
    assert light_at(-50.0, 50.0, -50.0).share == 0.5


def test_only_measured_phases_count() -> None:
    assert current_shares(currents(50.0, 100.0, None), SERVICE_CURRENT) == {
        "a": 0.5,
        "b": 1.0,
        "total": 0.75,
    }


def test_a_phase_without_voltage_is_not_measured() -> None:
    """Two legs of a house on a meter for three phases: 95 % of what the two can carry."""
    legs = currents(95.0, 95.0, 0.0)
    assert status_light(legs, SERVICE_CURRENT, frozenset("c")).share == 0.95
    assert current_shares(legs, SERVICE_CURRENT, frozenset("c")) == {
        "a": 0.95,
        "b": 0.95,
        "c": 0.0,
        "total": 0.95,
    }
    # While no phase has had voltage yet, all of them count.
    assert current_shares(legs, SERVICE_CURRENT, frozenset("abc"))["total"] == 0.633333


@pytest.mark.parametrize(("phases", "share"), [(1, 1.5), (2, 0.75), (3, 0.5)])
def test_a_meter_that_reports_only_the_total(phases: int, share: float) -> None:
    reading = replace(reading_with(current=PerPhase(total=-150.0)), phases=phases)
    assert current_shares(reading, SERVICE_CURRENT) == {"total": share}


def test_the_phases_that_a_total_is_the_sum_of() -> None:
    """The measured ones, or all that the model has if the meter reports the current of none."""
    legs = currents(1.0, 2.0, 0.0)
    assert status_light(legs, SERVICE_CURRENT).phases == 3
    assert status_light(legs, SERVICE_CURRENT, frozenset("c")).phases == 2
    total = replace(reading_with(current=PerPhase(total=1.0)), phases=2)
    assert status_light(total, SERVICE_CURRENT).phases == 2


@pytest.mark.parametrize("service_current", [None, SERVICE_CURRENT])
def test_unknown_values_are_not_guessed(service_current: float | None) -> None:
    assert status_light(currents(), service_current) == StatusLight(phases=3)
    assert status_light(currents(1.0, 2.0, 3.0), None) == StatusLight(phases=3)


@pytest.mark.parametrize("model", [202, 212])
async def test_the_light_of_registers(model: int) -> None:
    scale = {"A_SF": -1, "W_SF": 0} if model == 202 else {}
    unit = 10 if model == 202 else 1
    registers = encode(
        model, **scale, W=-7, A=160 * unit, AphA=100 * unit, AphB=60 * unit, AphC=900 * unit
    )
    assert status_light(await reading_of(registers), SERVICE_CURRENT) == StatusLight(
        direction=EnergyDirection.EXPORTING, share=0.8, level=CurrentLevel.HIGH, phases=2
    )
