"""Since when a gateway or the meter itself holds its values, and how often it refreshes them.

Measured values never stay exactly the same for long. Those that a cache holds do, and then change
at once, by the energy of the whole time. docs/internals/counter-filter.md explains what follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
import hashlib
from operator import attrgetter
from typing import Final

from ..phases import PARTS
from ..sample import CONSECUTIVE_WITHIN
from ..sunspec import Reading
from .limits import ACTIVE_ENERGIES, count_size, elapsed, measured_power

_VALUES: Final = attrgetter(
    "current",
    "voltage_line_to_neutral",
    "voltage_line_to_line",
    "frequency",
    "power",
    "apparent_power",
    "reactive_power",
    *ACTIVE_ENERGIES,
)
"""What every reading brings: values of the same instant as the energies."""

_SHORTEST: Final = 60.0
_LONGEST: Final = 7200.0
"""s between two refreshes"""
_FEWEST_POLLS: Final = 4
_INTERVALS: Final = 3
_ALIKE: Final = 1.5
"""How much longer the longest of these intervals may be than the shortest."""

_COUNTS_PER_REFRESH: Final = 2.0
"""More than what the power at one of two polls does not account for, if the meter is live."""

_EARLY_CHANGES: Final = 3
"""Changes in a row that show that nothing is cached; a wrong reading makes only two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RefreshInterval:
    """A time in which nothing changed, and the change that ended it."""

    seconds: float
    is_complete: bool
    """whether it began with a change, and not with the first reading"""
    counts: float
    """by how many counts an energy changed more than the measured power accounts for"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldValues:
    """The values that a meter showed last before a restart."""

    digest: str
    """a hash of the values"""
    at: float
    """s; when they were last read"""
    earliest: float
    """s; the earliest that the meter can have measured them"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCadence:
    """What consecutive readings show about how often their values are refreshed."""

    period: float = 0.0
    """s from one refresh to the next; 0 if the values are live, or it is not known yet"""
    restored: HeldValues | None = None
    """what was shown before a restart, until the first reading after it"""
    latest: Reading | None = None
    at: float = 0.0
    """s; when ``latest`` was read"""
    unchanged_since: float = 0.0
    """s; when these values were first read"""
    earliest: float | None = None
    """s; the earliest that the meter can have measured these values; None if they are the first"""
    polls: int = 0
    """how many readings had these values"""
    is_complete: bool = False
    """whether these values were seen to begin"""
    intervals: tuple[_RefreshInterval, ...] = ()
    """the latest ones, as long as they follow each other"""
    early: int = 0
    """how many changes in a row have come long before the period was over"""
    former: RefreshCadence | None = None
    """the state before these values, while they have been read only once"""

    @property
    def held(self) -> float:
        """For how many s the values of the latest reading may have been held by then.

        A reading without equal is new: nothing shows that anything holds its values. The first ones
        may be of any age, but a live meter may repeat them for some polls.
        """
        if self.earliest is None:
            seen = self.at - self.unchanged_since
            return _LONGEST if self.polls >= _FEWEST_POLLS else seen + _SHORTEST
        return min(elapsed(self.earliest, self.at), _LONGEST) if self.polls > 1 else 0.0

    @property
    def held_values(self) -> HeldValues | None:
        """What to restore after a restart, so that these values do not seem to be new."""
        if self.latest is None:
            return self.restored
        earliest = self.at - self.held if self.earliest is None else self.earliest
        return HeldValues(digest=_digest(self.latest), at=self.at, earliest=earliest)

    def after(self, reading: Reading, now: float) -> RefreshCadence:
        """Return the state after a reading; ``now`` is in s."""
        before = self.latest
        if before is None or now < self.at:
            return self._started_with(reading, now)
        is_consecutive = now - self.at <= CONSECUTIVE_WITHIN
        if _VALUES(reading) == _VALUES(before):
            after = replace(self, latest=reading, at=now, polls=self.polls + 1, former=None)
            # How often they were refreshed in a gap is unknown.
            return after if is_consecutive else replace(after, is_complete=False, intervals=())
        if not is_consecutive:
            # A change may have been missed.
            return self._begun_with(reading, now, self.at)
        if self.former and self.former.latest and _VALUES(reading) == _VALUES(self.former.latest):
            # The reading in between was wrong.
            polls = self.former.polls + 2
            return replace(self.former, latest=reading, at=now, polls=polls, former=None)
        return self._changed_to(reading, before, now)

    def _started_with(self, reading: Reading, now: float) -> RefreshCadence:
        """Return the state after the first reading of a run, or after the clock was set back."""
        if self.restored is None:
            return self._begun_with(reading, now, None)
        if _digest(reading) == self.restored.digest:
            return replace(self._begun_with(reading, now, self.restored.earliest), polls=2)
        return self._begun_with(reading, now, self.restored.at)

    def _begun_with(self, reading: Reading, now: float, earliest: float | None) -> RefreshCadence:
        """Return the state after the first reading that does not follow another one."""
        return RefreshCadence(
            period=self.period,
            latest=reading,
            at=now,
            unchanged_since=now,
            earliest=earliest,
            polls=1,
        )

    def _changed_to(self, reading: Reading, before: Reading, now: float) -> RefreshCadence:
        """Return the state after a reading with other values than the poll ``before``."""
        interval = _RefreshInterval(
            seconds=now - self.unchanged_since,
            is_complete=self.is_complete,
            counts=max(_unexplained_counts(before, reading, now - self.at), default=0.0),
        )
        lasted = _SHORTEST <= interval.seconds <= _LONGEST and self.polls >= _FEWEST_POLLS
        intervals = (*self.intervals, interval)[-_INTERVALS:] if lasted else ()
        period = _period(intervals) or self.period
        is_early = interval.is_complete and interval.seconds < period / 2
        early = self.early + 1 if is_early else 0
        return RefreshCadence(
            period=0.0 if early >= _EARLY_CHANGES else period,
            latest=reading,
            at=now,
            unchanged_since=now,
            earliest=self.at,
            polls=1,
            is_complete=True,
            intervals=intervals,
            early=early,
            former=replace(self, former=None),
        )


def _digest(reading: Reading) -> str:
    return hashlib.sha256(repr(_VALUES(reading)).encode()).hexdigest()


def _period(intervals: tuple[_RefreshInterval, ...]) -> float:
    """Return the period in s that intervals in a row prove; 0 if they do not."""
    if len(intervals) < _INTERVALS:
        return 0.0
    complete = [interval.seconds for interval in intervals if interval.is_complete]
    longest = max(interval.seconds for interval in intervals)
    counts = sum(interval.counts for interval in intervals)
    # The first readings came somewhere in their interval, so it may have lasted longer.
    alike = longest <= _ALIKE * min(complete)
    return max(complete) if alike and counts > _COUNTS_PER_REFRESH * _INTERVALS else 0.0


def _unexplained_counts(before: Reading, reading: Reading, seconds: float) -> Iterator[float]:
    """Yield by how many counts energies have changed that the higher power does not explain."""
    for name in ACTIVE_ENERGIES:
        for part in PARTS:
            then, now = getattr(getattr(before, name), part), getattr(getattr(reading, name), part)
            if then is not None and now is not None and now != then:
                key = f"{name}.{part}"
                power = max(measured_power(before, key), measured_power(reading, key))
                change = abs(now - then) - power * seconds / 3600
                yield max(0.0, change) / count_size(reading, name, now)
