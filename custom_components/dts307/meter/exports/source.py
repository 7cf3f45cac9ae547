"""What a file says about the meter that its interval data is of."""

from dataclasses import dataclass
from datetime import datetime, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The meter, its clock and its intervals."""

    name: str
    """as the owner calls the meter"""
    serial_number: str
    unique_id: str
    """what distinguishes the meter from every other one"""
    zone: tzinfo
    seconds: int
    """the length of an interval"""
    created: float
    """s since 1970; when the file is made"""

    def local(self, at: float) -> datetime:
        """Return an instant in s on the local clock."""
        return datetime.fromtimestamp(at, self.zone)
