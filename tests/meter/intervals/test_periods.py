"""Days, billing dates and demand intervals against the local clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import assume, example, given, strategies as st
import pytest

from custom_components.dts307.meter.intervals.periods import (
    billing_date,
    interval_start,
    local_day,
    local_midnight,
    next_billing_date,
)
from tests.meter.flow import ZONES

all_zones = st.sampled_from(sorted(available_timezones()))
days = st.dates(date(2020, 1, 1), date(2036, 12, 31))


def wall_clock(at: float, zone: str) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))


@given(zone=all_zones, day=days)
@example(zone="Africa/Cairo", day=date(2026, 4, 24))
@example(zone="America/Havana", day=date(2026, 11, 1))
@example(zone="America/Nuuk", day=date(2026, 3, 29))
def test_a_day_begins_when_the_date_changes(zone: str, day: date) -> None:
    midnight = local_midnight(day, ZoneInfo(zone))
    assert wall_clock(midnight, zone).date() == day
    assert wall_clock(midnight - 1, zone).date() == day - timedelta(days=1)
    assert local_day(midnight, ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/New_York", date(2026, 11, 22), 24),
    ],
)
def test_days_are_as_long_as_the_clock_makes_them(zone: str, day: date, hours: float) -> None:
    begin = local_midnight(day, ZoneInfo(zone))
    end = local_midnight(day + timedelta(days=1), ZoneInfo(zone))
    assert end - begin == hours * 3600


def test_a_day_without_midnight_begins_at_one_o_clock() -> None:
    """In Cairo the clock skips from one second before midnight to one o'clock."""
    midnight = local_midnight(date(2026, 4, 24), ZoneInfo("Africa/Cairo"))
    assert wall_clock(midnight, "Africa/Cairo").hour == 1
    assert wall_clock(midnight - 1, "Africa/Cairo").hour == 23


def is_billing_date(day: date, billing_day: int) -> bool:
    """Decide it as a contract would."""
    last_of_month = (day + timedelta(days=1)).month != day.month
    return day.day == billing_day or (last_of_month and day.day < billing_day)


@given(day=days, billing_day=st.integers(1, 31))
def test_consecutive_billing_dates(day: date, billing_day: int) -> None:
    first = billing_date(day, billing_day)
    following = next_billing_date(first, billing_day)
    assert first <= day < following
    between = [first + timedelta(days=n) for n in range((following - first).days + 1)]
    assert [d for d in between if is_billing_date(d, billing_day)] == [first, following]


@pytest.mark.parametrize(
    ("current", "billing_day", "following"),
    [
        (date(2026, 1, 28), 28, date(2026, 2, 28)),
        (date(2026, 1, 29), 29, date(2026, 2, 28)),
        (date(2026, 1, 30), 30, date(2026, 2, 28)),
        (date(2026, 1, 31), 31, date(2026, 2, 28)),
        (date(2028, 1, 29), 29, date(2028, 2, 29)),
        (date(2028, 1, 30), 30, date(2028, 2, 29)),
        (date(2028, 1, 31), 31, date(2028, 2, 29)),
        (date(2026, 2, 1), 1, date(2026, 3, 1)),
        (date(2026, 2, 28), 31, date(2026, 3, 31)),
        (date(2028, 2, 29), 31, date(2028, 3, 31)),
        (date(2028, 2, 28), 28, date(2028, 3, 28)),
        (date(2026, 3, 31), 31, date(2026, 4, 30)),
        (date(2026, 4, 30), 31, date(2026, 5, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 12, 31), 31, date(2027, 1, 31)),
    ],
)
def test_the_next_billing_date_after_short_and_long_months(
    current: date, billing_day: int, following: date
) -> None:
    assert next_billing_date(current, billing_day) == following
    assert billing_date(following, billing_day) == following
    assert billing_date(following - timedelta(days=1), billing_day) == current


@given(
    at=st.integers(1_577_836_800, 2_114_380_800),
    zone=st.sampled_from(ZONES),
    minutes=st.sampled_from([15, 30, 60]),
)
def test_demand_intervals_begin_with_the_local_hour(at: int, zone: str, minutes: int) -> None:
    start = interval_start(at, ZoneInfo(zone), minutes * 60)
    assert start <= at < start + minutes * 60
    offset = wall_clock(at, zone).utcoffset()
    # The half hour that Lord Howe Island leaves out, or has twice, shifts the hour.
    assume(offset == wall_clock(start, zone).utcoffset())
    clock = wall_clock(start, zone)
    assert (clock.minute % minutes, clock.second) == (0, 0)
