"""The identity that a meter reports."""

from dataclasses import dataclass
from typing import Final

_SIGNIFICANT: Final = frozenset("123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The identity that a meter reports (SunSpec model 1); texts that it omits are empty."""

    manufacturer: str = ""
    model: str = ""
    options: str = ""
    version: str = ""
    serial_number: str = ""

    @property
    def has_serial_number(self) -> bool:
        """Whether the serial number can distinguish the meter from others.

        Placeholders such as 0, N/A or FFFF contain no digit from 1 to 9.
        """
        return not _SIGNIFICANT.isdisjoint(self.serial_number)
