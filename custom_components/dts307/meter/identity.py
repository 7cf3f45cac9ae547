"""Who a meter says it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a meter says it is (SunSpec model 1); a text the meter leaves out is empty."""

    manufacturer: str = ""
    model: str = ""
    options: str = ""
    version: str = ""
    serial_number: str = ""
