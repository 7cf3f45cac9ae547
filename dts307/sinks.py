"""Where logged readings go: CSV, and JSON lines."""

import csv
from datetime import datetime
import json
from typing import Protocol, TextIO, override

from .meter import Meter, Reading
from .output import event_names, reading_data
from .quantities import values_of


class Sink(Protocol):
    """Takes the readings of one meter."""

    async def open(self, meter: Meter, first: Reading) -> None:
        """Prepare for the readings of a meter, of which the first one is known."""

    def write(self, at: datetime, reading: Reading) -> None:
        """Take a reading."""

    def lost(self) -> None:
        """Take notice that the meter does not answer."""

    async def close(self) -> None:
        """Finish."""


class _FileSink(Sink):
    """Writes lines, each of which is complete at once."""

    def __init__(self, file: TextIO, unit_id: int) -> None:
        self._file = file
        self._unit_id = unit_id
        self._serial_number = ""

    @override
    async def open(self, meter: Meter, first: Reading) -> None:
        self._serial_number = meter.identity.serial_number

    @override
    def lost(self) -> None:
        """Write nothing: an outage is a gap."""

    @override
    async def close(self) -> None:
        self._file.flush()

    def _columns(self, at: datetime) -> dict[str, object]:
        return {
            "time": at.isoformat(timespec="milliseconds"),
            "unit_id": self._unit_id,
            "serial_number": self._serial_number,
        }


class CsvSink(_FileSink):
    """Writes a row for each reading."""

    def __init__(self, file: TextIO, unit_id: int, *, has_heading: bool = False) -> None:
        """Write to a file, which may have a heading already."""
        super().__init__(file, unit_id)
        self._has_heading = has_heading

    @override
    def write(self, at: datetime, reading: Reading) -> None:
        row = self._columns(at) | {value.key: value.value for value in values_of(reading)}
        row["events"] = " ".join(event_names(reading))
        writer = csv.DictWriter(self._file, fieldnames=list(row), lineterminator="\n")
        if not self._has_heading:
            writer.writeheader()
            self._has_heading = True
        writer.writerow(row)
        self._file.flush()


class JsonLinesSink(_FileSink):
    """Writes a JSON object for each reading."""

    @override
    def write(self, at: datetime, reading: Reading) -> None:
        line = self._columns(at) | reading_data(reading)
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
