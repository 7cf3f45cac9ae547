"""Why interval data cannot be written in a format: one class per reason."""

from typing import ClassVar


class ExportError(ValueError):
    """The format cannot hold this interval data.

    ``reason`` identifies the kind of failure; translation keys are made from it.
    """

    reason: ClassVar[str]


class NothingToExportError(ExportError):
    """There is no interval to export."""

    reason = "nothing_to_export"


class IntervalLengthError(ExportError):
    """The format does not know intervals of this length."""

    reason = "interval_length"


class NoWholeDayError(ExportError):
    """The format holds whole days only, and no day is whole."""

    reason = "no_whole_day"
