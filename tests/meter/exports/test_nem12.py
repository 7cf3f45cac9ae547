"""The NEM12 file, as aemo-mdff-reader reads it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from io import StringIO
from zoneinfo import ZoneInfo

from aemo_mdff_reader import (
    parse,
    parse_events,
    parse_header,
    spec,
    types,
    validate_file,
)
import pytest

from custom_components.dts307.meter.exports import (
    Format,
    IntervalLengthError,
    NoWholeDayError,
    export,
    needed_span,
)
from custom_components.dts307.meter.intervals import Interval, Quality
from tests.meter.exports.days import SYDNEY, days, estimated, measured, midnight, source, total

WINTER = date(2026, 7, 1)
SUMMER_STARTS = date(2026, 10, 4)
"""In Sydney; the day has 23 hours."""
SUMMER_ENDS = date(2026, 4, 5)
"""The day has 25 hours."""


def written(
    intervals: Sequence[Interval],
    *,
    zone: tzinfo = SYDNEY,
    minutes: int = 30,
    serial_number: str = "M4711",
) -> str:
    """Return the file, which the reader finds nothing wrong with."""
    meter = source(zone, minutes, serial_number=serial_number)
    text = export(Format.NEM12, intervals, meter).text
    assert validate_file(StringIO(text)) == []
    return text


def values(text: str) -> dict[str, list[types.IntervalReading]]:
    """Return the values of each channel."""
    found: dict[str, list[types.IntervalReading]] = {}
    for reading in parse(StringIO(text)):
        found.setdefault(reading.nmi_suffix, []).append(reading)
    return found


def energy(readings: Sequence[types.IntervalReading]) -> float:
    """Return the energy in Wh."""
    return sum(round(reading.value * 1e6) for reading in readings) / 1e3


@pytest.mark.parametrize("minutes", sorted(spec.ALLOWED_INTERVAL_LENGTHS))
def test_whole_days(minutes: int) -> None:
    intervals = days(WINTER, 3, zone=SYDNEY, minutes=minutes)
    found = values(written(intervals, minutes=minutes))
    assert (energy(found["E1"]), energy(found["B1"])) == total(intervals)
    for readings in found.values():
        assert len(readings) == len(intervals)
        assert {each.uom for each in readings} <= spec.UOM_VALUES
        assert [each.interval_start for each in readings] == [
            datetime.fromtimestamp(each.start, SYDNEY).replace(tzinfo=None) for each in intervals
        ]


def test_the_header() -> None:
    header = parse_header(StringIO(written(days(WINTER, zone=SYDNEY, minutes=30))))
    assert header is not None
    assert (header.version, header.from_participant, header.to_participant) == (
        "NEM12",
        "DTS307",
        "OWNER",
    )
    assert header.datetime == datetime(2026, 12, 1, 8, 30)  # noqa: DTZ001 - standard time


@pytest.mark.parametrize(("change", "whole"), [(SUMMER_STARTS, 2), (SUMMER_ENDS, 3)])
def test_days_are_those_of_standard_time(change: date, whole: int) -> None:
    """None is shorter or longer. Parts of days at the ends of the file are left out."""
    intervals = days(change - timedelta(days=1), 3, zone=SYDNEY, minutes=30)
    (readings, _) = values(written(intervals)).values()
    start = readings[0].interval_start
    assert [each.interval_start - start for each in readings] == [
        timedelta(minutes=30 * place) for place in range(len(readings))
    ]
    assert start.time() == datetime.min.time()
    assert len(readings) == whole * 48
    standard = timedelta(hours=10)
    at = {each.start: each for each in intervals}
    for reading in readings:
        instant = (reading.interval_start - standard - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001
        imported = at[instant].imported
        assert imported is not None
        assert reading.value * 1000 == pytest.approx(imported.value)


@pytest.mark.parametrize(
    "first",
    [pytest.param(date(2026, month, 1), id=f"month {month}") for month in range(1, 13)],
)
def test_a_month_has_all_its_days(first: date) -> None:
    """Also where it begins or ends in summer, when local days begin an hour earlier."""
    after = (first + timedelta(days=31)).replace(day=1)
    start, end = needed_span(Format.NEM12, midnight(first, SYDNEY), midnight(after, SYDNEY), SYDNEY)
    around = days(first - timedelta(days=1), 33, zone=SYDNEY, minutes=30)
    intervals = [each for each in around if start <= each.start < end]
    dates = [each.interval_date.date() for each in values(written(intervals))["E1"][::48]]
    assert dates == [first + timedelta(days=place) for place in range((after - first).days)]
    ending = export(Format.NEM12, intervals, source(SYDNEY, 30)).ending
    assert ending == f"{first:%Y-%m}_nem12.csv"


def test_a_day_that_has_begun_is_asked_for_as_a_whole() -> None:
    noon = midnight(WINTER, SYDNEY) + 43200
    assert needed_span(Format.NEM12, noon, noon + 86400, SYDNEY) == (
        midnight(WINTER, SYDNEY),
        midnight(WINTER + timedelta(days=2), SYDNEY),
    )


@pytest.mark.parametrize("chosen", [Format.CSV, Format.GREEN_BUTTON])
def test_other_formats_hold_any_time(chosen: Format) -> None:
    assert needed_span(chosen, 3.0, 5.0, SYDNEY) == (3.0, 5.0)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        pytest.param("Australia/Adelaide", 10, id="in the market's time"),
        pytest.param("Australia/Darwin", 9.5, id="not in the market"),
        pytest.param("Australia/Brisbane", 10, id="never changed"),
        pytest.param("America/Los_Angeles", -8, id="anywhere"),
    ],
)
def test_the_standard_time_of_a_place(name: str, hours: float) -> None:
    zone = ZoneInfo(name)
    intervals = days(date(2026, 1, 10), 3, zone=zone, minutes=30)
    readings = values(written(intervals, zone=zone))["E1"]
    first = readings[0]
    instant = first.interval_start - datetime(1970, 1, 1) - timedelta(hours=hours)  # noqa: DTZ001
    place = round((instant.total_seconds() - intervals[0].start) / 1800)
    imported = intervals[place].imported
    assert imported is not None
    assert first.value * 1000 == pytest.approx(imported.value)


def test_a_day_with_a_hole_is_left_out() -> None:
    intervals = days(WINTER, 3, zone=SYDNEY, minutes=30)
    intervals[60] = replace(intervals[60], exported=None)
    found = values(written(intervals))
    assert {each.interval_date.date() for each in found["E1"]} == {
        WINTER + timedelta(days=place) for place in range(3)
    }
    assert {each.interval_date.date() for each in found["B1"]} == {
        WINTER,
        WINTER + timedelta(days=2),
    }


def test_a_channel_that_is_not_counted_is_left_out() -> None:
    intervals = [replace(each, exported=None) for each in days(WINTER, zone=SYDNEY, minutes=30)]
    text = written(intervals)
    assert list(values(text)) == ["E1"]
    assert ",E1,E1,E1,," in text


def test_no_whole_day() -> None:
    with pytest.raises(NoWholeDayError):
        written(days(WINTER, zone=SYDNEY, minutes=30)[1:])


def test_an_hour_is_no_interval() -> None:
    with pytest.raises(IntervalLengthError):
        written(days(WINTER, zone=SYDNEY, minutes=60), minutes=60)


def test_a_measured_day() -> None:
    text = written(days(WINTER, zone=SYDNEY, minutes=30))
    assert {each.quality_method for each in parse(StringIO(text))} == {"A"}
    assert list(parse_events(StringIO(text))) == []


def test_qualities() -> None:
    """Each interval of a day with several has one, and a reason if it is substituted."""
    intervals = days(WINTER, 2, zone=SYDNEY, minutes=30)
    intervals[2:5] = estimated(intervals[2:5], [1, 2, 3])
    intervals[10:30] = estimated(intervals[10:30], range(20))
    intervals[40] = replace(intervals[40], quality=Quality.EDITED)
    text = written(intervals)
    records = [row.split(",") for row in text.splitlines()]
    assert [row[50:53] for row in records if row[0] == "300"] == [
        ["V", "", ""],
        ["A", "", ""],
        ["V", "", ""],
        ["A", "", ""],
    ]
    assert [row[1:] for row in records if row[0] == "400"] == [
        ["1", "2", "A", "", ""],
        ["3", "5", "S17", "76", ""],
        ["6", "10", "A", "", ""],
        ["11", "30", "S15", "76", ""],
        ["31", "40", "A", "", ""],
        ["41", "41", "F18", "24", ""],
        ["42", "48", "A", "", ""],
        # Nothing was exported in the gaps.
        ["1", "40", "A", "", ""],
        ["41", "41", "F18", "24", ""],
        ["42", "48", "A", "", ""],
    ]
    for event in parse_events(StringIO(text)):
        assert event.quality_flag in spec.QUALITY_FLAGS
        assert event.reason_code is None or event.reason_code in spec.REASON_CODES


def test_a_day_that_is_estimated_altogether() -> None:
    intervals = days(WINTER, zone=SYDNEY, minutes=30)
    (day, *_) = values(written(estimated(intervals, range(48)))).values()
    assert {(each.quality_method, each.reason_code) for each in day} == {("S15", 76)}


@pytest.mark.parametrize(
    ("serial_number", "nmi", "serial"),
    [
        ("4711", "0000004711", "4711"),
        ("io-4711", "0000104711", "IO4711"),
        ('a"b,c\nd;=<&>é', "000000ABCD", "ABCD"),
        ("0123456789ABCDEF", "6789ABCDEF", "456789ABCDEF"),
        ("", "0000000000", ""),
    ],
)
def test_the_nmi_is_made_of_the_serial_number(serial_number: str, nmi: str, serial: str) -> None:
    """It has ten characters, of which none is O or I."""
    text = written(days(WINTER, zone=SYDNEY, minutes=30), serial_number=serial_number)
    (first, *_) = values(text)["E1"]
    assert (first.nmi, first.meter_serial_number) == (nmi, serial)


def test_values_have_no_exponent() -> None:
    intervals = [
        replace(each, imported=measured(0.001)) for each in days(WINTER, zone=SYDNEY, minutes=30)
    ]
    assert written(intervals).count(",0.000001") == 48
