"""What a meter shows that is installed wrong, or stands behind a cache."""

from simulator import Faults, House, MeterConfig
from simulator.meter import Meter, Site

from .conftest import NOON

LOADS = {"A": 2000.0, "B": 500.0, "C": 900.0}


def faulty(faults: Faults) -> Meter:
    """Return a meter of three resistive loads."""
    tweaks = {
        phase: {"load_factor": 0.0, "extra_watts": watts, "sun": 0.0}
        for phase, watts in LOADS.items()
    }
    meter = Meter(MeterConfig(), Site(House(solar_peak=0.0).tweaked(tweaks)), int(NOON.timestamp()))
    meter.set_faults(faults)
    return meter


def powers(meter: Meter) -> tuple[int, ...]:
    """Return what the meter shows in W: in total, and on each phase."""
    truth = meter.truth()
    return tuple(round(truth[point] or 0) for point in ("W", "WphA", "WphB", "WphC"))


def test_without_faults() -> None:
    assert powers(faulty(Faults())) == (3400, 2000, 500, 900)


def test_a_reversed_ct() -> None:
    meter = faulty(Faults(reversed_cts="B"))
    assert powers(meter) == (2400, 2000, -500, 900)
    meter.advance(3600)
    assert meter.truth()["TotWhExpPhB"] == 500
    assert meter.truth()["TotWhImp"] == 2400


def test_swapped_cts() -> None:
    """Each current meets a voltage that is a third of a turn away."""
    meter = faulty(Faults(swapped_cts=True))
    assert powers(meter) == (-350, -250, -1000, 900)
    assert meter.truth()["VARphA"] == 433
    assert meter.truth()["VARphB"] == -1732


def test_an_open_lead() -> None:
    meter = faulty(Faults(open_leads="B"))
    assert powers(meter) == (2900, 2000, 0, 900)
    assert meter.truth()["PhVphB"] == 0
    assert (meter.truth()["AphB"] or 0) > 4


def test_power_without_its_sign() -> None:
    """The counters know better."""
    negated, unsigned = faulty(Faults(negated=True)), faulty(Faults(unsigned=True))
    assert powers(negated)[0] == -3400
    assert powers(unsigned)[0] == 3400
    for meter in (negated, unsigned):
        meter.advance(3600)
        assert meter.truth()["TotWhImp"] == 3400


def test_a_cache() -> None:
    """It shows the instant at which it began, until it ends."""
    meter = faulty(Faults(held=True))
    meter.advance(3600)
    meter.set_counters({"TotWhExp": 7})
    assert meter.truth()["TotWhImp"] == 0
    meter.set_faults(Faults(missing=frozenset({"W"})))
    assert meter.truth()["TotWhImp"] == 3400
    assert meter.truth()["TotWhExp"] == 7
    assert meter.truth()["W"] is None


def test_another_meter() -> None:
    meter = faulty(Faults())
    meter.advance(3600)
    meter.become("NEW", {"TotWhImp": 5})
    assert meter.serial == "NEW"
    assert meter.truth()["TotWhImp"] == 5
    assert powers(meter)[0] == 3400
