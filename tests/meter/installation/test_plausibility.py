"""A meter that responds but measures nothing differs from one without load."""

from dataclasses import fields, replace
from typing import Any

import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import NoMeasurement, measures_nothing
from custom_components.dts307.meter.installation.plausibility import phases_without_voltage
from tests.meter.device import reading_of
from tests.meter.published import METER_MODELS, encode

every_model = pytest.mark.parametrize("model_id", METER_MODELS)

ENERGIES = [f"Tot{unit}{way}" for unit in ("Wh", "VAh") for way in ("Imp", "Exp")]


async def flowing(**voltages: Any) -> Reading:
    """Return a reading of a wye or delta meter with 5 A on each phase."""
    return await reading_of(encode(213, A=15.0, AphA=5.0, AphB=5.0, AphC=5.0, **voltages))


@every_model
@pytest.mark.parametrize("counted", [None, 0, 12345])
async def test_counters_alone_are_no_measurement(model_id: int, counted: int | None) -> None:
    reading = await reading_of(encode(model_id, **dict.fromkeys(ENERGIES, counted)))
    assert measures_nothing(reading) is NoMeasurement.NO_VALUES


@pytest.mark.parametrize(
    "quantity",
    [
        "current",
        "voltage_line_to_neutral",
        "voltage_line_to_line",
        "power",
        "apparent_power",
        "reactive_power",
        "power_factor",
    ],
)
@pytest.mark.parametrize("part", [part.name for part in fields(PerPhase)])
async def test_any_value_is_a_measurement(quantity: str, part: str) -> None:
    nothing = await reading_of(encode(213))
    something: Any = {quantity: PerPhase(**{part: 0.0})}
    assert measures_nothing(replace(nothing, **something)) is None


async def test_a_frequency_is_a_measurement() -> None:
    assert measures_nothing(await reading_of(encode(213, Hz=60.0))) is None


async def test_no_current_is_a_measurement() -> None:
    reading = await reading_of(encode(213, A=0, AphA=0, PhVphA=120, PhVphB=120, PhVphC=120))
    assert measures_nothing(reading) is None


async def test_a_dead_service_is_a_measurement() -> None:
    reading = await reading_of(encode(213, AphA=0.4, AphB=0, AphC=0, PhVphA=0, PhVphB=0, PhVphC=0))
    assert measures_nothing(reading) is None


@pytest.mark.parametrize(("letter", "phase"), [("A", "a"), ("B", "b"), ("C", "c")])
@pytest.mark.parametrize("volts", [0.0, 3.0, -3.0])
async def test_current_on_a_phase_without_voltage(letter: str, phase: str, volts: float) -> None:
    voltages = {"PhVphA": 120.0, "PhVphB": 120.0, "PhVphC": 120.0}
    assert measures_nothing(await flowing(**voltages)) is None
    reading = await flowing(**{**voltages, f"PhVph{letter}": volts})
    assert measures_nothing(reading) is NoMeasurement.CURRENT_WITHOUT_VOLTAGE
    assert phases_without_voltage(reading) == {phase}


@pytest.mark.parametrize(
    ("amps", "volts", "phases"), [(0.5, 9.9, "b"), (0.49, 9.9, ""), (0.5, 10.0, "")]
)
async def test_the_limits_of_current_and_voltage(amps: float, volts: float, phases: str) -> None:
    reading = await reading_of(encode(213, AphB=amps, PhVphB=volts))
    assert phases_without_voltage(reading) == set(phases)


async def test_a_negative_current_is_a_current_too() -> None:
    reading = await reading_of(encode(213, AphB=-5.0, PhVphB=0.0))
    assert phases_without_voltage(reading) == {"b"}


@pytest.mark.parametrize(
    ("between", "phases"),
    [
        ((240, 240, 240), ""),
        ((0, 240, 0), "a"),
        ((0, 0, 240), "b"),
        ((240, 0, 0), "c"),
        ((0, 0, 0), "abc"),
        ((0, 240, None), ""),
        ((0, 240, 240), ""),
        ((-240, -240, -240), ""),
    ],
)
async def test_without_neutral_the_voltages_between_lines_count(
    between: tuple[float | None, float | None, float | None], phases: str
) -> None:
    reading = await flowing(**dict(zip(("PPVphAB", "PPVphBC", "PPVphCA"), between, strict=True)))
    assert phases_without_voltage(reading) == set(phases)


async def test_voltages_that_are_not_implemented_prove_nothing() -> None:
    assert measures_nothing(await flowing()) is None


@pytest.mark.parametrize("voltage", ["PhV", "PPV"])
async def test_a_meter_that_reports_only_totals_is_checked_by_them(voltage: str) -> None:
    for volts, result in ((0.0, NoMeasurement.CURRENT_WITHOUT_VOLTAGE), (120.0, None)):
        points: Any = {"A": 5.0, voltage: volts}
        reading = await reading_of(encode(213, **points))
        assert measures_nothing(reading) is result
        assert phases_without_voltage(reading) == set()
