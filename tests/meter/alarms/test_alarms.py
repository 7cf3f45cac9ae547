"""Export, overload, a lost phase, a voltage out of band: when they are on, and where."""

from collections.abc import Iterable
from dataclasses import replace
import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter import PerPhase, Reading
from custom_components.dts307.meter.alarms import (
    AlarmMemory,
    AlarmOptions,
    AlarmStates,
    states_after,
)
from custom_components.dts307.meter.alarms.alarms import Alarm
from custom_components.dts307.meter.installation import ServiceVoltage
from custom_components.dts307.meter.installation.phase_voltages import LINE_TO_NEUTRAL
from tests.meter.readings import reading_with

unhurried = settings(deadline=None)

OPTIONS = AlarmOptions(
    export_threshold=100,
    export_hold=30,
    overload_threshold=1.0,
    overload_hold=10,
    service_current=100.0,
    phase_lost_hold=5,
    voltage_hold=60,
)
OUTAGE_AFTER = 15.0
EVERY = 5.0

OFF, UNKNOWN = Alarm(on=False), Alarm()


class Watch:
    """Takes readings five seconds apart."""

    def __init__(self, options: AlarmOptions = OPTIONS, memory: AlarmMemory | None = None) -> None:
        """Start at some time, perhaps with a memory."""
        self.options = options
        self.memory = memory or AlarmMemory()
        self.now = 1000.0

    def see(self, *readings: Reading) -> AlarmStates:
        """Return the states after the last of these."""
        for reading in readings:
            self.now += EVERY
            self.memory, states = states_after(
                self.memory, reading, self.options, self.now, OUTAGE_AFTER
            )
        return states

    def see_for(self, seconds: float, reading: Reading) -> AlarmStates:
        """Return the states after a reading has stayed the same for so long."""
        return self.see(*[reading] * (int(seconds / EVERY) + 1))


def power(watts: float | None) -> Reading:
    """Return a reading of the total power."""
    return reading_with(power=PerPhase(total=watts))


def currents(*amps: float | None, total: float | None = None) -> Reading:
    """Return a reading of phase currents."""
    return reading_with(current=PerPhase(total=total, **dict(zip("abc", amps, strict=False))))


def neutral(*volts: float | None) -> Reading:
    """Return a reading of voltages to neutral, at 60 Hz."""
    parts = dict(zip("abc", volts, strict=False))
    return reading_with(frequency=60.0, voltage_line_to_neutral=PerPhase(**parts))


def lines(*volts: float | None) -> Reading:
    """Return a reading of voltages AB, BC and CA, at 60 Hz."""
    parts = dict(zip("abc", volts, strict=False))
    return reading_with(frequency=60.0, voltage_line_to_line=PerPhase(**parts))


def test_export_begins_above_its_threshold_after_its_hold() -> None:
    watch = Watch()
    assert watch.see_for(600, power(-100)).exporting == OFF
    assert watch.see_for(25, power(-101)).exporting == OFF
    assert watch.see(power(-101)).exporting == Alarm(on=True, where=("total",))


def test_export_ends_below_its_threshold_after_its_hold() -> None:
    watch = Watch()
    watch.see_for(30, power(-5000))
    assert watch.see_for(600, power(-81)).exporting.on
    assert watch.see_for(25, power(-80)).exporting.on
    assert watch.see(power(-80)).exporting == OFF


def test_a_cloud_at_noon_changes_nothing() -> None:
    watch = Watch()
    cloud = [power(watts) for watts in (-3000, -3000, 400, 500, -2800)] * 100
    assert not any(watch.see(reading).exporting.on for reading in cloud)
    watch.see_for(30, power(-3000))
    assert all(watch.see(reading).exporting.on for reading in cloud)


def test_with_a_threshold_of_zero_any_export_counts() -> None:
    watch = Watch(replace(OPTIONS, export_threshold=0, export_hold=0))
    assert [watch.see(power(watts)).exporting.on for watts in (0, -1, 0, 1)] == [
        False,
        True,
        False,
        False,
    ]


def test_without_a_power_export_is_unknown() -> None:
    watch = Watch()
    assert watch.see(power(None)).exporting == UNKNOWN
    watch.see_for(30, power(-5000))
    assert watch.see(power(None)).exporting == UNKNOWN
    assert watch.see(power(-5000)).exporting.on


def test_overload_of_one_phase() -> None:
    watch = Watch()
    assert watch.see_for(600, currents(100, 30, 100)).overload == OFF
    assert watch.see_for(5, currents(100.1, 30, 100)).overload == OFF
    assert watch.see(currents(100.1, 30, 100)).overload == Alarm(on=True, where=("a",))
    assert watch.see_for(600, currents(95.1, 30, 100)).overload.where == ("a",)
    assert watch.see_for(5, currents(95, 30, 100)).overload.on
    assert watch.see(currents(95, 30, 100)).overload == OFF


def test_overload_in_total() -> None:
    watch = Watch()
    assert watch.see_for(10, currents(101, 99, 102)).overload == Alarm(
        on=True, where=("a", "c", "total")
    )
    only_total = Watch(OPTIONS)
    assert only_total.see_for(60, currents(total=300)).overload == OFF
    assert only_total.see_for(10, currents(total=301)).overload.where == ("total",)


def test_overload_counts_export_too() -> None:
    assert Watch().see_for(10, currents(-101, 0, 0)).overload.where == ("a",)


def test_the_threshold_of_overload_can_be_set() -> None:
    watch = Watch(replace(OPTIONS, overload_threshold=0.8, overload_hold=60))
    assert watch.see_for(600, currents(80, 80, 80)).overload == OFF
    assert watch.see_for(55, currents(80.1, 0, 0)).overload == OFF
    assert watch.see(currents(80.1, 0, 0)).overload.on


def test_overload_waits_for_the_service_current() -> None:
    watch = Watch(replace(OPTIONS, service_current=None))
    states = watch.see_for(60, currents(1000, 1000, 1000))
    assert states.overload == UNKNOWN
    assert states.light.share is None
    assert states.light.level is None


def test_while_a_phase_that_was_overloaded_is_missing_overload_is_unknown() -> None:
    watch = Watch()
    watch.see_for(10, currents(150, 20, 20))
    assert watch.see(currents(None, 20, 20)).overload == UNKNOWN
    assert watch.see(currents(150, 20, 20)).overload.where == ("a",)
    assert watch.see_for(10, currents(150, 150, 20)).overload.where == ("a", "b", "total")
    assert watch.see(currents(None, 150, 20)).overload.where == ("b", "total")
    # A part that was off is not missed, nor one that has not been measured for long.
    assert watch.see_for(600, currents(None, 20, 20)).overload == OFF
    assert Watch().see(currents(1, 1, 1), currents(None, 1, 1)).overload == OFF


HEALTHY = neutral(120, 121, 119)


def test_two_legs_on_a_meter_for_three_phases() -> None:
    """A phase without voltage carries no current, so the total is that of the two others."""
    watch = Watch()
    legs = replace(neutral(120, 120, 0), current=PerPhase(a=101.0, b=100.0, c=0.0))
    states = watch.see_for(10, legs)
    assert states.light.share == 1.005
    assert states.overload == Alarm(on=True, where=("a", "total"))
    # A third phase counts once it has had voltage, and still counts when it is lost.
    for volts in (120, 0):
        states = watch.see(replace(neutral(120, 120, volts), current=legs.current))
        assert states.light.share == 0.67


WYE = lines(208, 208, 208)
BROKEN = lines(120, 208, 120)


@pytest.mark.parametrize(
    ("healthy", "faulty", "where"),
    [
        (HEALTHY, neutral(0, 121, 119), "a"),
        (HEALTHY, neutral(120, 59, 119), "b"),
        (HEALTHY, neutral(0, 0, 119), "ab"),
        (neutral(120, 120), neutral(120, 4), "b"),
        (lines(240, 240, 240), lines(139, 240, 139), "a"),
        (lines(240, 240, 240), lines(120, 120, 240), "b"),
        (lines(480, 480, 480), lines(480, 277, 277), "c"),
    ],
)
def test_a_phase_is_lost(healthy: Reading, faulty: Reading, where: str) -> None:
    watch = Watch()
    assert watch.see_for(60, healthy).phase_lost == OFF
    assert watch.see(faulty).phase_lost == OFF
    assert watch.see(faulty).phase_lost == Alarm(on=True, where=tuple(where))
    assert watch.see(healthy).phase_lost.on
    assert watch.see(healthy).phase_lost == OFF


@pytest.mark.parametrize("hold", [0, 60])
def test_the_hold_time_of_a_lost_phase_can_be_set(hold: float) -> None:
    watch = Watch(replace(OPTIONS, phase_lost_hold=hold))
    for healthy, faulty in ((HEALTHY, neutral(0, 121, 119)), (WYE, BROKEN)):
        watch.see(healthy)
        assert not hold or watch.see_for(hold - EVERY, faulty).phase_lost == OFF
        assert watch.see(faulty).phase_lost == Alarm(on=True, where=("a",))
        watch.see_for(hold, healthy)


def test_both_kinds_of_voltage_show_the_same_lost_phase() -> None:
    between = PerPhase(a=208.0, b=208.0, c=208.0)
    watch = Watch()
    watch.see(replace(HEALTHY, voltage_line_to_line=between))
    # Its loads pull the dead line half-way between the others.
    floating = replace(neutral(62, 121, 119), voltage_line_to_line=PerPhase(a=104, b=208, c=104))
    assert watch.see_for(5, floating).phase_lost == Alarm(on=True, where=("a",))
    # Without loads it is dead to neutral as well, and the phase is named once.
    dead = replace(neutral(0, 121, 119), voltage_line_to_line=PerPhase(a=120, b=208, c=120))
    assert watch.see_for(5, dead).phase_lost == Alarm(on=True, where=("a",))


@pytest.mark.parametrize(
    "reading",
    [
        neutral(108, 120, 119),
        # The high leg of a delta service.
        neutral(120, 208, 120),
        lines(200, 240, 230),
    ],
)
def test_an_uneven_service_has_lost_no_phase(reading: Reading) -> None:
    assert Watch().see_for(600, reading).phase_lost == OFF


def test_a_power_failure_is_no_lost_phase() -> None:
    watch = Watch()
    watch.see(HEALTHY)
    assert watch.see_for(600, neutral(0, 0, 0)).phase_lost == OFF
    assert watch.see_for(600, neutral(5, 0, 40)).phase_lost == OFF


@pytest.mark.parametrize(
    "reading", [neutral(120), neutral(0), lines(240), lines(240, 240, None), neutral()]
)
def test_without_voltages_to_compare_a_lost_phase_is_unknown(reading: Reading) -> None:
    assert Watch().see_for(60, reading).phase_lost == UNKNOWN


def test_a_phase_that_was_never_there_is_not_lost() -> None:
    watch = Watch()
    two = neutral(120, 120, 0)
    states = watch.see_for(600, two)
    assert states.phase_lost == OFF
    assert states.voltage_out_of_band is False
    assert watch.see_for(60, neutral(120, 0, 0)).phase_lost.where == ("b",)
    watch.see_for(60, HEALTHY)
    assert watch.see_for(60, two).phase_lost.where == ("c",)


def test_a_pair_that_was_never_there_is_not_lost() -> None:
    between = PerPhase(a=240.0, b=120.0, c=120.0)
    states = Watch().see_for(600, replace(neutral(120, 120, 0), voltage_line_to_line=between))
    assert states.phase_lost == OFF
    assert states.voltage_out_of_band is False


@pytest.mark.parametrize(
    ("reading", "low", "high"),
    [
        (neutral(114, 126, 120), "", ""),
        (neutral(113.9, 126, 120), "a", ""),
        (neutral(114, 126.1, 120), "", "b"),
        (neutral(110, 130, 127), "a", "bc"),
        (neutral(0, 120, 120), "a", ""),
        (neutral(0, 0, 0), "abc", ""),
    ],
)
def test_a_voltage_out_of_band(reading: Reading, low: str, high: str) -> None:
    watch = Watch()
    watch.see(HEALTHY)
    before = watch.see_for(55, reading)
    assert before.voltage_out_of_band is False
    states = watch.see(reading)
    assert states.voltage_low == Alarm(on=bool(low), where=tuple(low))
    assert states.voltage_high == Alarm(on=bool(high), where=tuple(high))
    assert states.voltage_out_of_band is bool(low or high)
    assert states.service == ServiceVoltage(LINE_TO_NEUTRAL, 120)


def test_a_voltage_is_back_in_band() -> None:
    watch = Watch()
    watch.see(HEALTHY)
    watch.see_for(60, neutral(127, 113, 120))
    assert watch.see_for(600, neutral(125.5, 114.5, 120)).voltage_out_of_band
    assert watch.see_for(55, neutral(125.4, 114.6, 120)).voltage_out_of_band
    assert watch.see(neutral(125.4, 114.6, 120)).voltage_out_of_band is False


@pytest.mark.parametrize("hold", [0, 600])
def test_the_hold_time_of_a_voltage_can_be_set(hold: float) -> None:
    watch = Watch(replace(OPTIONS, voltage_hold=hold))
    watch.see(HEALTHY)
    assert not hold or not watch.see_for(hold - EVERY, neutral(113, 127, 120)).voltage_out_of_band
    states = watch.see(neutral(113, 127, 120))
    assert (states.voltage_low.where, states.voltage_high.where) == (("a",), ("b",))
    assert not hold or watch.see_for(hold - EVERY, HEALTHY).voltage_out_of_band
    assert watch.see(HEALTHY).voltage_out_of_band is False


def test_a_steady_low_voltage_stays_low() -> None:
    """218 V fit 208 V, range B, but a service of 240 V does not become another under power."""
    watch = Watch()
    watch.see(neutral(240))
    for _ in range(5):
        states = watch.see_for(6 * 3600, neutral(218))
        assert states.service == ServiceVoltage(LINE_TO_NEUTRAL, 240)
        assert states.voltage_low == Alarm(on=True, where=("a",))


def test_another_service_after_the_power_was_off() -> None:
    """A silence shows that it may have been off: a meter is off while it is reconnected."""
    watch = Watch()
    watch.see(neutral(240))
    watch.now += 1200
    states = watch.see_for(6 * 3600 - EVERY, neutral(208))
    assert states.voltage_low == Alarm(on=True, where=("a",))
    states = watch.see_for(60 + EVERY, neutral(208))
    assert states.service == ServiceVoltage(LINE_TO_NEUTRAL, 208)
    assert states.voltage_out_of_band is False


def test_each_service_has_its_own_band() -> None:
    watch = Watch()
    assert watch.see_for(600, lines(457, 480, 503)).voltage_out_of_band is False
    assert watch.see_for(60, lines(455, 480, 505)).voltage_low.where == ("a",)
    assert watch.see_for(60, lines(455, 480, 505)).voltage_high.where == ("c",)


def test_no_band_without_a_service() -> None:
    states = Watch().see_for(600, replace(neutral(230, 230, 230), frequency=50.0))
    assert states.voltage_out_of_band is None
    assert states.service is None


def test_an_outage_restarts_the_hold_time() -> None:
    watch = Watch()
    watch.see(power(-5000), power(-5000))
    watch.now += 290
    assert watch.see(power(-5000)).exporting == OFF
    assert watch.see_for(25, power(-5000)).exporting.on
    watch.now += 290
    assert watch.see(power(5000)).exporting.on


def test_after_a_long_outage_the_first_reading_decides() -> None:
    """An overload of then ends at once, without its hold time, if there is none now."""
    watch = Watch()
    watch.see_for(10, currents(150, 1, 1))
    watch.now += 600
    assert watch.see(currents(96, 1, 1)).overload.on
    watch.now += 600
    assert watch.see(currents(95, 1, 1)).overload == OFF


def test_a_short_stop_is_no_outage_and_a_long_one_is() -> None:
    watch = Watch()
    watch.see_for(10, currents(150, 1, 1))
    stored = json.loads(json.dumps(watch.memory.as_dict()))
    for stop, on in ((290, True), (600, False)):
        again = Watch(memory=AlarmMemory.from_dict(stored))
        again.now = watch.now + stop
        assert again.see(currents(1, 1, 1)).overload.on is on


def test_an_alarm_by_another_threshold_is_dropped() -> None:
    watch = Watch()
    watch.see_for(60, replace(currents(150, 1, 1), power=PerPhase(total=-500)))
    stored = watch.memory.as_dict()
    for changed, kinds in (
        ({"export_threshold"}, {"overload"}),
        ({"overload_threshold"}, {"exporting"}),
        ({"service_current", "export_hold"}, {"exporting"}),
        ({"export_hold", "overload_hold"}, {"exporting", "overload"}),
    ):
        memory = AlarmMemory.from_dict(stored, changed)
        assert {kind for kind, _ in memory.debounced} == kinds


def test_alarms_that_are_on_survive_as_json() -> None:
    watch = Watch()
    reading = replace(
        neutral(0, 120, 120), power=PerPhase(total=-500), current=PerPhase(a=1, b=150, c=1)
    )
    watch.see(HEALTHY)
    states = watch.see_for(60, reading)
    stored = json.loads(json.dumps(watch.memory.as_dict()))
    again = Watch(memory=AlarmMemory.from_dict(stored))
    assert again.memory.as_dict() == watch.memory.as_dict()
    assert again.see(reading) == states
    assert AlarmMemory.from_dict(json.loads(json.dumps(AlarmMemory().as_dict()))) == AlarmMemory()


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.sampled_from([0.0, 120.0, 240.0]))
quantities = st.builds(PerPhase, total=numbers, a=numbers, b=numbers, c=numbers)
readings = st.builds(
    reading_with,
    frequency=st.one_of(st.none(), st.just(60.0), st.floats(0, 100)),
    power=quantities,
    current=quantities,
    voltage_line_to_neutral=quantities,
    voltage_line_to_line=quantities,
)


def alarms(states: AlarmStates) -> Iterable[Alarm]:
    """Return all alarms."""
    return (
        states.exporting,
        states.overload,
        states.phase_lost,
        states.voltage_low,
        states.voltage_high,
    )


@unhurried
@given(st.lists(st.tuples(st.floats(-100, 100), readings), max_size=12))
def test_any_readings_give_consistent_alarms(timed: list[tuple[float, Reading]]) -> None:
    """Only an alarm that is on says where, and the memory always survives as JSON."""
    memory, now = AlarmMemory(), 0.0
    for pause, reading in timed:
        now += pause
        memory, states = states_after(memory, reading, OPTIONS, now, OUTAGE_AFTER)
        for alarm in alarms(states):
            assert bool(alarm.where) is (alarm.on is True)
        stored = json.loads(json.dumps(memory.as_dict()))
        assert AlarmMemory.from_dict(stored).as_dict() == memory.as_dict()
        assert (reading.power.total is None) is (states.exporting.on is None)


@unhurried
@given(st.lists(readings, min_size=1, max_size=12))
def test_a_single_reading_turns_no_alarm_on(seen: list[Reading]) -> None:
    """However odd the reading is."""
    watch = Watch()
    for reading in seen:
        watch.now += 100
        assert not any(alarm.on for alarm in alarms(watch.see(reading)))
