"""Demand by intervals, case by case, and against the true energy."""

from collections.abc import Iterator
from datetime import UTC, datetime
import json
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.dts307.meter.intervals import (
    Billing,
    Demand,
    DemandInterval,
    DemandRecord,
    Ledger,
    billing,
    demand,
)
from custom_components.dts307.meter.sample import Sample
from tests.meter.flow import ZONES, Flow, starts

NEW_YORK = ZoneInfo("America/New_York")
QUARTER = 900.0
STEP = 1.0
"""Wh that one count stands for."""


def at(day: str, clock: str, zone: ZoneInfo = NEW_YORK) -> float:
    """Return an instant of 2026."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=zone).timestamp()


def record(*readings: tuple[float, float], window: float = QUARTER) -> DemandRecord:
    """Return the record of reads, each a time in s and Wh."""
    return read(DemandRecord(window=window), *readings)


def read(so_far: DemandRecord, *readings: tuple[float, float]) -> DemandRecord:
    for when, value in readings:
        so_far = so_far.after(Sample(value=value, at=when), STEP, NEW_YORK)
    return so_far


def test_the_average_of_an_interval() -> None:
    """From 12:00 to 12:15 it is 250 Wh, which is 1 kW; the reads are next to the boundaries."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 2, 998), (noon + 2, 1002), (noon + 400, 1100), (noon + 898, 1248))
    assert counted.latest is None
    assert counted.running_minimum == (1248 - 1000) * 4
    counted = read(counted, (noon + 902, 1252))
    # Half of what was counted between two polls at either boundary, and one step.
    assert counted.latest == DemandInterval(
        start=noon, seconds=900, power=1000, uncertainty=(2 + 2 + 1) * 4
    )
    assert counted.peaks == (counted.latest,)
    assert counted.running_minimum == (1252 - 1250) * 4


@pytest.mark.parametrize(("window", "intervals"), [(900.0, 8), (1800.0, 4), (3600.0, 2)])
def test_intervals_of_each_length_begin_with_the_hour(window: float, intervals: int) -> None:
    """In two hours there are so many, and the first begins at the hour."""
    noon = at("06-01", "12:00:00")
    counted = DemandRecord(window=window)
    seen = []
    for second in range(-60, 7201, 60):
        counted = read(counted, (noon + second, 5000 + second))
        if counted.latest and counted.latest not in seen:
            seen.append(counted.latest)
    assert [interval.start for interval in seen] == [noon + window * n for n in range(intervals)]
    assert {interval.power for interval in seen} == {3600.0}


def test_an_outage_within_an_interval_does_not_matter() -> None:
    noon = at("06-01", "12:00:00")
    counted = record((noon - 1, 1000), (noon + 1, 1000), (noon + 899, 1500), (noon + 901, 1500))
    assert counted.latest is not None
    assert (counted.latest.power, counted.latest.uncertainty) == (2000, 4)


def test_an_interval_with_an_unknown_boundary_does_not_count() -> None:
    """Neither the one in progress, nor those within the outage, nor the one at its end."""
    noon = at("06-01", "12:00:00")
    before = record((noon - 1, 1000), (noon + 1, 1000))
    counted = read(before, (noon + 4000, 50_000))
    assert (counted.latest, counted.running_minimum, counted.peaks) == (None, None, ())
    counted = read(counted, (noon + 4499, 50_100), (noon + 4501, 50_100))
    assert (counted.latest, counted.running_minimum) == (None, 0)
    counted = read(counted, (noon + 5399, 50_200), (noon + 5401, 50_200))
    assert counted.latest is not None
    assert counted.latest.power == 400


def test_a_counter_that_did_not_move_during_an_outage_is_known() -> None:
    """A plant exports for hours. After that, nothing has been imported at any boundary."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 1, 1000), (noon + 1, 1000), (noon + 1000, 1000))
    assert counted.latest is not None
    assert counted.latest.power == 0


def test_reads_at_the_boundaries_themselves_are_enough() -> None:
    """They leave nothing uncertain but the counter's step."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 900, 0), (noon, 1000))
    assert counted.latest is None, "when the counter moved before the first read is unknown"
    counted = read(counted, (noon + 900, 1100))
    assert counted.latest == DemandInterval(start=noon, seconds=900, power=400, uncertainty=4)


def test_an_interval_in_which_the_clock_is_set_back_does_not_count() -> None:
    noon = at("06-01", "12:00:00")
    counted = record((noon - 1, 1000), (noon + 1, 1000), (noon + 600, 1100), (noon + 300, 1101))
    assert counted.running_minimum is None
    counted = read(counted, (noon + 899, 1200), (noon + 901, 1200))
    assert (counted.latest, counted.running_minimum) == (None, 0)


def test_the_interval_before_the_clock_is_set_back_is_no_longer_the_last() -> None:
    """It may be yet to come by the clock that is right; its peak is known all the same."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 900, 0), (noon, 1000), (noon + 900, 1100))
    back = read(counted, (noon + 300, 1101))
    assert (back.latest, back.peaks) == (None, (counted.latest,))


def test_a_repeated_read_changes_nothing() -> None:
    """A counter in quarantine repeats its last trusted read."""
    noon = at("06-01", "12:00:00")
    once = record((noon - 1, 1000), (noon + 1, 1000), (noon + 600, 1100))
    assert read(once, (noon + 600, 1100)) == once


def test_an_interval_in_which_the_counter_falls_does_not_count() -> None:
    """A published counter never falls unless what was stored of it got lost."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 1, 1000), (noon + 1, 1000), (noon + 899, 1200), (noon + 901, 7))
    assert (counted.latest, counted.running_minimum) == (None, None)


@pytest.mark.parametrize("day", ["03-08", "11-01"])
def test_days_with_a_clock_change_have_whole_intervals(day: str) -> None:
    """The clock is changed by an hour, which has as many intervals as any other."""
    begin = at(day, "00:00:00")
    counted = DemandRecord(window=QUARTER)
    starts_seen = set()
    for second in range(-60, 6 * 3600 + 1, 60):
        counted = read(counted, (begin + second, float(second)))
        if counted.latest:
            starts_seen.add(counted.latest.start)
    assert starts_seen == {begin + QUARTER * n for n in range(24)}


def test_hours_that_overlap_do_not_count() -> None:
    """On Lord Howe Island the clock is changed by half an hour."""
    zone = ZoneInfo("Australia/Lord_Howe")
    begin = at("04-05", "00:00:00", zone)
    counted = DemandRecord(window=3600.0)
    powers = {}
    for second in range(-60, 6 * 3600 + 1, 60):
        counted = counted.after(Sample(value=float(second), at=begin + second), STEP, zone)
        if counted.latest:
            powers[counted.latest.start] = counted.latest.power
    assert list(powers) == [begin + 3600 * n for n in (0, 2.5, 3.5, 4.5)]
    assert set(powers.values()) == {3600.0}


def test_an_interval_that_a_new_time_zone_cuts_short_does_not_count() -> None:
    """In India hours begin at the half, so that the hour in progress ends early."""
    noon = at("06-01", "12:00:00")
    counted = record((noon - 1, 1000), (noon + 1, 1000), (noon + 1799, 1500), window=3600.0)
    india = ZoneInfo("Asia/Kolkata")
    counted = counted.after(Sample(value=1500, at=noon + 1801), STEP, india)
    assert (counted.latest, counted.running_minimum) == (None, 0)
    for second, count in ((5399, 1700), (5401, 1700)):
        counted = counted.after(Sample(value=count, at=noon + second), STEP, india)
    assert counted.latest is not None
    assert (counted.latest.start, counted.latest.power) == (noon + 1800, 200)


def test_the_peaks_of_two_billing_periods() -> None:
    """The highest interval of each day is kept, and the highest day of a period is its peak."""
    ledger, counted, energy = Ledger(), DemandRecord(window=3600.0), 0.0
    for day, quiet, busy in (("05-31", 50, 700), ("06-01", 300, 900), ("06-02", 200, 800)):
        for hour, more in ((9, 0), (10, quiet), (11, busy), (12, quiet)):
            energy += more
            when = at(day, f"{hour:02}:00:00")
            counted = read(counted, (when, energy))
            ledger = ledger.after({"imported": Sample(value=energy, at=when)}, "S307", NEW_YORK)
    assert [peak.power for peak in counted.peaks] == [700, 900, 800]
    result = demand(counted, billing(ledger, NEW_YORK, 1))
    assert result.peak is not None
    assert (result.peak.power, result.peak.start) == (900, at("06-01", "10:00:00"))
    assert result.last_peak is not None
    assert result.last_peak.power == 700
    assert result.latest is not None
    assert result.latest.power == 200
    moved = demand(counted, billing(ledger, NEW_YORK, 2))
    assert moved.peak is not None
    assert moved.peak.power == 800
    assert moved.last_peak == result.peak
    assert demand(DemandRecord(window=900.0), Billing()) == Demand(window=900.0)


def test_the_first_interval_of_a_period_can_be_its_peak() -> None:
    ledger, counted = Ledger(), DemandRecord(window=3600.0)
    for day, clock, energy in (
        ("05-31", "23:00", 0),
        ("06-01", "00:00", 10),
        ("06-01", "01:00", 710),
    ):
        when = at(day, f"{clock}:00")
        counted = read(counted, (when, energy))
        ledger = ledger.after({"imported": Sample(value=energy, at=when)}, "S307", NEW_YORK)
    peak = demand(counted, billing(ledger, NEW_YORK, 1)).peak
    assert peak is not None
    assert (peak.start, peak.power) == (at("06-01", "00:00:00"), 700)


def test_peaks_of_a_hundred_days_are_kept() -> None:
    counted, energy = DemandRecord(window=3600.0), 0.0
    begin = at("01-01", "12:00:00")
    for day in range(200):
        for hour in range(2):
            energy += 100
            counted = read(counted, (begin + day * 86400 + hour * 3600, energy))
    assert len(counted.peaks) == 100


@example(
    # The very first poll is at a boundary: when the counter moved before is unknown.
    start=1_787_228_995,
    window=900.0,
    step=1.0,
    zone="UTC",
    story=[(5, 1, 0.0, False), (30, 30, 0.0, False)],
)
@settings(max_examples=200, deadline=None)
@given(
    start=starts,
    zone=st.sampled_from(ZONES),
    window=st.sampled_from([900.0, 1800.0, 3600.0]),
    step=st.sampled_from([1.0, 10.0, 100.0]),
    story=st.lists(
        st.tuples(
            st.sampled_from([5, 30, 30, 60, 60, 60, 60, 700, 4000]),
            st.integers(1, 60),
            st.floats(0, 20_000),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_no_interval_is_further_off_than_it_says(
    start: int,
    zone: str,
    window: float,
    step: float,
    story: list[tuple[int, int, float, bool]],
) -> None:
    """Whatever is consumed, polled and restarted. None is missing that could be known."""
    flow = Flow([float(start)], [0.0])
    counted = DemandRecord(window=window)
    seen: dict[float, DemandInterval] = {}
    highest = 0.0
    for pause, polls, watts, restarted in story:
        for _ in range(polls):
            flow.go_on(pause, watts)
            register = flow.counts[-1] // step * step
            sample = Sample(value=register, at=flow.times[-1])
            counted = counted.after(sample, step, ZoneInfo(zone))
            if counted.latest:
                seen[counted.latest.start] = counted.latest
                highest = max(highest, counted.latest.power)
        if restarted:
            counted = DemandRecord.from_dict(json.loads(json.dumps(counted.as_dict())))
    for interval in seen.values():
        clock = datetime.fromtimestamp(interval.start, UTC).astimezone(ZoneInfo(zone))
        assert (clock.minute * 60 + clock.second) % window == 0
        truth = (flow.at(interval.start + window) - flow.at(interval.start)) * 3600 / window
        assert abs(interval.power - truth) <= interval.uncertainty + 1e-3
        assert interval.uncertainty >= step * 3600 / window
    assert set(known_intervals(flow, zone, window)) <= seen.keys()
    assert max((peak.power for peak in counted.peaks), default=0.0) == highest


def known_intervals(flow: Flow, zone: str, window: float) -> Iterator[float]:
    """Yield the intervals with two polls in a row around both of their boundaries."""
    quarter = flow.times[0] // 900 * 900 + 900
    while quarter + window <= flow.times[-1]:
        clock = datetime.fromtimestamp(quarter, UTC).astimezone(ZoneInfo(zone))
        after = datetime.fromtimestamp(quarter + window, UTC).astimezone(ZoneInfo(zone))
        aligned = clock.minute * 60 % window == 0 and clock.utcoffset() == after.utcoffset()
        if aligned and all(polled_around(flow, at) for at in (quarter, quarter + window)):
            yield quarter
        quarter += 900


def polled_around(flow: Flow, at: float) -> bool:
    if flow.times[1] >= at:
        return False
    before = max(time for time in flow.times if time <= at)
    after = min(time for time in flow.times if time >= at)
    return after - before <= 90
