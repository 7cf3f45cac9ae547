"""Write the readings of the screen into a CSV file."""

from collections.abc import Iterator
from contextlib import suppress
import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from dts307.meter import Reading
from dts307.meter.phases import PARTS
from dts307.observer import Observation
from dts307.quantities import FREQUENCY, QUANTITIES

from .view import MeterView

COLUMNS: Final = (
    "time",
    "place",
    "serial_number",
    *(f"{quantity.field}_{part}" for quantity in QUANTITIES for part in PARTS),
    FREQUENCY.field,
)
"""Those of ``dts307 log --csv``, but with all phases, as one file has several meters."""


_LINE_END: Final = "\n"


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
        csv.writer(self._file, lineterminator=_LINE_END).writerow(COLUMNS)

    def write(self, now: datetime, view: MeterView, observation: Observation) -> None:
        """Write a reading, if the log is on.

        Raises OSError if that fails; the log is off then.
        """
        if self._file is None:
            return
        serial = view.identity.serial_number if view.identity else ""
        try:
            csv.writer(self._file, lineterminator=_LINE_END).writerow(
                [
                    now.astimezone(UTC).isoformat(timespec="milliseconds"),
                    view.place,
                    serial,
                    *_cells(observation.reading),
                ]
            )
            self._file.flush()
        except OSError:
            # Closing the file tries once more to write what could not be written.
            with suppress(OSError):
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
    for quantity in QUANTITIES:
        for part in PARTS:
            yield getattr(getattr(reading, quantity.field), part)
    yield reading.frequency
