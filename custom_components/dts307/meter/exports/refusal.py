"""Why interval data cannot be written in a format: one class per reason."""

from typing import ClassVar


class ExportError(ValueError):
    """The format cannot hold this interval data.

    ``reason`` identifies the kind of failure; translation keys are made from it.
    """

    reason: ClassVar[str]


class NothingToExportError(ExportError):
    """There is no interval to export."""

    reason = "nothing_known"


class IntervalLengthError(ExportError):
    """The format does not know intervals of this length."""

    reason = "nem12_interval_length"


class NoWholeDayError(ExportError):
    """The format holds whole days only, and no day is whole."""

    reason = "nem12_no_whole_day"
