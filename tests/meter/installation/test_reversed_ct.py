"""Reversed and exchanged CTs: what makes a phase suspect, and what must not."""

from dataclasses import dataclass, field, replace

from hypothesis import given, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.installation import PowerSign, PowerSignState, observe

from .test_power_sign import EMPTY, unhurried

POLL = 60
HOUR = 3600 // POLL
ENOUGH = 6 * HOUR + 10
"""Six hours, and what it takes to open the first span."""

type Watts = tuple[float | None, float | None, float | None]

NORMAL: Watts = (300, 400, 500)
REVERSED: Watts = (300, -400, 500)

signs = pytest.mark.parametrize("sign", [1, -1])


def parts(total: float | None, *phases: float | None) -> PerPhase:
    """Return a quantity."""
    return PerPhase(total=total, **dict(zip("abc", phases, strict=False)))


@dataclass
class Meter:
    """A meter read once a minute, whose total counts the net of its phases.

    ``sign`` is the sign of import (1 or -1), ``volts`` the voltage to neutral, and ``factor`` the
    power factor. ``counts`` says whether the phases have counters.
    """

    sign: int = 1
    volts: float | None = 120.0
    factor: float = 1.0
    counts: bool = True
    now: float = 0.0
    net: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    state: PowerSignState = field(init=False)

    def __post_init__(self) -> None:
        """Start with a verdict."""
        verdict = PowerSign.IMPORT_POSITIVE if self.sign > 0 else PowerSign.EXPORT_POSITIVE
        self.state = PowerSignState(verdict=verdict, lead=3 * self.sign)

    def after(self, watts: Watts, polls: int, *, dark: bool = True) -> frozenset[str]:
        """Let power flow, import positive, and return the suspect phases."""
        for _ in range(polls):
            self.state = observe(self.state, self.reading(watts), self.now, dark=dark)
            flows = (sum(w or 0 for w in watts), *(w or 0 for w in watts))
            moved = zip(self.net, flows, strict=True)
            self.net = tuple(net + flow * POLL / 3600 for net, flow in moved)
            self.now += POLL
        return self.state.suspect_phases

    def reading(self, watts: Watts) -> Reading:
        """Return the meter's reading; counters start at 100 kWh and can move both ways."""
        signed = [None if w is None else self.sign * w for w in watts]
        current = [None if w is None else abs(w) / 120 / self.factor for w in watts]
        shown = self.net if self.counts else self.net[:1]
        return replace(
            EMPTY,
            power=parts(sum(w or 0 for w in signed), *signed),
            current=parts(None, *current),
            voltage_line_to_neutral=parts(None, *[self.volts] * 3),
            energy_imported=parts(*(1e5 + 2 * self.now + net for net in shown)),
            energy_exported=parts(*(1e5 + 2 * self.now for _ in shown)),
        )


@signs
@pytest.mark.parametrize("counts", [True, False])
def test_a_phase_that_is_opposite_all_night_is_suspect(sign: int, counts: bool) -> None:  # noqa: FBT001 - a parameter
    meter = Meter(sign=sign, counts=counts)
    assert meter.after(REVERSED, ENOUGH - 20) == set()
    assert meter.after(REVERSED, 20) == {"b"}


@signs
def test_two_phases_may_be_opposite(sign: int) -> None:
    assert Meter(sign=sign).after((-200, 900, -150), ENOUGH) == {"a", "c"}


@signs
def test_a_heavy_phase_that_reverses_the_total_is_suspect(sign: int) -> None:
    assert Meter(sign=sign).after((-900, 400, None), ENOUGH) == {"a"}


@unhurried
@given(
    watts=st.tuples(*[st.floats(0, 5000)] * 3),
    sign=st.sampled_from([1, -1]),
    dark=st.booleans(),
)
def test_a_house_that_only_imports_has_no_suspect(
    watts: tuple[float, float, float], sign: int, *, dark: bool
) -> None:
    meter = Meter(sign=sign)
    meter.after(watts, 30, dark=dark)
    assert not any(meter.state.opposite_seconds.values())


def test_by_daylight_a_phase_may_export() -> None:
    meter = Meter()
    assert meter.after(REVERSED, 3 * ENOUGH, dark=False) == set()
    assert meter.state.opposite_seconds == {}


def test_a_span_with_some_daylight_does_not_count() -> None:
    """Every other reading is in daylight: those within a span, or those at its ends."""
    for first in (True, False):
        meter = Meter()
        for _ in range(ENOUGH):
            meter.after(REVERSED, 1, dark=first)
            meter.after(REVERSED, 1, dark=not first)
        assert meter.state.opposite_seconds == {}


def test_without_a_verdict_on_the_sign_phases_are_not_judged() -> None:
    meter = Meter()
    meter.state = PowerSignState()
    meter.after(REVERSED, 6)
    assert meter.state.verdict is PowerSign.UNKNOWN
    assert meter.state.opposite_seconds == {}


def test_spans_against_the_verdict_do_not_judge_phases() -> None:
    meter = Meter(sign=-1)
    meter.state = PowerSignState(verdict=PowerSign.IMPORT_POSITIVE, lead=30)
    meter.after(REVERSED, 30)
    assert meter.state.verdict is PowerSign.IMPORT_POSITIVE
    assert meter.state.opposite_seconds == {}


@pytest.mark.parametrize(
    ("watts", "why"),
    [
        ((-700, 400, 500), "a battery on A supplies the others, or nearly so"),
        ((-1100, 400, 500), "the same, with a little left over"),
        ((-350, 400, None), "the same, while the meter does not report C"),
        ((-300, -400, -500), "the meter measures a battery that exports"),
        ((300, -15, 500), "a phase without load shows noise"),
    ],
)
def test_export_in_the_dark_that_has_a_reason(watts: Watts, why: str) -> None:
    meter = Meter()
    meter.after(watts, ENOUGH)
    assert not any(meter.state.opposite_seconds.values()), why


def test_a_phase_with_a_low_power_factor_is_not_suspect() -> None:
    assert Meter(factor=0.31).after(REVERSED, ENOUGH) == {"b"}
    assert Meter(factor=0.29).after(REVERSED, ENOUGH) == set()


def test_without_neutral_a_phase_may_be_negative() -> None:
    assert Meter(volts=None).after(REVERSED, ENOUGH) == set()


def test_a_phase_without_power_leaves_the_others_judged() -> None:
    assert Meter().after((None, -400, 900), ENOUGH) == {"b"}


def test_a_phase_whose_own_counters_contradict_is_not_suspect() -> None:
    meter = Meter()
    for _ in range(ENOUGH):
        total, *phases = meter.net
        meter.net = (total, *(abs(net) for net in phases))
        meter.after(REVERSED, 1)
        meter.net = (
            meter.net[0],
            meter.net[1],
            abs(meter.net[2]) + 800 * POLL / 3600,
            meter.net[3],
        )
    assert meter.state.opposite_seconds.get("b") is None
    assert meter.state.opposite_seconds["a"] == 0


def test_a_phase_that_imports_now_and_then_is_not_suspect() -> None:
    meter = Meter()
    for _ in range(20):
        meter.after(REVERSED, HOUR - 10)
        assert meter.after(NORMAL, 10) == set()


def test_a_phase_that_changes_direction_within_a_span_does_not_count() -> None:
    meter = Meter()
    meter.after(REVERSED, HOUR)
    before = meter.state.opposite_seconds["b"]
    for _ in range(HOUR):
        meter.after((300, -500, 500), 1)
        meter.after((300, 100, 500), 1)
    assert meter.state.opposite_seconds["b"] == pytest.approx(before, abs=4 * POLL)


def test_a_corrected_ct_is_no_longer_suspect_after_an_hour_of_darkness() -> None:
    meter = Meter()
    assert meter.after(REVERSED, ENOUGH) == {"b"}
    assert meter.after(NORMAL, 10) == {"b"}
    assert meter.after(NORMAL, HOUR) == set()


def test_a_phase_that_is_opposite_in_two_short_nights_is_suspect() -> None:
    meter = Meter()
    meter.after(REVERSED, 4 * HOUR)
    assert meter.after(REVERSED, 10 * HOUR, dark=False) == set()
    assert meter.after(REVERSED, 4 * HOUR + 10) == {"b"}


def test_rare_hours_of_many_nights_do_not_add_up() -> None:
    meter = Meter()
    for _ in range(10):
        assert meter.after(REVERSED, 2 * HOUR) == set()
        assert meter.after(REVERSED, HOUR, dark=False) == set()


def test_a_suspect_is_remembered_over_days_and_restarts() -> None:
    meter = Meter()
    meter.after(REVERSED, ENOUGH)
    meter.after(REVERSED, 5, dark=False)
    meter.state = PowerSignState.from_dict(meter.state.as_dict())
    assert meter.after(REVERSED, 10, dark=False) == {"b"}
    assert meter.state.opposite_seconds["b"] == pytest.approx(3 * 3600)
