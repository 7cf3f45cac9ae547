"""The rules by which clocks are changed, decoded as ESPI's schema says and compared with tzdata."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from custom_components.dts307.meter.exports.local_time import NO_RULE, ClockRules, clock_rules

YEAR = 2026
HOUR = timedelta(hours=1)


def change(rule: int, year: int) -> datetime:
    """Return when a rule changes the clock, by the clock before the change."""
    seconds, hours, weekday, day, operator, month = (
        rule >> first & (1 << bits) - 1
        for first, bits in ((0, 12), (12, 5), (17, 3), (20, 5), (25, 3), (28, 4))
    )
    if operator == 7:
        begin, step = datetime(year, month + 1, 1) - timedelta(days=1), -1  # noqa: DTZ001
    else:
        begin, step = datetime(year, month, day or 1), 1  # noqa: DTZ001
    while begin.isoweekday() != weekday:
        begin += timedelta(days=step)
    weeks = operator - 2 if 2 <= operator <= 6 else 0
    return begin + timedelta(weeks=weeks, hours=hours, seconds=seconds)


def offset_by(rules: ClockRules, at: datetime) -> int:
    """Return the offset from UTC at an instant, by the rules alone."""
    if rules.dst_start == NO_RULE:
        return rules.offset
    standard = at.replace(tzinfo=None) + timedelta(seconds=rules.offset)
    changed = standard + timedelta(seconds=rules.dst_offset)
    start, end = (change(rule, standard.year) for rule in (rules.dst_start, rules.dst_end))
    return rules.offset + (rules.dst_offset if standard >= start and changed < end else 0)


@pytest.mark.parametrize(
    "name",
    [
        "America/Los_Angeles",
        "America/New_York",
        "America/Phoenix",
        "America/Santiago",
        "America/Sao_Paulo",
        "Asia/Jerusalem",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Australia/Sydney",
        "Europe/Berlin",
        "Europe/Dublin",
        "UTC",
    ],
)
def test_rules_say_what_tzdata_says(name: str) -> None:
    zone = ZoneInfo(name)
    rules = clock_rules(zone, YEAR)
    at = datetime(YEAR, 1, 2, tzinfo=UTC)
    while at.year < YEAR + 12:
        offset = at.astimezone(zone).utcoffset()
        assert offset == timedelta(seconds=offset_by(rules, at)), at
        at += 5 * HOUR


def test_rules_are_those_that_utilities_of_the_pacific_coast_publish() -> None:
    assert clock_rules(ZoneInfo("America/Los_Angeles"), YEAR) == ClockRules(
        offset=-28800, dst_offset=3600, dst_start=0x360E2000, dst_end=0xB40E2000
    )


def test_the_end_is_later_in_the_year_than_the_start() -> None:
    """So in Sydney winter starts and ends."""
    rules = clock_rules(ZoneInfo("Australia/Sydney"), YEAR)
    assert (rules.offset, rules.dst_offset) == (39600, -3600)
    assert change(rules.dst_start, YEAR) < change(rules.dst_end, YEAR)


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        pytest.param("Asia/Kolkata", 19800, id="never changed"),
        pytest.param("Africa/Casablanca", 3600, id="changed with the moon"),
        pytest.param("Africa/Cairo", 7200, id="changed in one month or the next"),
    ],
)
def test_a_clock_without_a_rule(name: str, offset: int) -> None:
    assert clock_rules(ZoneInfo(name), YEAR) == ClockRules(offset=offset)


class Whimsical(tzinfo):
    """Sets the clock ahead on the first Sunday of March, or the third; back on the last of May."""

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """Return the offset by the date, which is right but in the hours around a change."""
        assert dt is not None
        start, end = date(dt.year, 3, 1 + 14 * (dt.year % 2)), date(dt.year, 5, 25)
        start, end = (each + timedelta(days=6 - each.weekday()) for each in (start, end))
        return HOUR if start <= dt.date() < end else timedelta()

    def dst(self, dt: datetime | None) -> timedelta:
        """Return the same: standard time is UTC."""
        return self.utcoffset(dt)

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002 - given by the base class
        """Return a name."""
        return "whimsical"

    def fromutc(self, dt: datetime) -> datetime:
        """Return local time."""
        return dt + self.utcoffset(dt)


def test_a_rule_that_is_none_of_the_schema_s() -> None:
    assert clock_rules(Whimsical(), YEAR) == ClockRules(offset=0)
