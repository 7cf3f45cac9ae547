"""The parts of a meter's panel."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, strategies as st
import pytest

from dts307.meter import Identity, MeterEvent, PerPhase, Reading
from dts307.meter.installation import CtFaults, PowerSign
from dts307.observer import Observation
from dts307.output import ABSENT
from dts307.watch import sections
from dts307.watch.formats import energy_text, power_text
from dts307.watch.leds import PERIOD, colour_at, flashes
from dts307.watch.view import MeterView
from tests.command_line.readings import observed, wye

AT = datetime(2026, 6, 1, 12, 0, 5, tzinfo=UTC)


def view_of(observation: Observation | None, **parts: object) -> MeterView:
    view = MeterView(
        place="unit 100",
        identity=Identity(model="DTS 307"),
        latest=observation,
        read_at=None if observation is None else AT,
        age=None if observation is None else 1.0,
        longest_age=15.0,
        success_rate=1.0,
        answer_time=0.025,
    )
    return replace(view, **parts)  # type: ignore[arg-type]


def view_with(reading: Reading, service_current: float | None = None, **parts: object) -> MeterView:
    return view_of(observed(reading, service_current=service_current)[-1], **parts)


@pytest.mark.parametrize(
    ("amps", "words", "colours"),
    [
        (4, "Importing; level low (4 %)", ["green"]),
        (50, "Importing; level normal (50 %)", ["green", "green"]),
        (90, "Importing; level high (90 %)", ["green", "orange"]),
        (110, "Importing; level over (110 %)", ["green", "red"]),
    ],
)
def test_the_status_light_in_words_and_flashes(amps: int, words: str, colours: list[str]) -> None:
    view = view_with(wye(120 * amps + 0j), service_current=100)
    assert words in sections.faceplate(view, 0.0).plain
    shown = view.shown
    assert shown is not None
    assert [flash.colour for flash in flashes(shown.alarms.light)] == colours


def test_the_status_light_exports_in_orange() -> None:
    view = view_with(wye(-1200 + 0j))
    assert view.shown is not None
    (flash,) = flashes(view.shown.alarms.light)
    assert flash.colour == "orange"
    assert "Exporting; level needs --ct-rating" in sections.faceplate(view, 0.0).plain


@given(st.floats(0, 1000))
def test_the_flashes_repeat(seconds: float) -> None:
    (observation,) = observed(wye(12_000 + 0j), service_current=100)
    flashing = flashes(observation.alarms.light)
    expected = colour_at(flashing, seconds % PERIOD)
    assert colour_at(flashing, seconds) == expected


def test_remote_shows_requests_and_answers() -> None:
    fresh = view_with(wye(100 + 0j), age=0.1)
    assert sections.faceplate(fresh, 1.9).plain.count("●") == 1
    assert sections.faceplate(replace(fresh, age=1.0), 1.9).plain.count("●") == 0
    assert sections.faceplate(replace(fresh, age=1.0, asking=True), 1.9).plain.count("●") == 1
    assert "no answer yet" in sections.faceplate(view_of(None), 0.0).plain


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (PowerSign.UNKNOWN, "not yet proved"),
        (PowerSign.IMPORT_POSITIVE, "counters confirm"),
        (PowerSign.EXPORT_POSITIVE, "turned"),
        (PowerSign.UNSIGNED, "no sign"),
    ],
)
def test_the_direction_says_where_it_comes_from(sign: PowerSign, words: str) -> None:
    (observation,) = observed(wye(100 + 0j))
    assert words in sections.power(view_of(replace(observation, sign=sign))).plain


def test_bars_have_marks_and_signs_for_high_currents() -> None:
    text = sections.phases(
        view_with(wye(1200 + 0j, 10_800 + 0j, 13_200 + 0j), service_current=100), 38
    ).plain
    _, a, _, b, _, c, _ = text.split("\n")
    assert a.count("│") == 2
    assert a.endswith("10 %  ")
    assert b.endswith("90 % ▲")
    assert c.endswith("110 % !")
    assert a.count("█") < b.count("█") < c.count("█")
    assert len({len(line) for line in (a, b, c)}) == 1


def test_without_a_rating_bars_have_a_round_scale() -> None:
    text = sections.phases(view_with(wye(1200 + 0j, 600 + 0j)), 38).plain
    assert "bars up to 10 A" in text
    assert "%" not in text
    assert "│" not in text


@given(
    st.lists(st.complex_numbers(max_magnitude=99_000), min_size=1, max_size=3),
    st.sampled_from([None, 100.0]),
    st.booleans(),
)
def test_rows_fit_a_narrow_panel(
    powers: list[complex],
    service_current: float | None,
    delta: bool,  # noqa: FBT001
) -> None:
    reading = wye(*powers, volts=480.0)
    if delta and len(powers) == 3:
        reading = replace(
            reading,
            voltage_line_to_line=reading.voltage_line_to_neutral,
            voltage_line_to_neutral=PerPhase(),
        )
    text = sections.phases(view_with(reading, service_current), 36).plain
    assert max(map(len, text.split("\n"))) <= 36


@given(
    st.sampled_from(["lost", "old", "never"]),
    st.lists(st.complex_numbers(max_magnitude=99_000), min_size=1, max_size=3),
)
def test_what_does_not_hold_is_not_shown(why: str, powers: list[complex]) -> None:
    view = {
        "lost": view_with(wye(*powers), failure="meter_silent", explanation="Check the wires."),
        "old": view_with(wye(*powers), age=15.1),
        "never": view_of(None),
    }[why]
    assert view.shown is None
    parts = (
        sections.power(view),
        sections.phases(view, 36),
        sections.counters(view),
        sections.findings(view),
    )
    text = " ".join(part.plain for part in parts)
    assert not any(letter.isdigit() for letter in text)
    if why == "lost":
        assert "! The adapter works, but the meter does not answer" in text
        assert "Check the wires." in text
        assert "! see above" in sections.link(view).plain


def test_alarms_and_wiring_faults_are_named() -> None:
    reading = wye(24_000 + 0j, 1 + 0j, 1 + 0j, events=MeterEvent.OVER_CURRENT)
    (observation,) = observed(reading, service_current=100)
    faults = CtFaults(reversed=frozenset("a"), swapped=frozenset("bc"))
    text = sections.findings(view_of(replace(observation, ct_faults=faults))).plain
    assert text.startswith("! ")
    for said in ("Overload: A", "Over current", "CTs swapped: B, C", "CT reversed: A"):
        assert said in text


def test_a_current_without_voltage_is_named() -> None:
    voltages = PerPhase(a=120.0, b=120.0, c=0.0)
    reading = wye(1200 + 0j, 1200 + 0j, 0j, voltage_line_to_neutral=voltages)
    reading = replace(reading, current=PerPhase(a=10.0, b=10.0, c=10.0))
    assert "Current without voltage: C" in sections.findings(view_with(reading)).plain


def test_no_alarm_is_said() -> None:
    assert sections.findings(view_with(wye(1200 + 0j))).plain == "No alarm"


def test_counters_have_the_decimals_of_a_count() -> None:
    assert energy_text(1_234_567.0, 1.0) == "1,234.567 kWh"
    assert energy_text(1_234_570.0, 10.0) == "1,234.57 kWh"
    assert energy_text(1_234_600.0, 100.0) == "1,234.6 kWh"
    assert energy_text(1_235_000.0, 1000.0) == "1,235 kWh"
    assert energy_text(1_234_567.0, None) == "1,234.567 kWh"
    assert energy_text(None, 1.0) == ABSENT


def test_powers_change_their_unit() -> None:
    assert [power_text(watts) for watts in (999.4, 999.6, -1500.0, None)] == [
        "999 W",
        "1.00 kW",
        "1.50 kW",
        ABSENT,
    ]


def test_a_meter_without_values_has_dashes() -> None:
    reading = wye(0j, 0j, 0j, current=PerPhase(), power=PerPhase(), reactive_power=PerPhase())
    text = sections.phases(view_with(reading, service_current=100), 38).plain
    assert text.count(ABSENT) >= 9
    assert "not known" in sections.power(view_with(reading)).plain
    assert "not known" in sections.faceplate(view_with(reading), 0.0).plain


def test_the_link_has_no_time_before_the_first_answer() -> None:
    view = view_of(None, success_rate=None, answer_time=None)
    assert sections.link(view).plain == f"Link  All is well\n{ABSENT} of reads answered"
