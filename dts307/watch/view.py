"""What the screen shows of one meter at one instant."""

from dataclasses import dataclass
from datetime import datetime

from dts307.meter import Identity
from dts307.observer import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterView:
    """The latest reading of a meter, how old it is, and why there is no newer one."""

    place: str
    """where the meter is, such as unit 100"""
    identity: Identity | None = None
    """None until the meter has been identified"""
    latest: Observation | None = None
    """None before the first reading"""
    read_at: datetime | None = None
    """local time of the latest reading"""
    age: float | None = None
    """s since the latest reading"""
    longest_age: float
    """s after which a reading is not shown any more"""
    failure: str | None = None
    """the reason of the MeterError of the last poll; None if it succeeded"""
    explanation: str = ""
    """what the failure means, and what to do"""
    asking: bool = False
    """whether a request is under way"""
    answer_time: float | None = None
    """s that the latest reading took"""
    success_rate: float | None = None
    """share of the last attempts that brought a reading, 0 to 1"""

    @property
    def shown(self) -> Observation | None:
        """The latest reading, if it still holds: the last poll succeeded, and not long ago."""
        if self.failure is not None or self.age is None or self.age > self.longest_age:
            return None
        return self.latest

    @property
    def name(self) -> str:
        """The meter's model as it states it."""
        return (self.identity.model if self.identity else "") or "DTS 307"
