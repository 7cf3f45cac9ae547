"""What readings show about an installation."""

from collections.abc import Callable
from dataclasses import replace
import re

from hypothesis import given, strategies as st
import pytest

from dts307.doctor.installation import installation_verdicts
from dts307.doctor.report import Finding, NotJudged, Report
from dts307.meter import MeterEvent, PerPhase
from dts307.meter.installation import CtFaults, PowerSign
from dts307.observer import Observation, Observer, alarm_options
from dts307.output import event_names
from tests.command_line.readings import observed, wye

PLAIN = 1000 + 100j
BEHIND = complex(-500, 866)
AHEAD = complex(-500, -866)

_OF_CTS = {"ct_direction", "phase_opposite", "phases_swapped"}


def report_of(*observations: Observation, dark: bool = False) -> Report:
    """Return what observations show."""
    report = Report(where="here", unit_id=100)
    report.add(*installation_verdicts(observations, "Meter", dark=dark))
    return report


def found(report: Report) -> list[str]:
    return [finding.key for finding in report.found]


def not_judged(report: Report) -> str:
    return " ".join(each.text for each in report.not_judged)


def counted(power: Callable[[int], float], sign: int = 1, size: bool = False) -> Observation:  # noqa: FBT001, FBT002
    """Return what an hour of readings shows, a minute apart, of a power and its true counters.

    ``sign`` is what import has in the meter's power; with ``size``, power has no sign.
    """
    observer = Observer(alarm_options(None))
    imported = exported = 1e6
    observation = None
    for minute in range(180):
        watts = power(minute)
        imported += max(0.0, watts) / 60
        exported += max(0.0, -watts) / 60
        shown = abs(watts) if size else sign * watts
        reading = wye(
            shown + 0j,
            energy_imported=PerPhase(total=round(imported, 3)),
            energy_exported=PerPhase(total=round(exported, 3)),
        )
        observation = observer.observe(reading, 60.0 * minute)
    assert observation is not None
    return observation


def test_the_sign_of_power() -> None:
    turned = report_of(counted(lambda _: -3000.0, sign=-1))
    assert "power_turned" in found(turned)
    right = report_of(counted(lambda _: 3000.0))
    assert "Power: positive is import, as the counters confirm" in right.in_order
    unsigned = report_of(counted(lambda minute: 3000.0 if minute < 90 else -3000.0, size=True))
    assert "power_unsigned" in found(unsigned)
    unknown = report_of(*observed(wye(PLAIN)))
    assert "--for 15min" in not_judged(unknown)


@pytest.mark.parametrize(("volts", "what"), [(110.0, "low"), (127.0, "high")])
def test_voltages_out_of_their_range(volts: float, what: str) -> None:
    report = report_of(*observed(wye(PLAIN, PLAIN, PLAIN), wye(PLAIN, PLAIN, PLAIN, volts=volts)))
    assert f"voltage_{what}" in found(report)
    (finding,) = (each for each in report.found if each.key == f"voltage_{what}")
    assert "A, B, C" in finding.text
    assert "1 of 2 readings" in finding.text


def test_a_service_that_the_meter_is_not_made_for() -> None:
    report = report_of(*observed(wye(PLAIN, PLAIN, PLAIN, volts=230.0, frequency=50.0)))
    assert "fit none of the services" in not_judged(report)


def test_a_single_phase_has_nothing_to_compare_with() -> None:
    assert "no other phase" in not_judged(report_of(*observed(wye(PLAIN))))


def test_a_phase_that_is_lost_only_for_a_while_is_there() -> None:
    whole = wye(PLAIN, PLAIN, PLAIN)
    gone = replace(whole, voltage_line_to_neutral=PerPhase(a=120.0, b=120.0, c=2.0))
    assert "phase_lost" in found(report_of(*observed(gone, gone)))
    assert "phase_lost" not in found(report_of(*observed(whole, gone)))


def test_a_lost_line_of_a_delta_service() -> None:
    reading = wye(
        PLAIN,
        PLAIN,
        PLAIN,
        voltage_line_to_neutral=PerPhase(),
        voltage_line_to_line=PerPhase(a=480.0, b=240.0, c=240.0),
    )
    report = report_of(*observed(reading))
    assert [each.title for each in report.found if each.key == "phase_lost"] == [
        "No voltage on phase C"
    ]


@pytest.mark.parametrize("event", list(MeterEvent))
def test_each_event_flag_is_named(event: MeterEvent) -> None:
    reading = wye(PLAIN, events=event)
    (finding,) = (
        each for each in report_of(*observed(reading)).found if each.key == "meter_events"
    )
    (name,) = event_names(reading)
    *_, last = name.split("_")
    assert last in finding.text


def test_a_meter_without_event_flags() -> None:
    report = report_of(*observed(wye(PLAIN, events=None)))
    assert "meter_events" not in found(report)
    assert not any("event" in text for text in report.in_order)


def test_verdicts_of_a_long_examination() -> None:
    (observation,) = observed(wye(PLAIN, PLAIN, PLAIN))
    faults = CtFaults(reversed=frozenset("b"), swapped=frozenset("ac"))
    report = report_of(replace(observation, ct_faults=faults))
    assert found(report) == ["phase_opposite", "phases_swapped"]
    assert "phase B " in report.found[0].text
    assert "phases A, C " in report.found[1].text
    assert all(finding.certain for finding in report.found)


@pytest.mark.parametrize(
    ("powers", "phases"),
    [
        ((BEHIND, AHEAD, PLAIN), "A, B"),
        ((PLAIN, AHEAD, BEHIND), "B, C"),
        ((BEHIND, BEHIND, BEHIND), "A, B, C"),
        ((AHEAD, AHEAD, AHEAD), "A, B, C"),
    ],
)
def test_swapped_cts_by_their_angles(powers: tuple[complex, ...], phases: str) -> None:
    report = report_of(*observed(wye(*powers), wye(*powers)))
    assert found(report) == ["phases_swapped"]
    assert f"phases {phases} " in report.found[0].text


@pytest.mark.parametrize(
    "powers",
    [
        (BEHIND, PLAIN, PLAIN),
        (BEHIND, BEHIND, PLAIN),
        (BEHIND, BEHIND, AHEAD),
        (complex(0, 1000), complex(0, -1000), PLAIN),
    ],
)
def test_other_angles_are_not_judged(powers: tuple[complex, ...]) -> None:
    report = report_of(*observed(wye(*powers)))
    assert found(report) == []
    assert "mostly reactive, or changes" in not_judged(report)


def test_a_sign_that_is_not_known_may_turn_all_currents() -> None:
    backwards = wye(-PLAIN, -PLAIN, 10 + 0j)
    report = report_of(*observed(backwards), dark=True)
    assert found(report) == []
    assert "All power flows backwards" in not_judged(report)
    (observation,) = observed(backwards)
    known = replace(observation, sign=PowerSign.IMPORT_POSITIVE)
    assert found(report_of(known, dark=True)) == ["phase_opposite"]
    assert found(report_of(*observed(wye(-PLAIN, PLAIN, 10 + 0j)), dark=True)) == ["phase_opposite"]


def test_a_high_leg_is_not_120_degrees_from_the_others() -> None:
    reading = wye(BEHIND, AHEAD, PLAIN, voltage_line_to_neutral=PerPhase(a=120.0, b=208.0, c=120.0))
    assert "phases_swapped" not in found(report_of(*observed(reading)))


def test_currents_that_differ_are_not_judged() -> None:
    report = report_of(*observed(wye(PLAIN, PLAIN, PLAIN), wye(-PLAIN, PLAIN, PLAIN)), dark=True)
    assert "phase_opposite" not in found(report)
    assert "phase A is mostly reactive, or changes" in not_judged(report)


def test_a_meter_without_reactive_power() -> None:
    report = report_of(*observed(wye(PLAIN, reactive_power=PerPhase())))
    assert "does not state power and reactive power of phase A" in not_judged(report)


@given(st.lists(st.complex_numbers(max_magnitude=1e4), min_size=1, max_size=3), st.booleans())
def test_no_phase_is_passed_over(powers: list[complex], dark: bool) -> None:  # noqa: FBT001
    """The CT of each phase is found wrong, not judged, or in order."""
    report = report_of(*observed(wye(*powers)), dark=dark)
    said = [
        *(each.text for each in report.found if each.key in _OF_CTS),
        *(each.text for each in report.not_judged if each.key in _OF_CTS),
        *(text for text in report.in_order if text.startswith("CT direction")),
    ]
    for label in "ABC"[: len(powers)]:
        assert any(re.search(rf"\b{label}\b|^All power", text) for text in said)


def test_findings_and_verdicts_are_told_apart() -> None:
    report = Report(where="here", unit_id=1)
    report.add(Finding(key="a", title="A", text="a"), NotJudged(key="b", text="b"), "c")
    data = report.as_dict()
    assert (data["found"][0]["key"], data["not_judged"], data["in_order"]) == (
        "a",
        [{"key": "b", "text": "b"}],
        ["c"],
    )
