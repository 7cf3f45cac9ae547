"""The guard over one energy counter: a pure state machine, immutable, with time passed in.

A counter of a revenue meter only ever grows, and no faster than current and voltage allow: that is
its reach (``limits``). A reading within the reach of the time since the last good one, and of the
longest interval between polls at most, that is no more than the power at that moment makes likely,
is believed at once. All else is held back, and the last good value stands, until a second reading
agrees. The two begin a row, which is believed if it fits what is trusted:

- forward, within the reach of all the time that had passed when the row began, as after an outage;
- back by one count, or to the good reading before the last, as that may have been read too high;
- as a register that started over at the end of its 32 bits, if only the last bit of its way was
  left to go. Else a counter that was set back in a long outage could be taken for that.

What does not fit has lasted for some time when it becomes a question to the owner: was the counter
set back, or is the leap real? A question stays until it is answered, or the register is back where
it belongs. Neither a wrong reading in between, nor time, turns what was impossible at first into
something that may be believed: a row goes on with the reading that continues it, and is judged by
how it began.

So what is published never falls. Wrong readings that stand alone put it ahead of what went through
the meter by no more than that likely reach, and only until the register has caught up; and it falls
short by no more than what the meter itself has lost.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
import math
from typing import Any, Final

from ..sample import CONSECUTIVE_WITHIN, Sample
from .candidate import CONFIRMING_READS, Candidate
from .limits import Limits

_LAST_BIT_OF_THE_WAY: Final = 1 / 16
"""Share of its range that a register may have left, to be taken for one that has started over."""

_POINTS: Final = ("first", "before", "last")


class CounterQuestion(StrEnum):
    """What only the owner can know about a counter that has long been held."""

    SET_BACK = "set_back"
    """The register is lower than it was: was it set back?"""
    LEAP = "leap"
    """The register is higher than it can be: is the energy real?"""


class CounterAnswer(StrEnum):
    """What the owner may answer."""

    ZERO = "zero"
    """It was set back to zero, and what it shows has gone through since."""
    ELSEWHERE = "elsewhere"
    """It was set back to another number; it counts from where it was first seen."""
    NOT_SET_BACK = "not_set_back"
    """What stood before was wrong; what is published waits for the register."""
    REAL = "real"
    """The leap is energy."""
    NOT_REAL = "not_real"
    """The leap is none, and left out."""


ANSWERS: Final = {
    CounterQuestion.SET_BACK: (
        CounterAnswer.ZERO,
        CounterAnswer.ELSEWHERE,
        CounterAnswer.NOT_SET_BACK,
    ),
    CounterQuestion.LEAP: (CounterAnswer.REAL, CounterAnswer.NOT_REAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What is believed of a counter, in Wh that are carried on where the register was not.

    A reading that stands alone may be wrong by so little that nothing gives it away. So the last
    two are kept: from one of them, at least, the counter can reach whatever comes next.
    """

    last: Sample
    before: Sample
    offset: float = 0.0
    """Wh that are carried: the register started over, was set back, or is another meter's"""
    floor: float = 0.0
    """Wh that have been published already, which the register may have to catch up with"""

    @classmethod
    def begun(cls, row: Candidate, base: float | None) -> Trusted:
        """Return what is believed after a confirmed row; it goes on from ``base`` if there is one.

        What it has counted since it was first seen is counted.
        """
        offset = 0.0 if base is None else base - row.first.value
        return cls(
            last=replace(row.last, value=row.last.value + offset),
            before=replace(row.before, value=row.before.value + offset),
            offset=offset,
            floor=base or 0.0,
        )

    @property
    def published(self) -> float:
        """What the counter shows, in Wh."""
        return max(self.last.value, self.floor)

    @property
    def register(self) -> float:
        """What the meter's own register shows, in Wh."""
        # A sum of two floats and back again leaves dust that no register has.
        return round(self.last.value - self.offset, 6)

    def way_to(self, raw: float) -> float:
        """Return the Wh from here to a register value; negative if it is behind."""
        return raw + self.offset - self.last.value

    def is_soon_followed_by(self, raw: float, now: float, limits: Limits) -> bool:
        """Tell whether a single reading may be believed."""
        likely = limits.for_a_single_reading
        return (
            self.last.value <= raw + self.offset <= self._highest(now, likely, CONSECUTIVE_WITHIN)
        )

    def carrying_row(self, row: Candidate, limits: Limits) -> float | None:
        """Return what more has to be carried for a row to be believed, in Wh; None if it is not."""
        further = self._carrying(row.first, limits) if row.confirmed else None
        if further is None and row.reads == CONFIRMING_READS:
            # The first reading of a row may be wrong, and the next one not.
            further = self._carrying(row.last, limits)
        return further

    def _carrying(self, point: Sample, limits: Limits) -> float | None:
        """Return what more has to be carried for a confirmed value to be believed."""
        value = point.value + self.offset
        lowest = min(self.last.value, self.before.value) - limits.resolution
        highest = self._highest(point.at, limits)
        # A register that goes back count by count is not waited for without end.
        if max(lowest, self.published - limits.reach(CONSECUTIVE_WITHIN)) <= value <= highest:
            return 0.0
        turn = limits.modulus or math.inf
        left = value + turn - self.last.value
        if value + turn <= highest and 0 <= left <= turn * _LAST_BIT_OF_THE_WAY:
            return turn
        return None

    def _highest(self, now: float, limits: Limits, longest: float = math.inf) -> float:
        return max(limits.highest_after(point, now, longest) for point in (self.last, self.before))

    def believing(self, raw: float, now: float, before: Sample) -> Trusted:
        """Return what is believed after a single reading."""
        last = Sample(value=raw + self.offset, at=now)
        return replace(self, last=last, before=before, floor=self.published)

    def believing_row(self, row: Candidate, further: float) -> Trusted:
        """Return what is believed after a row, which is carried ``further`` on."""
        offset = self.offset + further
        return Trusted(
            last=replace(row.last, value=row.last.value + offset),
            before=replace(row.before, value=row.before.value + offset),
            offset=offset,
            floor=self.published,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterFilter:
    """The state of the guard over one counter."""

    trusted: Trusted | None = None
    row: Candidate | None = None
    """what may be where the counter really is"""
    rival: Candidate | None = None
    """what has been read since then instead, if the row was confirmed"""
    base: float | None = None
    """Wh to go on from, which another meter in this place had counted"""

    @property
    def published(self) -> float | None:
        """What the counter shows, in Wh; None until the first reading is confirmed."""
        return self.base if self.trusted is None else self.trusted.published

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the next reading may settle what the latest alone could not."""
        latest = self.rival or self.row
        return latest is not None and not latest.confirmed

    @property
    def suspicion(self) -> CounterQuestion | None:
        """What may have to be asked, if it lasts."""
        trusted, row = self.trusted, self.row
        if trusted is None or row is None or not row.confirmed:
            return None
        lower = row.first.value + trusted.offset < trusted.last.value
        return CounterQuestion.SET_BACK if lower else CounterQuestion.LEAP

    @property
    def question(self) -> CounterQuestion | None:
        """What has to be asked, because it has lasted."""
        return self.suspicion if self.row is not None and self.row.lasts else None

    def after(self, raw: float, now: float, limits: Limits) -> CounterFilter:
        """Return the state after a reading of ``raw`` Wh at the time ``now``."""
        if self.trusted is None:
            return self._after_first(raw, now, limits)
        trusted, row = self.trusted, self.row
        standing = row is not None and row.confirmed
        soon = trusted.is_soon_followed_by(raw, now, limits)
        if soon and not standing:
            # While the last one believed is contested, it is not what to go back to.
            contested = row is not None and trusted.way_to(row.last.value) < 0
            before = trusted.before if contested else trusted.last
            return CounterFilter(trusted=trusted.believing(raw, now, before))
        rival = self.rival
        if row is not None and not soon and row.is_followed_by(raw, now, limits):
            row = latest = row.followed_by(raw, now)
            rival = None
        elif rival is not None and rival.is_followed_by(raw, now, limits):
            rival = latest = rival.followed_by(raw, now)
            way = trusted.way_to(rival.first.value)
            if row is not None and standing and row.goes_on_in(rival, limits, way):
                row = latest = row.joined(rival)
                rival = None
        else:
            latest = Candidate.begun(raw, now)
            row, rival = row if standing else rival or row, latest
        further = trusted.carrying_row(latest, limits)
        if further is not None:
            return CounterFilter(trusted=trusted.believing_row(latest, further))
        if row is None or latest.lasts or (latest.confirmed and not standing):
            row, rival = latest, None
        return replace(self, row=row, rival=rival)

    def _after_first(self, raw: float, now: float, limits: Limits) -> CounterFilter:
        """Return the state after a reading while nothing is trusted yet."""
        if self.row is None or not self.row.is_followed_by(raw, now, limits):
            return replace(self, row=Candidate.begun(raw, now))
        return CounterFilter(trusted=Trusted.begun(self.row.followed_by(raw, now), self.base))

    def is_known_anew(self, earlier: CounterFilter) -> bool:
        """Tell whether two readings have been believed since an earlier state."""
        if self.trusted is None:
            return False
        known = earlier.trusted
        return known is None or self.trusted.before not in (known.last, known.before)

    def settled(self, answer: CounterAnswer, limits: Limits) -> CounterFilter:
        """Return the state after the owner's answer, if it is about this counter."""
        trusted, row, suspicion = self.trusted, self.row, self.suspicion
        if trusted is None or row is None or suspicion is None:
            return self
        if answer not in ANSWERS[suspicion]:
            return self
        begun = trusted.last.value - trusted.offset
        if answer in (CounterAnswer.ELSEWHERE, CounterAnswer.NOT_REAL):
            begun = row.first.value
        elif answer is CounterAnswer.ZERO:
            zero = Sample(value=0.0, at=trusted.last.at)
            begun = (
                0.0
                if row.first.value <= limits.highest_after(zero, row.first.at)
                else row.first.value
            )
        further = trusted.last.value - trusted.offset - begun
        return CounterFilter(trusted=trusted.believing_row(row, further))

    def taken_over(self) -> CounterFilter:
        """Return the state in which another meter goes on from what is published."""
        return CounterFilter(base=self.published)

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CounterFilter:
        """Return the state that ``as_dict`` described."""
        trusted, row, rival = stored["trusted"], stored["row"], stored["rival"]
        return cls(
            trusted=trusted and Trusted(**_with_points(trusted)),
            row=row and Candidate(**_with_points(row)),
            rival=rival and Candidate(**_with_points(rival)),
            base=stored["base"],
        )


def _with_points(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Sample(**value) if key in _POINTS else value for key, value in stored.items()}
