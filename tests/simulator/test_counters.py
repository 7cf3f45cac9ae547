"""Counters equal, exactly, the sum of the power that was on the wire."""

from fractions import Fraction
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from simulator import MeterConfig, Role, Tweak
from simulator.counters import WRAP, Counters
from simulator.house import House
from simulator.meter import Meter, Site
from simulator.registers import MODELS

from .conftest import NOON

type Steps = list[tuple[int, tuple[Tweak, Tweak, Tweak]]]


def fraction(value: float | None) -> Fraction:
    """Return what a register shows, as the exact number that it is."""
    assert value is not None
    return Fraction(value)


def energies(watts: Fraction, apparent: Fraction, reactive: Fraction) -> dict[str, Fraction]:
    """Return the counters that a power drives, and how fast."""
    direction = "Imp" if watts >= 0 else "Exp"
    quadrant = {
        (True, True): "ImpQ1",
        (False, True): "ImpQ2",
        (False, False): "ExpQ3",
        (True, False): "ExpQ4",
    }[watts >= 0, reactive >= 0]
    return {
        f"TotWh{direction}": abs(watts),
        f"TotVAh{direction}": apparent,
        f"TotVArh{quadrant}": abs(reactive),
    }


tweaks = st.builds(
    Tweak,
    load_factor=st.floats(0, 10),
    extra_watts=st.floats(0, 100_000),
    sun=st.none() | st.floats(0, 1),
)
steps = st.lists(st.tuples(st.integers(1, 7200), st.tuples(tweaks, tweaks, tweaks)), max_size=12)


@given(
    model=st.sampled_from(sorted(MODELS)),
    role=st.sampled_from(Role),
    start=st.integers(0, 2**31),
    steps=steps,
)
@settings(max_examples=60, deadline=None)
def test_counters_are_the_exact_sum_of_published_power(
    model: int, role: Role, start: int, steps: Steps
) -> None:
    config = MeterConfig(model=model, role=role)
    site = Site(House(phases=len(config.wiring.phases), inverter_phases=1))
    meter = Meter(config, site, start)
    expected: dict[str, Fraction] = dict.fromkeys(meter.counters, Fraction(0))
    for seconds, changed in steps:
        site.house = House(
            phases=site.house.phases, inverter_phases=1, tweaks=changed, solar_peak=50_000
        )
        meter.refresh()
        truth = meter.truth()
        for phase in ("", *(f"ph{p}" for p in config.wiring.phases)):
            shown = [fraction(truth[name + phase]) for name in ("W", "VA", "VAR")]
            for energy, rate in energies(*shown).items():
                expected[energy + phase.replace("ph", "Ph")] += rate * seconds / 3600
        meter.advance(seconds)
    for name, total in expected.items():
        assert meter.counters[name] == int(total), name
        assert meter.counters.exact(name) == pytest.approx(float(total), rel=1e-12), name


def test_a_second_at_a_time_counts_like_the_registers_say() -> None:
    site = Site(House())
    meter = Meter(MeterConfig(), site, int(NOON.timestamp()))
    watt_seconds = Fraction(0)
    for _ in range(600):
        watt_seconds += max(Fraction(0), -fraction(meter.truth()["W"]))
        meter.advance(1)
    assert watt_seconds > 0
    assert meter.truth()["TotWhExp"] == int(watt_seconds / 3600)


def test_netted_power_is_not_counted_both_ways() -> None:
    house = House(tweaks=(Tweak(sun=0.5), Tweak(extra_watts=500), Tweak(extra_watts=500)))
    meter = Meter(MeterConfig(), Site(house), int(NOON.timestamp()))
    meter.advance(3600)
    truth = meter.truth()
    assert truth["TotWhExpPhA"] > 0
    assert truth["TotWhImpPhB"] > 0
    assert min(truth["TotWhExp"], truth["TotWhImp"]) == 0


def test_counters_wrap() -> None:
    site = Site(House(tweaks=(Tweak(extra_watts=9000, sun=0), Tweak(), Tweak())))
    config = MeterConfig(counters={"TotWhImp": WRAP - 1})
    meter = Meter(config, site, int(NOON.timestamp()))
    assert meter.truth()["TotWhImp"] == WRAP - 1
    meter.advance(3600)
    assert 0 < meter.truth()["TotWhImp"] < 20_000


def test_counters_can_be_set() -> None:
    meter = Meter(MeterConfig(model=213), Site(House()), int(NOON.timestamp()))
    meter.set_counters({"TotWhImp": 5, "TotVArhImpQ1phA": 7})
    assert meter.truth()["TotWhImp"] == 5
    assert meter.truth()["TotVArhImpQ1phA"] == 7


@pytest.mark.parametrize(
    "wrong", [{"TotWh": 0}, {"TotWhImp": -1}, {"TotWhImp": WRAP}, {"TotWhImp": 1.5}]
)
def test_impossible_counters_change_nothing(wrong: dict[str, Any]) -> None:
    meter = Meter(MeterConfig(counters={"TotWhExp": 3}), Site(House()), int(NOON.timestamp()))
    with pytest.raises(ValueError, match="TotWh"):
        meter.set_counters({"TotWhExp": 0, **wrong})
    assert meter.truth()["TotWhExp"] == 3


def test_counters_are_a_mapping() -> None:
    counters = Counters("A", {"TotWhImpPhA": 4})
    assert len(counters) == len(list(counters)) == 16
    assert counters["TotWhImpPhA"] == 4
    with pytest.raises(KeyError):
        counters["TotWhImpPhB"]
