"""Reversed and exchanged current transformers: what makes a phase suspect, and what must not."""

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

    ``sign`` is the sign of import, ``volts`` what is seen between line and neutral, and ``factor``
    the power factor; ``counts`` tells whether the phases have counters.
    """

    sign: int = 1
    volts: float | None = 120.0
    factor: float = 1.0
    counts: bool = True
    now: float = 0.0
    net: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    state: PowerSignState = field(init=False)

    def __post_init__(self) -> None:
        """Begin with a verdict."""
        verdict = PowerSign.IMPORT_POSITIVE if self.sign > 0 else PowerSign.EXPORT_POSITIVE
        self.state = PowerSignState(verdict=verdict, lead=3 * self.sign)

    def lives(self, watts: Watts, polls: int, *, dark: bool = True) -> frozenset[str]:
        """Let power flow, import positive, and return the phases that are suspect then."""
        for _ in range(polls):
            self.state = observe(self.state, self.reading(watts), self.now, dark=dark)
            flows = (sum(w or 0 for w in watts), *(w or 0 for w in watts))
            moved = zip(self.net, flows, strict=True)
            self.net = tuple(net + flow * POLL / 3600 for net, flow in moved)
            self.now += POLL
        return self.state.suspect_phases

    def reading(self, watts: Watts) -> Reading:
        """Return what the meter says; counters begin at 100 kWh to have room both ways."""
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
    assert meter.lives(REVERSED, ENOUGH - 20) == set()
    assert meter.lives(REVERSED, 20) == {"b"}


@signs
def test_two_phases_may_be_opposite(sign: int) -> None:
    assert Meter(sign=sign).lives((-200, 900, -150), ENOUGH) == {"a", "c"}


@signs
def test_a_heavy_phase_that_turns_the_total_is_suspect(sign: int) -> None:
    assert Meter(sign=sign).lives((-900, 400, None), ENOUGH) == {"a"}


@unhurried
@given(
    watts=st.tuples(*[st.floats(0, 5000)] * 3),
    sign=st.sampled_from([1, -1]),
    dark=st.booleans(),
)
def test_a_house_that_only_draws_has_no_suspect(
    watts: tuple[float, float, float], sign: int, *, dark: bool
) -> None:
    meter = Meter(sign=sign)
    meter.lives(watts, 30, dark=dark)
    assert not any(meter.state.opposite_seconds.values())


def test_by_daylight_a_phase_may_export() -> None:
    meter = Meter()
    assert meter.lives(REVERSED, 3 * ENOUGH, dark=False) == set()
    assert meter.state.opposite_seconds == {}


def test_a_span_with_some_daylight_does_not_count() -> None:
    """Every other reading is taken in the light: those within a span, or those at its ends."""
    for first in (True, False):
        meter = Meter()
        for _ in range(ENOUGH):
            meter.lives(REVERSED, 1, dark=first)
            meter.lives(REVERSED, 1, dark=not first)
        assert meter.state.opposite_seconds == {}


def test_without_a_verdict_on_the_meter_there_is_none_on_its_phases() -> None:
    meter = Meter()
    meter.state = PowerSignState()
    meter.lives(REVERSED, 6)
    assert meter.state.verdict is PowerSign.UNKNOWN
    assert meter.state.opposite_seconds == {}


def test_while_the_verdict_is_doubted_phases_are_not_judged() -> None:
    meter = Meter(sign=-1)
    meter.state = PowerSignState(verdict=PowerSign.IMPORT_POSITIVE, lead=30)
    meter.lives(REVERSED, 30)
    assert meter.state.verdict is PowerSign.IMPORT_POSITIVE
    assert meter.state.opposite_seconds == {}


@pytest.mark.parametrize(
    ("watts", "why"),
    [
        ((-700, 400, 500), "a battery on A makes up for the others, or nearly so"),
        ((-1100, 400, 500), "the same, with a little left over"),
        ((-350, 400, None), "the same, while the meter does not tell C"),
        ((-300, -400, -500), "the meter hangs at a battery that feeds in"),
        ((300, -15, 500), "a phase without load shows noise"),
    ],
)
def test_export_in_the_dark_that_has_a_reason(watts: Watts, why: str) -> None:
    meter = Meter()
    meter.lives(watts, ENOUGH)
    assert not any(meter.state.opposite_seconds.values()), why


def test_a_phase_whose_current_only_lies_askew_is_not_suspect() -> None:
    assert Meter(factor=0.31).lives(REVERSED, ENOUGH) == {"b"}
    assert Meter(factor=0.29).lives(REVERSED, ENOUGH) == set()


def test_without_neutral_a_phase_may_be_negative() -> None:
    assert Meter(volts=None).lives(REVERSED, ENOUGH) == set()


def test_a_phase_without_power_leaves_the_others_judged() -> None:
    assert Meter().lives((None, -400, 900), ENOUGH) == {"b"}


def test_a_phase_that_its_own_counters_deny_is_not_suspect() -> None:
    meter = Meter()
    for _ in range(ENOUGH):
        total, *phases = meter.net
        meter.net = (total, *(abs(net) for net in phases))
        meter.lives(REVERSED, 1)
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
        meter.lives(REVERSED, HOUR - 10)
        assert meter.lives(NORMAL, 10) == set()


def test_a_phase_that_goes_to_and_fro_is_neither_accused_nor_acquitted() -> None:
    meter = Meter()
    meter.lives(REVERSED, HOUR)
    before = meter.state.opposite_seconds["b"]
    for _ in range(HOUR):
        meter.lives((300, -500, 500), 1)
        meter.lives((300, 100, 500), 1)
    assert meter.state.opposite_seconds["b"] == pytest.approx(before, abs=4 * POLL)


def test_a_transformer_that_is_put_right_is_acquitted_within_an_hour_of_darkness() -> None:
    meter = Meter()
    assert meter.lives(REVERSED, ENOUGH) == {"b"}
    assert meter.lives(NORMAL, 10) == {"b"}
    assert meter.lives(NORMAL, HOUR) == set()


def test_short_nights_make_a_phase_suspect_if_they_are_all_alike() -> None:
    meter = Meter()
    meter.lives(REVERSED, 4 * HOUR)
    assert meter.lives(REVERSED, 10 * HOUR, dark=False) == set()
    assert meter.lives(REVERSED, 4 * HOUR + 10) == {"b"}


def test_the_rare_hours_of_many_nights_do_not_add_up() -> None:
    meter = Meter()
    for _ in range(10):
        assert meter.lives(REVERSED, 2 * HOUR) == set()
        assert meter.lives(REVERSED, HOUR, dark=False) == set()


def test_a_suspect_is_remembered_over_days_and_restarts() -> None:
    meter = Meter()
    meter.lives(REVERSED, ENOUGH)
    meter.lives(REVERSED, 5, dark=False)
    meter.state = PowerSignState.from_dict(meter.state.as_dict())
    assert meter.lives(REVERSED, 10, dark=False) == {"b"}
    assert meter.state.opposite_seconds["b"] == pytest.approx(3 * 3600)
