"""The examples in docs/take-your-data.md are what the formats write."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
import re

from custom_components.dts307.meter.exports import Format, export
from custom_components.dts307.meter.intervals import Interval, Quality
from tests.meter.exports.days import DST_ENDS, days, estimated, measured, source

PAGE = Path(__file__).parents[3] / "docs/take-your-data.md"


def example(section: str) -> str:
    """Return the example of a section."""
    (block,) = re.findall(
        rf"^## {section}\n.*?^```\w+\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    return str(block)


def quarters() -> list[Interval]:
    """Return three intervals, each with another quality."""
    first, second, third = days(DST_ENDS)[:3]
    return [
        replace(first, imported=measured(83.5)),
        *estimated([second], [91.25]),
        replace(third, imported=measured(90.125), quality=Quality.EDITED),
    ]


def test_csv() -> None:
    written = export(Format.CSV, quarters(), source()).text
    assert written.splitlines() == example("CSV").splitlines()


def test_green_button() -> None:
    written = export(Format.GREEN_BUTTON, quarters(), source()).text
    assert re.sub(r">\s+<", "><", example("Green Button")).strip() in written


def test_nem12() -> None:
    zone = UTC
    intervals = days(date(2026, 7, 1), zone=zone, minutes=30)
    intervals[2:4] = estimated(intervals[2:4], [1, 2])
    created = datetime(2026, 12, 1, 9, 30, tzinfo=zone)
    meter = source(zone, 30, serial_number="4711", created=created.timestamp())
    written = export(Format.NEM12, intervals, meter).text
    pattern = ".*".join(map(re.escape, example("NEM12").split(" … ")))
    assert re.match(pattern, written.replace("\r\n", "\n"))
