"""The guard over energy counters: no glitch gets through, no kilowatt-hour gets lost.

A counter of a revenue meter only ever grows, and no faster than current and voltage allow: that is
its reach. What stays within the reach of the time since the last good reading, and of the longest
interval between polls at most, and is no more than the power at the reading makes likely, is
believed at once. All else is held back, and the last good value stands, until a second reading in a
row agrees with the first:

- forward within the reach of all the time that has passed, as after an outage, is believed then;
- back by no more than the reach of that interval is believed, too: either one reading had been too
  high, or the meter lost this much. What is published waits until the register has caught up;
- a 32-bit register that started over, within reach, is believed and carried on from.

What still does not fit has lasted for some time when it becomes a question to the owner: was the
counter set back, or is the leap real?

So what is published never falls. Wrong readings that stand alone put it ahead of what went through
the meter by no more than the reach of that interval, and only until the register has caught up; and
it falls short by no more than what the meter itself has lost. This is a pure state machine: states
are immutable, time is passed in, and nothing here knows how states are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
import math
from typing import Any, Final

from .limits import ENERGIES, Limits, counter_limits
from .reading import PerPhase, Reading

_PROMPT_SECONDS: Final = 90.0
"""The longest interval between two polls, and half of it again."""
_LONGEST_OUTAGE: Final = 30 * 86400.0
"""What is allowed for when the clock was set back, so that nobody knows how long it was."""

_CONFIRMING_READS: Final = 2
_LASTING_READS: Final = 6
_LASTING_SECONDS: Final = 60.0

PARTS: Final = ("total", "a", "b", "c")
_POINTS: Final = ("first", "before", "last")


class Question(StrEnum):
    """What only the owner can know about a counter that has long been held."""

    SET_BACK = "set_back"
    """The register is lower than it was: was it set back?"""
    LEAP = "leap"
    """The register is higher than it can be: is the energy real?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where a counter was at a time: Wh and s."""

    value: float
    at: float

    def reach(self, now: float, limits: Limits, longest: float = math.inf) -> float:
        """Return how far the counter can have come by now; ``longest`` seconds are allowed for."""
        return self.value + limits.reach(min(_elapsed(self.at, now), longest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What is believed of a counter, in Wh that are carried on where the register was not.

    A reading that stands alone may be wrong by so little that nothing gives it away. So the last
    two are kept: from one of them, at least, the counter can reach whatever comes next.
    """

    last: Point
    before: Point
    offset: float = 0.0
    """Wh that are carried: the register started over, or was set back"""
    floor: float = 0.0
    """Wh that have been published already, which the register may have to catch up with"""

    @property
    def published(self) -> float:
        """What the counter shows, in Wh."""
        return max(self.last.value, self.floor)

    @property
    def register(self) -> float:
        """What the meter's own register shows, in Wh."""
        # A sum of two floats and back again leaves dust that no register has.
        return round(self.last.value - self.offset, 6)

    def carrying(self, raw: float, now: float, limits: Limits, *, confirmed: bool) -> float | None:
        """Return what more has to be carried for a register to be believed; None if it is not."""
        longest = math.inf if confirmed else _PROMPT_SECONDS
        lowest = self.last.value - (limits.reach(_PROMPT_SECONDS) if confirmed else 0.0)
        allowed = limits if confirmed else limits.for_a_single_reading
        highest = max(point.reach(now, allowed, longest) for point in (self.last, self.before))
        turn = limits.modulus if confirmed and limits.modulus else 0.0
        for further in (0.0, turn):
            if lowest <= raw + self.offset + further <= highest:
                return further
        return None

    def believing(self, raw: float, now: float, before: Point, further: float) -> Trusted:
        """Return what is believed after a register that is carried ``further`` on."""
        offset = self.offset + further
        return Trusted(
            last=Point(value=raw + offset, at=now),
            before=before,
            offset=offset,
            floor=self.published,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Register values in a row that agree with one another, but not yet with what is trusted."""

    first: Point
    before: Point
    last: Point
    reads: int

    @classmethod
    def begun(cls, raw: float, now: float) -> Candidate:
        """Return a row of one."""
        point = Point(value=raw, at=now)
        return cls(first=point, before=point, last=point, reads=1)

    def followed_by(self, raw: float, now: float, limits: Limits) -> Candidate:
        """Return the row after another reading: a longer one, or a new one."""
        lowest, highest = self.last.value - limits.resolution, self.last.reach(now, limits)
        if not lowest <= raw <= highest or _elapsed(self.last.at, now) > _PROMPT_SECONDS:
            return self.begun(raw, now)
        last = Point(value=raw, at=now)
        return replace(self, before=self.last, last=last, reads=self.reads + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """The state of the guard over one counter."""

    trusted: Trusted | None = None
    candidate: Candidate | None = None

    @property
    def published(self) -> float | None:
        """What the counter shows, in Wh; None until the first reading is confirmed."""
        return None if self.trusted is None else self.trusted.published

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the next reading may settle what the latest alone could not."""
        return self.candidate is not None and self.candidate.reads < _CONFIRMING_READS

    @property
    def question(self) -> Question | None:
        """What has to be asked, because it has lasted."""
        trusted, candidate = self.trusted, self.candidate
        if trusted is None or candidate is None or candidate.reads < _LASTING_READS:
            return None
        if candidate.last.at - candidate.first.at < _LASTING_SECONDS:
            return None
        lower = candidate.first.value + trusted.offset < trusted.last.value
        return Question.SET_BACK if lower else Question.LEAP

    def after(self, raw: float, now: float, limits: Limits) -> Counter:
        """Return the state after a reading of ``raw`` Wh at the time ``now``."""
        if self.candidate is None:
            candidate = Candidate.begun(raw, now)
        else:
            candidate = self.candidate.followed_by(raw, now, limits)
        confirmed = candidate.reads >= _CONFIRMING_READS
        trusted = self.trusted
        if trusted is None:
            if confirmed:
                return Counter(trusted=Trusted(last=candidate.last, before=candidate.before))
            return Counter(candidate=candidate)

        # The first reading of a row may be wrong, and the next one not; but what does not fit then
        # has lasted, and the time that it lasts makes a leap no likelier.
        judged = [candidate.first]
        if candidate.reads == _CONFIRMING_READS:
            judged.append(candidate.last)
        for point in judged:
            further = trusted.carrying(point.value, point.at, limits, confirmed=confirmed)
            if further is not None:
                before = trusted.last
                if confirmed:
                    carried = candidate.before.value + trusted.offset + further
                    before = replace(candidate.before, value=carried)
                return Counter(trusted=trusted.believing(raw, now, before, further))
        return Counter(trusted=trusted, candidate=candidate)

    def settled(self, limits: Limits, *, real: bool) -> Counter:
        """Return the state after the owner's answer; without a question, nothing changes.

        ``real`` says that the counter really was set back, or that the leap really was energy. A
        counter that was set back is taken to have begun at zero, if it can have come to where it
        was first seen since; else at where it was first seen. If it was not set back, what stood
        before was wrong, and what is published waits for the register. A leap that is not real is
        left out.
        """
        trusted, candidate, question = self.trusted, self.candidate, self.question
        if trusted is None or candidate is None or question is None:
            return self
        register = trusted.last.value - trusted.offset
        begun = register
        if question is Question.SET_BACK and real:
            reach = Point(value=0.0, at=trusted.last.at).reach(candidate.first.at, limits)
            begun = 0.0 if candidate.first.value <= reach else candidate.first.value
        elif question is Question.LEAP and not real:
            begun = candidate.first.value
        further = register - begun
        last = candidate.last
        point = replace(last, value=last.value + trusted.offset + further)
        return Counter(trusted=trusted.believing(last.value, last.at, point, further))

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Counter:
        """Return the state that ``as_dict`` described."""
        trusted, candidate = stored["trusted"], stored["candidate"]
        return cls(
            trusted=trusted and Trusted(**_with_points(trusted)),
            candidate=candidate and Candidate(**_with_points(candidate)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """What the meter's display shows of its two totals, to be compared with a bill.

    It differs from what is published where a counter is carried on: after the register started
    over or was set back, and in another meter that has taken the place of the first.
    """

    imported: Point | None = None
    exported: Point | None = None


type Counters = Mapping[str, Counter]
"""The guarded counters of a meter, by quantity and part, such as ``energy_imported.total``."""


def guarded(
    counters: Counters, reading: Reading, now: float, service_current: float | None
) -> tuple[Counters, Reading]:
    """Return the counters after a reading, and the reading with what may be believed of them.

    ``now`` is the time in seconds, on one clock across restarts. ``service_current`` is the CT
    rating times the number of CT sets in A (guide 3.4), if the owner has told it. A counter that is
    left out of a reading stands where it was, and so does one that is read less often: what is
    merely repeated is no second reading.
    """
    after = dict(counters)
    quantities: dict[str, Any] = {}
    for name, energy in ENERGIES.items():
        values: PerPhase = getattr(reading, name)
        repeated = energy.rare and not reading.whole
        published: dict[str, float | None] = {}
        for part in PARTS:
            key = f"{name}.{part}"
            raw = getattr(values, part)
            if raw is not None and not repeated:
                limits = counter_limits(reading, key, raw, service_current)
                after[key] = after.get(key, Counter()).after(raw, now, limits)
            published[part] = after[key].published if key in after else None
        quantities[name] = PerPhase(**published)
    return after, replace(reading, **quantities)


def registers(counters: Counters) -> Registers:
    """Return the registers behind the counters, as far as they are believed."""

    def register(key: str) -> Point | None:
        trusted = counters.get(key, Counter()).trusted
        return None if trusted is None else Point(value=trusted.register, at=trusted.last.at)

    return Registers(
        imported=register("energy_imported.total"), exported=register("energy_exported.total")
    )


def without(reading: Reading, keys: Iterable[str]) -> Reading:
    """Return a reading that leaves some of the guarded counters out."""
    for key in keys:
        name, _, part = key.partition(".")
        values: PerPhase = replace(getattr(reading, name), **{part: None})
        quantity: dict[str, Any] = {name: values}
        reading = replace(reading, **quantity)
    return reading


def settled(
    counters: Counters,
    question: Question,
    reading: Reading,
    service_current: float | None,
    *,
    real: bool,
) -> Counters:
    """Return the counters after the owner answered a question for all that it concerns."""

    def settle(key: str, counter: Counter) -> Counter:
        if counter.question is not question:
            return counter
        raw = counter.published or 0.0
        return counter.settled(counter_limits(reading, key, raw, service_current), real=real)

    return {key: settle(key, counter) for key, counter in counters.items()}


def taken_over(counters: Counters, reading: Reading, now: float) -> Counters:
    """Return the counters after another meter has taken the place of the one that they were of.

    What is published goes on from where it was, whatever the new meter's registers have counted
    before.
    """
    after = {}
    for key, counter in counters.items():
        quantity, _, part = key.partition(".")
        raw = getattr(getattr(reading, quantity), part)
        published = counter.published
        if raw is not None and published is not None:
            point = Point(value=published, at=now)
            after[key] = Counter(
                trusted=Trusted(last=point, before=point, offset=published - raw, floor=published)
            )
    return after


def questions(counters: Counters) -> frozenset[Question]:
    """Return what has to be asked about a meter's counters."""
    return frozenset(counter.question for counter in counters.values() if counter.question)


def _with_points(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {key: Point(**value) if key in _POINTS else value for key, value in stored.items()}


def _elapsed(then: float, now: float) -> float:
    return now - then if now >= then else _LONGEST_OUTAGE
