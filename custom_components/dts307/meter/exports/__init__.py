"""Interval data as files that other programs read: CSV, Green Button and NEM12."""

from .export import ExportedFile, Format, export, needed_span
from .refusal import ExportError, IntervalLengthError, NothingToExportError, NoWholeDayError
from .source import Source

__all__ = [
    "ExportError",
    "ExportedFile",
    "Format",
    "IntervalLengthError",
    "NoWholeDayError",
    "NothingToExportError",
    "Source",
    "export",
    "needed_span",
]
