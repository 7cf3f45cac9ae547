"""Interval data as Green Button, the NAESB's ESPI: an Atom feed that US utilities exchange.

Names, codes and the order of elements are those of the schema ``espi.xsd``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from itertools import groupby
import re
from typing import Final
from uuid import UUID, uuid5
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from ..intervals import Interval
from .local_time import clock_rules
from .readings import Channel, ChannelReading, Evidence, delivered, readings, received
from .source import Source

_ATOM: Final = "http://www.w3.org/2005/Atom"
_ESPI: Final = "http://naesb.org/espi"
_ROOT: Final = "/espi/1_1/resource"
_NAMESPACE: Final = UUID("6f1f1d4a-5d0e-5c86-9d2b-0b8f4a7f3307")
"""What the IDs of this integration's files are made from."""

_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow."""

_FLOW_DIRECTION: Final = {"delivered": 1, "received": 19}
_CHANNELS: Final[dict[str, Channel]] = {"delivered": delivered, "received": received}

_ACTUAL: Final = 0
_QUALITY: Final = {
    Evidence.MEASURED: _ACTUAL,
    Evidence.EDITED: 7,
    Evidence.REFERENCE_DAYS: 8,
    Evidence.INTERPOLATED: 9,
}
"""QualityOfReading: valid, manually edited, estimated using reference day, estimated using linear
interpolation."""


def green_button(intervals: Sequence[Interval], source: Source) -> str:
    """Return a feed with one block for each local day of each channel."""
    text = StringIO()
    feed = _Feed(text, source)
    found = {
        name: [reading for reading in readings(intervals, channel) if reading is not None]
        for name, channel in _CHANNELS.items()
    }
    with feed.open():
        feed.usage_point()
        feed.local_time_parameters(intervals[0].start)
        for name, channel_readings in found.items():
            if channel_readings:
                feed.meter_reading(name, channel_readings)
    return text.getvalue()


class _Feed:
    """Writes the entries of one meter."""

    def __init__(self, text: StringIO, source: Source) -> None:
        self._xml = XMLGenerator(text, encoding="utf-8")
        self._source = source
        self._name = " ".join(_NO_XML.sub("", source.name).split())
        self._created = datetime.fromtimestamp(int(source.created), UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        meter = self._uuid("")
        self._usage_point = f"{_ROOT}/RetailCustomer/{meter}/UsagePoint/{meter}"
        self._local_time = f"{_ROOT}/LocalTimeParameters/{meter}"

    @contextmanager
    def open(self) -> Iterator[None]:
        """Begin the feed and end it."""
        self._xml.startDocument()
        with self._element("feed", xmlns=_ATOM):
            self._head(_ROOT, self._name)
            self._text("updated", self._created)
            self._link("self", _ROOT)
            yield
        self._xml.endDocument()

    def usage_point(self) -> None:
        """Write the point of the network that the meter is at."""
        related = (f"{self._usage_point}/MeterReading", self._local_time)
        with (
            self._entry(self._usage_point, self._name, related),
            self._element("UsagePoint", xmlns=_ESPI),
            self._element("ServiceCategory"),
        ):
            self._text("kind", 0)  # electricity

    def local_time_parameters(self, at: float) -> None:
        """Write how local time follows from UTC, in the year of an instant and later."""
        rules = clock_rules(self._source.zone, self._source.local(at).year)
        with (
            self._entry(self._local_time, str(self._source.zone)),
            self._element("LocalTimeParameters", xmlns=_ESPI),
        ):
            self._text("dstEndRule", f"{rules.dst_end:08X}")
            self._text("dstOffset", rules.dst_offset)
            self._text("dstStartRule", f"{rules.dst_start:08X}")
            self._text("tzOffset", rules.offset)

    def meter_reading(self, channel: str, channel_readings: Sequence[ChannelReading]) -> None:
        """Write the readings of one channel."""
        key = f"{channel}-{self._source.seconds}"
        path = f"{self._usage_point}/MeterReading/{key}"
        reading_type = f"{_ROOT}/ReadingType/{key}"
        blocks = f"{path}/IntervalBlock"
        with self._entry(path, f"Energy {channel}", (blocks, reading_type)):
            self._empty("MeterReading", xmlns=_ESPI)
        self._reading_type(reading_type, channel)
        for day, same in groupby(
            channel_readings, lambda each: self._source.local(each.start).date()
        ):
            self._block(f"{blocks}/{day}", list(same))

    def _reading_type(self, path: str, channel: str) -> None:
        with self._entry(path, f"Energy {channel}"), self._element("ReadingType", xmlns=_ESPI):
            self._text("accumulationBehaviour", 4)  # delta data
            self._text("commodity", 1)  # electricity
            self._text("dataQualifier", 12)  # normal
            self._text("defaultQuality", _ACTUAL)
            self._text("flowDirection", _FLOW_DIRECTION[channel])
            self._text("intervalLength", self._source.seconds)
            self._text("kind", 12)  # energy
            self._text("phase", 0)  # not applicable: all of them
            self._text("powerOfTenMultiplier", -3)
            self._text("timeAttribute", 0)  # not applicable
            self._text("uom", 72)  # Wh

    def _block(self, path: str, channel_readings: Sequence[ChannelReading]) -> None:
        day = path.rpartition("/")[-1]
        with self._entry(path, day), self._element("IntervalBlock", xmlns=_ESPI):
            self._period("interval", channel_readings[0].start, channel_readings[-1].end)
            for reading in channel_readings:
                with self._element("IntervalReading"):
                    quality = _QUALITY[reading.evidence]
                    if quality != _ACTUAL:
                        with self._element("ReadingQuality"):
                            self._text("quality", quality)
                    self._period("timePeriod", reading.start, reading.end)
                    self._text("value", reading.energy)

    def _period(self, name: str, start: float, end: float) -> None:
        with self._element(name):
            self._text("duration", round(end - start))
            self._text("start", round(start))

    @contextmanager
    def _entry(self, path: str, title: str, related: Sequence[str] = ()) -> Iterator[None]:
        with self._element("entry"):
            self._head(path, title)
            self._link("self", path)
            self._link("up", path.rpartition("/")[0])
            for each in related:
                self._link("related", each)
            with self._element("content"):
                yield
            self._text("published", self._created)
            self._text("updated", self._created)

    def _head(self, path: str, title: str) -> None:
        self._text("id", f"urn:uuid:{self._uuid(path)}")
        self._text("title", title)

    def _uuid(self, path: str) -> UUID:
        """Return an ID that is the same in every file of the meter."""
        return uuid5(_NAMESPACE, f"{self._source.unique_id}{path}")

    def _link(self, relation: str, path: str) -> None:
        self._empty("link", rel=relation, href=path)

    def _empty(self, name: str, **attributes: str) -> None:
        with self._element(name, **attributes):
            pass

    @contextmanager
    def _element(self, name: str, **attributes: str) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl(attributes))
        yield
        self._xml.endElement(name)

    def _text(self, name: str, text: object) -> None:
        with self._element(name):
            self._xml.characters(str(text))
