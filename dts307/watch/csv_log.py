"""Write the readings of the screen into a CSV file."""

from collections.abc import Iterator
import csv
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from dts307.meter import Reading
from dts307.meter.phases import PARTS
from dts307.observer import Observation

from .view import MeterView

_QUANTITIES: Final = (
    "current",
    "voltage_line_to_neutral",
    "voltage_line_to_line",
    "power",
    "apparent_power",
    "reactive_power",
    "power_factor",
    "energy_imported",
    "energy_exported",
)
COLUMNS: Final = (
    "time",
    "place",
    "serial_number",
    "frequency",
    *(f"{name}_{part}" for name in _QUANTITIES for part in PARTS),
)


class CsvLog:
    """A file that is begun and ended with a key: a row for each reading of each meter."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``, once it is switched on."""
        self._folder = folder
        self._file: TextIO | None = None
        self.path: Path | None = None
        """The file that is being written, if any."""
        self.rows = 0

    def switch(self, now: datetime) -> None:
        """Begin a new file, whose name has the local time, or end the one that is written.

        Raises OSError if it cannot be created; FileExistsError if it exists.
        """
        if self._file is not None:
            self.close()
            return
        path = self._folder / f"dts307-{now:%Y%m%d-%H%M%S}.csv"
        self._file = path.open("x", newline="", encoding="utf-8")
        self.path, self.rows = path, 0
        csv.writer(self._file).writerow(COLUMNS)

    def write(self, now: datetime, view: MeterView, observation: Observation) -> None:
        """Write a reading, if the log is on.

        Raises OSError if that fails; the log is off then.
        """
        if self._file is None:
            return
        serial = view.identity.serial_number if view.identity else ""
        try:
            csv.writer(self._file).writerow(
                [
                    now.astimezone().isoformat(timespec="milliseconds"),
                    view.place,
                    serial,
                    *_cells(observation.reading),
                ]
            )
            self._file.flush()
        except OSError:
            self.close()
            raise
        self.rows += 1

    def close(self) -> None:
        """End the file."""
        file, self._file, self.path = self._file, None, None
        if file is not None:
            file.close()


def _cells(reading: Reading) -> Iterator[float | None]:
    """Yield the values in the order of the columns; what is not known is an empty cell."""
    yield reading.frequency
    for name in _QUANTITIES:
        for part in PARTS:
            yield getattr(getattr(reading, name), part)
