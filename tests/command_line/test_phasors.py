"""Voltages and currents as vectors."""

from dataclasses import replace
import math

from hypothesis import given, strategies as st
import pytest

from dts307.meter import PerPhase, Reading
from dts307.output import ABSENT
from dts307.watch.canvas import Canvas
from dts307.watch.phasor_drawing import drawing
from dts307.watch.phasors import angle_text, nominal_angle, notes, phasors_of, round_up
from tests.command_line.readings import reading_of, wye


def split(between: float | None) -> PerPhase:
    return PerPhase(a=between)


@pytest.mark.parametrize(
    ("reading", "angle"),
    [
        (wye(100 + 0j), 0),
        (wye(100 + 0j, 100 + 0j), 180),
        (wye(100 + 0j, 100 + 0j, voltage_line_to_line=split(240.0)), 180),
        (wye(100 + 0j, 100 + 0j, voltage_line_to_line=split(208.0)), 120),
        (wye(100 + 0j, 100 + 0j, voltage_line_to_line=PerPhase(total=208.0)), 120),
        (wye(100 + 0j, 100 + 0j, 100 + 0j), 120),
    ],
)
def test_the_nominal_angle_between_voltages(reading: Reading, angle: int) -> None:
    assert nominal_angle(reading) == angle


@given(st.floats(-179, 179), st.floats(1, 1e6))
def test_the_angle_of_a_current_is_that_of_its_power(lag: float, size: float) -> None:
    turn = complex(math.cos(math.radians(lag)), math.sin(math.radians(lag)))
    _, phasor, _ = phasors_of(wye(1 + 0j, size * turn, 1 + 0j))
    assert phasor.voltage is not None
    assert phasor.current is not None
    assert phasor.lag == pytest.approx(lag)
    assert phasor.signed
    assert phasor.current.angle == pytest.approx(-120 - lag)
    assert phasor.current.size == pytest.approx(size / 120)


def test_a_power_factor_gives_only_the_size_of_an_angle() -> None:
    reading = wye(60 + 0j, 60 + 0j, -60 + 0j, reactive_power=PerPhase())
    factors = PerPhase(a=0.5, b=None, c=0.5)
    a, b, c = phasors_of(replace(reading, power_factor=factors))
    assert [angle_text(each) for each in (a, b, c)] == ["60°", ABSENT, "120°"]
    assert b.current is None
    said = notes(replace(reading, power_factor=factors))
    assert "drawn as lagging" in said
    assert "the angle of a current is not known" in said


def test_a_service_without_a_neutral_has_voltages_between_lines() -> None:
    reading = wye(
        100 + 0j,
        100 + 0j,
        100 + 0j,
        voltage_line_to_neutral=PerPhase(),
        voltage_line_to_line=PerPhase(a=208.0, b=208.0, c=208.0),
    )
    voltages = [phasor.voltage for phasor in phasors_of(reading)]
    assert [each and each.angle for each in voltages] == [30, -90, 150]
    assert "virtual neutral" in notes(reading)


def test_the_legs_of_one_transformer_are_opposite() -> None:
    _, b = phasors_of(wye(100 + 0j, 100 + 0j))
    assert b.voltage is not None
    assert b.voltage.angle == 180
    assert "(180°)" in notes(wye(100 + 0j, 100 + 0j))
    assert "nominal" not in notes(wye(100 + 0j))


@pytest.mark.parametrize(
    ("power", "text"),
    [(1 + 1j, "45° lag"), (1 - 1j, "45° lead"), (1 + 0j, "0°"), (-1 + 0j, "180°")],
)
def test_angles_in_words(power: complex, text: str) -> None:
    (phasor,) = phasors_of(wye(power))
    assert angle_text(phasor) == text


@given(st.floats(1e-3, 1e6))
def test_a_scale_is_round_and_not_much_larger(size: float) -> None:
    scale = round_up(size)
    assert size * (1 - 1e-9) <= scale <= 2 * size
    assert float(f"{scale:.0e}") == pytest.approx(scale)


def test_without_a_current_the_scale_is_1() -> None:
    assert round_up(0) == 1


@given(
    st.lists(st.complex_numbers(max_magnitude=1e5), min_size=1, max_size=3),
    st.integers(0, 100),
    st.integers(0, 40),
)
def test_a_drawing_keeps_to_its_size(powers: list[complex], columns: int, rows: int) -> None:
    lines = drawing(wye(*powers), columns, rows).plain.split("\n")
    assert len(lines) <= rows + 1
    assert all(len(line) <= max(columns, len("Circle: 100000 A")) for line in lines)


def test_each_vector_has_its_letters() -> None:
    text = drawing(wye(1000 + 500j, 800 - 100j, -900 + 0j), 40, 16).plain
    for letters in ("VA", "VB", "VC", "IA", "IB", "IC", "Circle: 10 A"):
        assert letters in text


def test_a_vector_that_is_hardly_there_has_no_letters() -> None:
    voltages = PerPhase(a=120.0, b=120.0, c=0.5)
    text = drawing(wye(1000 + 0j, 1 + 0j, 0j, voltage_line_to_neutral=voltages), 40, 16).plain
    assert {"VA", "VB", "IA"} <= {text[at : at + 2] for at in range(len(text))}
    assert "VC" not in text
    assert "IB" not in text


def test_without_a_reading_only_the_circle_is_drawn() -> None:
    text = drawing(None, 40, 16).plain
    assert text.strip()
    assert not any(letter.isalpha() for letter in text)
    assert "V" not in drawing(reading_of(), 40, 16).plain


def test_a_label_that_has_no_room_is_left_out() -> None:
    canvas = Canvas(4, 1)
    for letters in ("VA", "VB", "VC"):
        canvas.label(0, 1, letters, "")
    assert sorted(canvas.text().plain) == sorted("VAVB")


def test_a_dot_outside_is_left_out() -> None:
    canvas = Canvas(2, 1)
    canvas.dot(100, 0, "")
    assert not canvas.text().plain.strip()
