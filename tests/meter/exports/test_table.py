"""The CSV file, as Python's csv module reads it."""

import csv
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from io import StringIO

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.exports import Format, export
from custom_components.dts307.meter.intervals import Estimate, Interval, Quality
from tests.meter.exports.days import (
    DST_ENDS,
    DST_STARTS,
    PACIFIC,
    days,
    estimated,
    measured,
    source,
    total,
)

KWH = Decimal(1000)
"""Wh"""


def rows(intervals: list[Interval]) -> list[dict[str, str]]:
    """Return the rows of the file, by the names of its columns."""
    text = export(Format.CSV, intervals, source()).text
    return list(csv.DictReader(StringIO(text, newline="")))


def kwh(found: list[dict[str, str]], column: str) -> Decimal:
    """Return the sum of a column."""
    return sum((Decimal(row[column]) for row in found), Decimal(0))


def test_a_file() -> None:
    first, second, third = days(DST_ENDS)[:3]
    text = export(
        Format.CSV,
        [
            replace(first, imported=measured(83.5), exported=None),
            *estimated([second], [1 / 3]),
            replace(third, imported=None, exported=measured(1), quality=Quality.EDITED),
        ],
        source(),
    ).text
    assert text.split("\r\n") == [
        "start,minutes,delivered_kwh,received_kwh,quality",
        "2026-11-01T00:00:00-07:00,15,0.083500,,actual",
        "2026-11-01T00:15:00-07:00,15,0.000333,0.001000,estimated",
        "2026-11-01T00:30:00-07:00,15,,0.001000,edited",
        "",
    ]


def test_phases_have_columns_of_their_own() -> None:
    """They are empty where nothing is known of a phase; its quality is its own."""
    first, second, third = (
        replace(each, imported=measured(100), exported=None) for each in days(DST_ENDS)[:3]
    )
    of_b = [
        replace(first, imported=measured(1 / 3)),
        *estimated([replace(second, exported=measured(2))], [1 / 3]),
    ]
    phases = {"b": of_b, "c": [replace(third, imported=measured(7))]}
    text = export(Format.CSV, [first, second, third], source(), phases).text
    header, *lines = text.split("\r\n")
    assert header.removeprefix("start,minutes,delivered_kwh,received_kwh,quality") == (
        ",delivered_b_kwh,received_b_kwh,quality_b,delivered_c_kwh,received_c_kwh,quality_c"
    )
    assert [line.partition(",15,0.100000,,actual")[2] for line in lines] == [
        ",0.000333,,actual,,,",
        ",0.000334,0.002000,estimated,,,",
        ",,,,0.007000,,actual",
        "",
    ]


@pytest.mark.parametrize(("day", "hours"), [(DST_STARTS, 23), (DST_ENDS, 25)])
def test_days_of_the_change_of_the_clock(day: object, hours: int) -> None:
    intervals = days(day)  # type: ignore[arg-type]
    found = rows(intervals)
    assert len(found) == hours * 4
    starts = [datetime.fromisoformat(row["start"]) for row in found]
    assert [start.timestamp() for start in starts] == [each.start for each in intervals]
    assert {start.astimezone(PACIFIC).date() for start in starts} == {day}
    assert (kwh(found, "delivered_kwh"), kwh(found, "received_kwh")) == tuple(
        Decimal(energy) / KWH for energy in total(intervals)
    )


ENERGIES = st.one_of(st.none(), st.floats(0, 1e6), st.integers(0, 10**9).map(lambda mwh: mwh / 1e3))


@settings(deadline=None)
@given(st.lists(ENERGIES, min_size=1, max_size=96))
def test_energies_survive_to_the_last_count(energies: list[float | None]) -> None:
    """No row is off by more than a mWh, and no sum by more than half of one."""
    intervals = [
        replace(interval, imported=None if energy is None else measured(energy))
        for interval, energy in zip(days(DST_ENDS), energies, strict=False)
    ]
    true = written = Decimal(0)
    for row, energy in zip(rows(intervals), energies, strict=True):
        if energy is None:
            assert row["delivered_kwh"] == ""
            continue
        value = Decimal(row["delivered_kwh"]) * KWH
        assert value >= 0
        assert abs(value - Decimal(energy)) <= Decimal("0.00101")
        true, written = true + Decimal(energy), written + value
        assert abs(written - true) <= Decimal("0.00051")


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=96))
def test_whole_counts_stay_as_they_are(counts: list[int]) -> None:
    intervals = [
        replace(interval, imported=measured(count / 1000))
        for interval, count in zip(days(DST_ENDS), counts, strict=False)
    ]
    assert [Decimal(row["delivered_kwh"]) * 10**6 for row in rows(intervals)] == counts


def test_qualities_are_those_of_the_intervals() -> None:
    intervals = [
        replace(interval, quality=quality)
        for interval, quality in zip(days(DST_ENDS), [*Quality] * 3, strict=False)
    ]
    assert [row["quality"] for row in rows(intervals)] == [*Quality] * 3


def test_an_estimate_without_bounds_is_written_as_its_value() -> None:
    (first, *_) = days(DST_ENDS)
    interval = replace(first, imported=Estimate.unbounded(5), quality=Quality.ESTIMATED)
    assert rows([interval])[0]["delivered_kwh"] == "0.005000"
