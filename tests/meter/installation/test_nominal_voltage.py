"""The detected service voltage, and the phases that are connected at all."""

from collections.abc import Iterable
from dataclasses import replace
import json

import pytest

from custom_components.dts307.meter import Meter, PerPhase, Reading
from custom_components.dts307.meter.installation import (
    LINE_TO_LINE,
    ServiceDetection,
    ServiceVoltage,
    absent_phases,
    detect_service,
    voltages,
)
from custom_components.dts307.meter.installation.phase_voltages import (
    LINE_TO_NEUTRAL,
    Deficits,
    live_phases,
)
from simulator import MeterConfig
from tests.device import Device as BenchDevice
from tests.meter.device import Clock, Device
from tests.meter.readings import reading_with

OUTAGE_AFTER = 15.0
HOUR = 3600

type Volts = tuple[float | None, ...]

NOTHING: Volts = ()


def service_of(
    neutral: Volts = NOTHING, lines: Volts = NOTHING, *, hertz: float | None = 60.0
) -> Reading:
    """Return a reading of voltages to neutral (A, B, C) and between lines (AB, BC, CA)."""
    return reading_with(
        frequency=hertz,
        voltage_line_to_neutral=PerPhase(**dict(zip("abc", neutral, strict=False))),
        voltage_line_to_line=PerPhase(**dict(zip("abc", lines, strict=False))),
    )


def after(
    readings: Iterable[Reading],
    state: ServiceDetection | None = None,
    *,
    silence: float = 5,
    every: float = 5,
) -> ServiceDetection:
    """Return what is known after readings, the first of which comes after a silence, in s."""
    state = state or ServiceDetection()
    for number, reading in enumerate(readings):
        state = detect_service(
            state, reading, number * every, OUTAGE_AFTER, every if number else silence
        )
    return state


WYE = service_of((121.0, 119.5, 120.2), (208.4, 207.6, 208.9))
DELTA = service_of((), (241.0, 239.0, 240.0))
DEAD = service_of((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), hertz=0.0)


@pytest.mark.parametrize(
    ("reading", "quantity", "nominal"),
    [
        (service_of((120.0,)), LINE_TO_NEUTRAL, 120),
        (service_of((239.0,)), LINE_TO_NEUTRAL, 240),
        (service_of((207.0,)), LINE_TO_NEUTRAL, 208),
        (service_of((118.0, 122.0), (240.0,)), LINE_TO_NEUTRAL, 120),
        (WYE, LINE_TO_NEUTRAL, 120),
        (service_of((277.0, 280.0, 271.0), (480.0, 481.0, 479.0)), LINE_TO_NEUTRAL, 277),
        (DELTA, LINE_TO_LINE, 240),
        (service_of((), (480.0, 470.0, 490.0)), LINE_TO_LINE, 480),
        (service_of((), (205.0, 207.0, 209.0)), LINE_TO_LINE, 208),
        (service_of((None, None), (240.0,)), LINE_TO_LINE, 240),
        # The high leg of a delta service is at 208 V to neutral, and 240 V to the other lines.
        (service_of((120.0, 208.0, 120.0), (240.0, 240.0, 240.0)), LINE_TO_LINE, 240),
        # Range B, the widest that the standard allows, from end to end.
        (service_of((110.0, 127.0, 120.0)), LINE_TO_NEUTRAL, 120),
        (service_of((254.2, 293.0)), LINE_TO_NEUTRAL, 277),
    ],
)
def test_the_services_that_the_guide_names_are_detected(
    reading: Reading, quantity: str, nominal: float
) -> None:
    assert after([reading]).service == ServiceVoltage(quantity, nominal)


@pytest.mark.parametrize(
    "reading",
    [
        service_of(),
        service_of((109.9, 120.0, 120.0)),
        service_of((120.0, 127.1, 120.0)),
        DEAD,
        service_of((347.0, 347.0, 347.0), (600.0, 600.0, 600.0)),
        service_of((230.0, 231.0, 229.0), (398.0, 399.0, 400.0), hertz=50.0),
        service_of((120.0, 120.0, 120.0), hertz=None),
        service_of((120.0, 120.0, 120.0), hertz=0.0),
    ],
)
def test_anything_else_is_not_guessed(reading: Reading) -> None:
    assert after([reading] * 10).service is None


@pytest.mark.parametrize(
    ("hertz", "known"), [(56.9, False), (57.0, True), (63.0, True), (63.1, False)]
)
def test_a_service_has_about_60_hertz(hertz: float, *, known: bool) -> None:
    """ANSI C84.1 is for systems of 60 Hz."""
    assert (after([service_of((120.0,), hertz=hertz)]).service is not None) is known


def test_a_meter_that_reports_only_the_average_has_a_service() -> None:
    reading = replace(service_of(), voltage_line_to_neutral=PerPhase(total=-121.0))
    assert voltages(reading, LINE_TO_NEUTRAL) == {"total": 121.0}
    assert after([reading]).service == ServiceVoltage(LINE_TO_NEUTRAL, 120)


def test_a_fault_is_not_another_service() -> None:
    known = after([service_of((240.0,))])
    # A deep brown-out for almost an hour.
    assert after([service_of((215.0,))] * 700, known).service == known.service
    assert after([DEAD] * 9000, after([WYE])).service == after([WYE]).service


@pytest.mark.parametrize("volts", [218.0, 208.0])
@pytest.mark.parametrize("silence", [5, 300])
def test_a_fault_may_last_for_days(volts: float, silence: float) -> None:
    """Unless the power was off: a service is only changed without power."""
    known = after([service_of((240.0,))])
    assert after([service_of((volts,))] * 40_000, known, silence=silence).service == known.service


OTHER = service_of((208.0,))
HOURS = 6 * HOUR // 5


@pytest.mark.parametrize("silence", [301, 1e9])
def test_another_service_settles_hours_after_a_silence(silence: float) -> None:
    known = after([service_of((240.0,))])
    assert after([OTHER] * HOURS, known, silence=silence).service == known.service
    settled = after([OTHER] * (HOURS + 1), known, silence=silence)
    assert settled == ServiceDetection(ServiceVoltage(LINE_TO_NEUTRAL, 208))


def test_another_service_settles_hours_after_the_voltage_was_dead() -> None:
    known = after([DEAD], after([service_of((240.0,))]))
    assert after([OTHER] * HOURS, known).service == known.service
    assert after([OTHER] * (HOURS + 1), known).service == ServiceVoltage(LINE_TO_NEUTRAL, 208)


def test_a_restart_does_not_forget_the_interruption() -> None:
    known = after([DEAD], after([service_of((240.0,))]))
    known = after([OTHER] * 9, known)
    again = ServiceDetection.from_dict(json.loads(json.dumps(known.as_dict())))
    assert after([OTHER] * (HOURS + 1), again).service == ServiceVoltage(LINE_TO_NEUTRAL, 208)


@pytest.mark.parametrize("between", [service_of((240.0,)), service_of((230.0, 200.0))])
def test_voltages_of_the_old_service_restart_the_hours(between: Reading) -> None:
    known = after([service_of((240.0,))])
    almost = [OTHER] * 4000
    assert after([*almost, between, *almost], known, silence=1e9).service == known.service


def test_the_old_service_ends_the_interruption() -> None:
    """The same service came back after the power was off. What follows is a fault of it."""
    known = after([service_of((240.0,)), DEAD, service_of((240.0,))])
    assert after([OTHER] * 9000, known).service == known.service


def test_readings_far_apart_do_not_add_up() -> None:
    known = after([service_of((240.0,))])
    assert after([OTHER] * 2000, known, every=16, silence=1e9).service == known.service


def test_a_broken_neutral_is_no_service_between_lines() -> None:
    broken = service_of((90.0, 150.0), (240.0,))
    healthy = service_of((120.0, 120.0), (240.0,))
    known = after([healthy])
    assert after([broken] * 9000, known, silence=1e9).service == known.service
    # If it was broken from the start, it takes hours after the repair until it is believed.
    repaired_later = after([broken])
    assert repaired_later.service == ServiceVoltage(LINE_TO_LINE, 240)
    assert after([healthy] * 9000, repaired_later, silence=1e9).service == known.service


def test_it_survives_as_json() -> None:
    for state in (ServiceDetection(), after([WYE]), after([DELTA])):
        assert ServiceDetection.from_dict(json.loads(json.dumps(state.as_dict()))) == state


@pytest.mark.parametrize(
    ("reading", "live"),
    [
        (WYE, "abc"),
        (DELTA, "abc"),
        (service_of((120.0, 120.0, 0.0)), "ab"),
        # Between lost and back, a phase does not count as live.
        (service_of((120.0, 120.0, 63.0)), "ab"),
        (service_of((120.0, 120.0, 66.0)), "abc"),
        (service_of((120.0, 120.0, 0.0), (240.0, 120.0, 120.0)), "ab"),
        (service_of((), (240.0, 130.0, 130.0)), "ab"),
        (service_of((120.0, 208.0, 120.0), (240.0, 240.0, 240.0)), "abc"),
        (service_of((3.0, 3.0, 3.0), (1.0, 1.0, 1.0)), ""),
        (service_of((120.0,)), ""),
        (service_of((), (240.0,)), ""),
        (service_of(), ""),
    ],
)
def test_live_phases(reading: Reading, live: str) -> None:
    assert live_phases(reading, Deficits.of(reading)) == set(live)


def test_a_phase_where_nothing_is_connected_is_absent() -> None:
    two_of_three = service_of((121.0, 119.0, 0.3), (240.0, 119.0, 121.0))
    known = after([two_of_three])
    assert known == ServiceDetection(ServiceVoltage(LINE_TO_NEUTRAL, 120), frozenset("ab"))
    assert absent_phases(Deficits.of(two_of_three), known.phases) == {"c"}
    assert voltages(two_of_three, LINE_TO_NEUTRAL, {"c"}) == {"a": 121.0, "b": 119.0}
    assert voltages(two_of_three, LINE_TO_LINE, {"c"}) == {"a": 240.0}
    assert after([WYE], known).phases == set("abc")


def test_a_single_phase_is_never_absent() -> None:
    assert absent_phases(Deficits.of(service_of((0.0,))), frozenset()) == set()


@pytest.mark.parametrize(
    ("model", "quantity"),
    [(201, LINE_TO_NEUTRAL), (202, LINE_TO_NEUTRAL), (213, LINE_TO_NEUTRAL), (204, LINE_TO_LINE)],
)
async def test_the_service_of_the_simulated_meter(model: int, quantity: str) -> None:
    bench = BenchDevice(MeterConfig(model=model))
    registers = [bench.registers[at] for at in sorted(bench.registers)]
    meter = await Meter.identify(Device({bench.base: registers}), clock=Clock())
    nominal = 120 if quantity == LINE_TO_NEUTRAL else 208
    assert after([await meter.read()]).service == ServiceVoltage(quantity, nominal)
