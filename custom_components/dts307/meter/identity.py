"""The identity that a meter reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identity that a meter reports (SunSpec model 1); texts that it omits are empty."""

    manufacturer: str = ""
    model: str = ""
    options: str = ""
    version: str = ""
    serial_number: str = ""
