"""The Green Button file, as greenbutton-objects reads it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
import re
from typing import Any
import xml.etree.ElementTree as ET

from greenbutton_objects import enums
from greenbutton_objects.parse import parse_feed
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.dts307.meter.exports import Format, Source, export
from custom_components.dts307.meter.intervals import Interval, Quality
from tests.meter.exports.days import (
    DST_ENDS,
    DST_STARTS,
    SYDNEY,
    days,
    estimated,
    measured,
    source,
    total,
)

NAMES = {"atom": "http://www.w3.org/2005/Atom", "espi": "http://naesb.org/espi"}


def feed(intervals: Sequence[Interval], meter: Source | None = None) -> str:
    """Return the file."""
    return export(Format.GREEN_BUTTON, intervals, meter or source()).text


def channels(text: str) -> dict[enums.FlowDirectionType, Any]:
    """Return the meter readings by their direction."""
    (usage_point,) = parse_feed(StringIO(text))
    assert usage_point.serviceCategory is enums.ServiceKind.electricity
    return {each.readingType.flowDirection: each for each in usage_point.meterReadings}


FORWARD = enums.FlowDirectionType.forward
REVERSE = enums.FlowDirectionType.reverse


def energy(meter_reading: Any) -> float:
    """Return the sum of the readings in Wh; the reader multiplies each by 0.001."""
    counts: list[int] = [round(each.value * 1000) for each in meter_reading.intervalReadings]
    return sum(counts) / 1000


@pytest.mark.parametrize(
    ("day", "hours"), [(DST_STARTS, 23), (DST_ENDS, 25), (date(2026, 7, 1), 24)]
)
def test_a_local_day_is_a_block(day: date, hours: int) -> None:
    intervals = days(day)
    found = channels(feed(intervals))
    assert (energy(found[FORWARD]), energy(found[REVERSE])) == total(intervals)
    for meter_reading in found.values():
        (block,) = meter_reading.intervalBlocks
        assert block.title == str(day)
        assert block.interval.duration.total_seconds() == hours * 3600
        assert [each.timePeriod.start for each in block.intervalReadings] == [
            datetime.fromtimestamp(each.start, UTC) for each in intervals
        ]
        assert {each.timePeriod.duration.total_seconds() for each in block.intervalReadings} == {
            900
        }


def test_a_block_for_each_day() -> None:
    found = channels(feed(days(DST_ENDS, 3)))
    blocks = found[FORWARD].intervalBlocks
    assert [block.title for block in blocks] == ["2026-11-01", "2026-11-02", "2026-11-03"]


def test_what_the_readings_are() -> None:
    for direction, meter_reading in channels(feed(days(DST_ENDS))).items():
        kind = meter_reading.readingType
        assert kind.flowDirection is direction
        assert kind.accumulationBehaviour is enums.AccumulationBehaviourType.deltaData
        assert kind.commodity is enums.CommodityType.electricity
        assert kind.dataQualifier is enums.DataQualifierType.normal
        assert kind.defaultQuality is enums.QualityOfReading.valid
        assert kind.intervalLength == 900
        assert kind.kind is enums.KindType.energy
        assert kind.powerOfTenMultiplier == -3
        assert kind.uom is enums.UomType.wattHours


def test_a_channel_that_is_not_counted_is_left_out() -> None:
    intervals = [replace(each, exported=None) for each in days(DST_ENDS)]
    assert list(channels(feed(intervals))) == [FORWARD]


def test_an_interval_that_was_not_counted_is_left_out() -> None:
    first, second, third = days(DST_ENDS)[:3]
    found = channels(feed([first, replace(second, exported=None), third]))
    starts = [each.timePeriod.start.timestamp() for each in found[REVERSE].intervalReadings]
    assert starts == [first.start, third.start]
    assert len(list(found[FORWARD].intervalReadings)) == 3


def qualities(meter_reading: Any) -> list[enums.QualityOfReading]:
    """Return the quality of each reading; where none is stated, that of the reading type."""
    default = meter_reading.readingType.defaultQuality
    stated = [
        [each.quality for each in reading.readingQualities]
        for reading in meter_reading.intervalReadings
    ]
    return [found[0] if found else default for found in stated]


VALID = enums.QualityOfReading.valid
EDITED = enums.QualityOfReading.manuallyEdited
REFERENCE = enums.QualityOfReading.estimatedUsingReferenceDay
LINEAR = enums.QualityOfReading.estimatedUsingLinearInterpolation


@pytest.mark.parametrize(
    ("energies", "quality"),
    [
        pytest.param([3], LINEAR, id="one interval"),
        pytest.param([1, 8, 9, 7, 8, 2], LINEAR, id="up to two hours"),
        pytest.param([1, *[8] * 20, 2], LINEAR, id="spread evenly for want of comparable days"),
        pytest.param([1, *range(20), 2], REFERENCE, id="shaped by comparable days"),
    ],
)
def test_estimated_intervals(energies: list[float], quality: enums.QualityOfReading) -> None:
    """Only those of the channel that flowed are estimated."""
    known = days(DST_ENDS)
    end = 1 + len(energies)
    intervals = [known[0], *estimated(known[1:end], energies), *known[end:]]
    found = channels(feed(intervals))
    rest = [VALID] * (len(known) - end)
    assert qualities(found[FORWARD]) == [VALID, *[quality] * len(energies), *rest]
    assert set(qualities(found[REVERSE])) == {VALID}


def test_edited_intervals() -> None:
    first, second, third = days(DST_ENDS)[:3]
    found = channels(feed([first, replace(second, quality=Quality.EDITED), third]))
    assert qualities(found[FORWARD]) == qualities(found[REVERSE]) == [VALID, EDITED, VALID]


def test_local_time() -> None:
    text = feed(days(DST_ENDS))
    (parameters,) = ET.fromstring(text).iterfind(".//espi:LocalTimeParameters", NAMES)  # noqa: S314 - ours
    assert [(each.tag.rpartition("}")[-1], each.text) for each in parameters] == [
        ("dstEndRule", "B40E2000"),
        ("dstOffset", "3600"),
        ("dstStartRule", "360E2000"),
        ("tzOffset", "-28800"),
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ('<Solar> & "Grid", house\n2', '<Solar> & "Grid", house 2'),
        ("=1+1", "=1+1"),
        ("]]>", "]]>"),
        ("Zähler ⚡", "Zähler ⚡"),
        ("a\x00b\x0bc\ufffe", "abc"),
    ],
)
def test_any_name(name: str, title: str) -> None:
    (usage_point,) = parse_feed(StringIO(feed(days(DST_ENDS), source(name=name))))
    assert usage_point.title == title


@settings(deadline=None)
@given(name=st.text(), unique_id=st.text())
def test_no_name_breaks_the_file(name: str, unique_id: str) -> None:
    text = feed(days(DST_ENDS)[:1], source(name=name, unique_id=unique_id))
    assert energy(channels(text)[FORWARD]) == 100


def ids(text: str) -> list[str]:
    """Return the IDs of the feed and its entries."""
    return re.findall("<id>(.*?)</id>", text)


def test_ids_are_the_same_in_every_file() -> None:
    """So that a program that gets a day twice knows it."""
    month, day = ids(feed(days(DST_ENDS, 30))), ids(feed(days(DST_ENDS, 1)))
    assert len(set(month)) == len(month)
    assert set(day) < set(month)
    other = ids(feed(days(DST_ENDS, 1), source(unique_id="M4712")))
    assert not {*day} & {*other}
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", i) for i in day)


def test_a_feed_is_dated() -> None:
    text = feed(days(DST_ENDS), source(SYDNEY))
    assert set(re.findall("<(?:updated|published)>(.*?)</", text)) == {"2026-11-30T22:30:00Z"}


def test_energies_are_not_rounded_away() -> None:
    intervals = [replace(each, imported=measured(1 / 3)) for each in days(DST_ENDS)[:3]]
    found = channels(feed(intervals))
    assert [each._value for each in found[FORWARD].intervalReadings] == [333, 334, 333]  # noqa: SLF001 - as it is written
