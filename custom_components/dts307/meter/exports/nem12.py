"""Interval data as NEM12, the format of Australia's electricity market.

The market's Meter Data File Format knows no missing interval, so that only whole days are written.
Its days are those of standard time all year: daylight saving time makes no day shorter or longer.
"""

from collections.abc import Iterator, Sequence
import csv
from datetime import datetime, time, timedelta, timezone, tzinfo
from io import StringIO
from itertools import groupby
from typing import Final

from ..intervals import Interval
from .local_time import offsets
from .readings import Channel, ChannelReading, Evidence, delivered, readings, received
from .refusal import IntervalLengthError, NoWholeDayError
from .source import Source

_MINUTES_PER_DAY: Final = 1440
_LENGTHS: Final = (5, 15, 30)
_NMI_LENGTH: Final = 10
_SERIAL_LENGTH: Final = 12

_CHANNELS: Final[dict[str, Channel]] = {"E1": delivered, "B1": received}
"""The market's names: E is what leaves the grid, B is what is brought to it."""

_SOUTH_AUSTRALIA: Final = 34200
_MARKET: Final = 36000
"""s of standard time ahead of UTC. South Australia's data is in the time of the eastern states."""

_QUALITY: Final = {
    Evidence.MEASURED: ("A", ""),
    Evidence.INTERPOLATED: ("S17", "76"),
    Evidence.REFERENCE_DAYS: ("S15", "76"),
    Evidence.EDITED: ("F18", "24"),
}
"""Quality flag with method, and reason: actual; substituted by linear interpolation or by the
average of like days, because of a communications fault; finally substituted by another method, as
a correction. E is not for the past: it is for data that is still to be read."""

_VARIABLE: Final = ("V", "")


def market_time(zone: tzinfo, at: float) -> timezone:
    """Return the clock whose days are written: standard time in the year of an instant in s."""
    found = offsets(zone, datetime.fromtimestamp(at, zone).year)
    standard = min(found)
    if standard == _SOUTH_AUSTRALIA and len(found) > 1:
        standard = _MARKET
    return timezone(timedelta(seconds=standard))


def market_days(start: float, end: float, zone: tzinfo) -> tuple[float, float]:
    """Return when the days begin and end that have the same dates as a time on the local clock."""
    market = market_time(zone, start)
    first = datetime.fromtimestamp(start, zone).date()
    last = (datetime.fromtimestamp(end, zone) - timedelta(microseconds=1)).date()
    begin = datetime.combine(first, time(), market)
    return begin.timestamp(), (begin + (last + timedelta(days=1) - first)).timestamp()


def nem12(intervals: Sequence[Interval], source: Source) -> str:
    """Return the whole days of each channel.

    Raises:
        IntervalLengthError: the format does not know intervals of this length.
        NoWholeDayError: no day is whole.
    """
    minutes = source.seconds // 60
    if minutes not in _LENGTHS:
        raise IntervalLengthError(minutes)
    zone = market_time(source.zone, intervals[0].start)
    days = {
        suffix: list(_whole_days(readings(intervals, channel), zone, minutes))
        for suffix, channel in _CHANNELS.items()
    }
    written = [suffix for suffix, whole in days.items() if whole]
    if not written:
        raise NoWholeDayError
    text = StringIO(newline="")
    writer = csv.writer(text)
    created = datetime.fromtimestamp(source.created, zone)
    writer.writerow(("100", "NEM12", f"{created:%Y%m%d%H%M}", "DTS307", "OWNER"))
    serial = _letters_and_digits(source.serial_number)
    nmi = serial.translate(str.maketrans("OI", "01"))[-_NMI_LENGTH:].rjust(_NMI_LENGTH, "0")
    for suffix in written:
        writer.writerow(
            (
                "200",
                nmi,
                "".join(written),
                suffix,
                suffix,
                "",
                serial[-_SERIAL_LENGTH:],
                "kWh",
                minutes,
                "",
            )
        )
        for day in days[suffix]:
            writer.writerows(_day(day, zone, created))
    writer.writerow(("900",))
    return text.getvalue()


def _letters_and_digits(text: str) -> str:
    return "".join(each for each in text.upper() if each.isascii() and each.isalnum())


def _whole_days(
    found: Sequence[ChannelReading | None], zone: timezone, minutes: int
) -> Iterator[Sequence[ChannelReading]]:
    channel_readings = (reading for reading in found if reading is not None)
    for _, same in groupby(
        channel_readings, lambda reading: datetime.fromtimestamp(reading.start, zone).date()
    ):
        day = list(same)
        if len(day) == _MINUTES_PER_DAY // minutes:
            yield day


def _day(
    day: Sequence[ChannelReading], zone: timezone, created: datetime
) -> Iterator[Sequence[object]]:
    """Yield the record of a day, and those that tell the qualities of a day with several."""
    qualities = [(quality, len(list(same))) for quality, same in groupby(map(_quality, day))]
    whole = qualities[0][0] if len(qualities) == 1 else _VARIABLE
    date = datetime.fromtimestamp(day[0].start, zone)
    values = (reading.kwh for reading in day)
    yield ("300", f"{date:%Y%m%d}", *values, *whole, "", f"{created:%Y%m%d%H%M%S}", "")
    if whole is _VARIABLE:
        first = 1
        for quality, count in qualities:
            yield ("400", first, first + count - 1, *quality, "")
            first += count


def _quality(reading: ChannelReading) -> tuple[str, str]:
    return _QUALITY[reading.evidence]
