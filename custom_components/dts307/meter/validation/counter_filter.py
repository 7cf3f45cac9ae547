"""The filter of one energy counter: a pure state machine, immutable, with time passed in.

A counter only increases, and no faster than current and voltage allow (``limits``). Two rules
follow, for the reads x1, x2, … of its register:

1. A read is *confirmed* if the next one can follow it and it can follow what was confirmed before.
2. The latest read is *believed at once* if the measured power explains its rise above what is
   confirmed.

Of two reads in a row, let one be right. Then what is confirmed never exceeds the true register: it
is at most the next read, and one of the two is right. What is published exceeds it by no more than
the power accounts for since then. Confirmed reads that cannot follow are a *contender*, and become
a question to the owner if they last.

docs/internals/counter-filter.md has the proof and its limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
import math
from typing import Any, Final

from .contender import Contender
from .limits import Limits, elapsed
from .read import Read, likely_energy
from .trusted import Trusted


class CounterQuestion(StrEnum):
    """What only the owner can know about a counter that has long been in quarantine."""

    SET_BACK = "set_back"
    """The register is lower than it was: was it set back?"""
    LEAP = "leap"
    """The register is higher than it can be: is the energy real?"""


class CounterAnswer(StrEnum):
    """What the owner may answer."""

    ZERO = "zero"
    """It was set back to zero, and what it shows has been counted since."""
    ELSEWHERE = "elsewhere"
    """It was set back to another number; it counts from where it was first seen."""
    ROLLED_OVER = "rolled_over"
    """It got to its end and continued from zero."""
    NOT_SET_BACK = "not_set_back"
    """The old value was wrong; the published value waits for the register."""
    REAL = "real"
    """The leap is energy."""
    NOT_REAL = "not_real"
    """The leap is no energy, and is left out."""


ANSWERS: Final = {
    CounterQuestion.SET_BACK: (
        CounterAnswer.ZERO,
        CounterAnswer.ELSEWHERE,
        CounterAnswer.ROLLED_OVER,
        CounterAnswer.NOT_SET_BACK,
    ),
    CounterQuestion.LEAP: (CounterAnswer.REAL, CounterAnswer.NOT_REAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterFilter:
    """The state of the filter of one counter."""

    trusted: Trusted | None = None
    latest: Read | None = None
    """the latest read, believed or not"""
    latest_follows: bool = False
    """whether it can follow the read before it, while nothing is trusted yet"""
    contender: Contender | None = None
    """where the register may really be"""
    rival: Contender | None = None
    """another contender, while the first one is a question"""
    base: float | None = None
    """Wh (VAh, varh) to continue from, which the replaced meter had counted"""

    @property
    def published(self) -> float | None:
        """What the counter shows, in Wh (VAh, varh); None until a first read is confirmed."""
        return self.base if self.trusted is None else self.trusted.published

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the next read may decide what the latest alone could not."""
        if self.latest is None:
            return False
        if self.trusted is None:
            return True
        contends = self.contender is not None and self.contender.until == self.latest.at
        register = self.trusted.register
        is_shown = math.isclose(register, self.latest.value, rel_tol=1e-12, abs_tol=1e-6)
        return not contends and not is_shown

    @property
    def question(self) -> CounterQuestion | None:
        """What has to be asked, because a contender has lasted."""
        return self.pending_question if self.contender and self.contender.lasts else None

    @property
    def pending_question(self) -> CounterQuestion | None:
        """What will have to be asked if the contender lasts."""
        if self.trusted is None or self.contender is None:
            return None
        lower = self.contender.first.value + self.trusted.offset < self.trusted.confirmed.value
        return CounterQuestion.SET_BACK if lower else CounterQuestion.LEAP

    def after(self, read: Read, limits: Limits) -> CounterFilter:
        """Return the state after a read."""
        trusted, earlier = self.trusted, self.latest
        if trusted is None:
            return _after_first(self, read, limits)
        contender, rival = self.contender, self.rival
        if earlier is not None and read.agrees_with(earlier, limits):
            trusted, contender, rival = _with_confirmed(self, trusted, earlier, read, limits)
        elif earlier is not None:
            trusted = trusted.after(read.measured_since(earlier))
        # A single read does not outweigh a contender.
        if contender is None:
            trusted = _with_single(trusted, read, limits)
        return CounterFilter(trusted=trusted, latest=read, contender=contender, rival=rival)

    def is_reconfirmed_since(self, restored: CounterFilter) -> bool:
        """Return whether a read has been confirmed since a state that was restored.

        The read that is confirmed may be the wrong one of two, and too low. So the latest has to be
        believed as well.
        """
        if self.trusted is None or self.awaits_confirmation:
            return False
        known = restored.trusted
        return known is None or self.trusted.confirmed not in (known.latest, known.confirmed)

    def answered(self, answer: CounterAnswer, limits: Limits) -> CounterFilter:
        """Return the state after the owner's answer; the same if it is not about this counter."""
        trusted, contender = self.trusted, self.contender
        pending = self.pending_question
        if trusted is None or contender is None or pending is None:
            return self
        if answer not in ANSWERS[pending]:
            return self
        counts_from = trusted.register
        if answer in (CounterAnswer.ELSEWHERE, CounterAnswer.NOT_REAL):
            counts_from = contender.first.value
        elif answer is CounterAnswer.ZERO:
            seconds = trusted.seconds_until(contender.first.at)
            # It was not set back to zero if it cannot have counted so much since.
            possible = contender.first.value <= limits.reach(seconds)
            counts_from = 0.0 if possible else contender.first.value
        elif answer is CounterAnswer.ROLLED_OVER:
            possible = self.can_have_rolled_over(limits)
            way = -(limits.modulus or 0.0)
            counts_from = trusted.register + way if possible else contender.first.value
        return replace(
            self,
            trusted=trusted.moved_to(
                contender.last, trusted.latest.value - counts_from, contender.held
            ),
            contender=None,
            rival=None,
        )

    def can_have_rolled_over(self, limits: Limits) -> bool:
        """Return whether the register can have got to its contender through its end."""
        if self.trusted is None or self.contender is None:
            return False
        return self.trusted.can_roll_over_to(self.contender.first, limits)

    def leapt_before(self, begun: float | None) -> bool:
        """Return whether the register has leapt between the last run and one that began then."""
        if begun is None or self.trusted is None or self.contender is None:
            return False
        return self.trusted.confirmed.at < begun <= self.contender.first.at

    def without_contenders(self) -> CounterFilter:
        """Return the state in which the next reads are judged without earlier candidates."""
        return replace(self, contender=None, rival=None)

    def for_new_meter(self) -> CounterFilter:
        """Return the state in which a replacing meter continues what is published, when read."""
        return CounterFilter(base=self.published)

    def continued_by(self, register: float, at: float, counts_from: float) -> CounterFilter:
        """Return the state in which a replacing meter, read at an instant in s, continues this.

        Its register counts from ``counts_from``, both in Wh (VAh, varh).
        """
        base = self.published or 0.0
        read = Read(value=register, at=at)
        return CounterFilter(trusted=Trusted.starting_with(read, base - counts_from, base))

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON holds it.

        The keys are the stored format and stay when fields are renamed. The latest read is not
        stored: after a restart, two new ones have to agree.
        """
        return {
            "trusted": self.trusted and self.trusted.as_dict(),
            "row": self.contender and self.contender.as_dict(),
            "rival": self.rival and self.rival.as_dict(),
            "base": self.base,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CounterFilter:
        """Return the state that ``as_dict`` described.

        Raises:
            KeyError, TypeError: it is not such a state.
        """
        trusted, contender, rival = stored["trusted"], stored["row"], stored["rival"]
        return cls(
            trusted=trusted and Trusted.from_dict(trusted),
            contender=contender and Contender.from_dict(contender),
            rival=rival and Contender.from_dict(rival),
            base=stored["base"],
        )


def _after_first(state: CounterFilter, read: Read, limits: Limits) -> CounterFilter:
    """Return the state after a read while nothing is trusted yet."""
    first, base = state.latest, state.base
    if first is None:
        return replace(state, latest=read)
    follows = read.is_consecutive_to(first) and read.agrees_with(first, limits)
    if not follows or not (state.latest_follows or _is_likely(first, read, limits)):
        return replace(state, latest=read, latest_follows=follows)
    offset = 0.0 if base is None else base - first.value
    held = first.at - first.held_since(read, -math.inf)
    trusted = Trusted.starting_with(first, offset, base or 0.0, held)
    trusted = trusted.after(read.measured_since(first))
    return CounterFilter(trusted=_with_single(trusted, read, limits), latest=read)


def _is_likely(first: Read, read: Read, limits: Limits) -> bool:
    """Return whether the power, if it is measured, accounts for a rise from the first read of all.

    Until the next poll a counter can move so far that a first read that is wrong would agree as
    well. The second of three reads that agree does not need this: it is right, or between right
    ones.
    """
    seconds, power = elapsed(first.at, read.at), max(first.power, read.power)
    likely = likely_energy(power, seconds) if power else limits.possible_power * seconds / 3600
    return read.value - first.value <= likely + limits.resolution


def _with_confirmed(
    state: CounterFilter, trusted: Trusted, read: Read, latest: Read, limits: Limits
) -> tuple[Trusted, Contender | None, Contender | None]:
    """Return what is trusted, the contender and its rival after the latest read has confirmed one.

    It belongs to what it is nearest to: within hours a counter can move far.
    """
    origin, passed = trusted.origin_of(read, latest, limits), latest.measured_since(read)
    contender, rival = state.contender, state.rival
    belongs = contender is not None and (
        contender.is_nearer(read, origin)
        or (contender.lasts and contender.explains(read, latest, limits))
    )
    if contender is not None and belongs and contender.can_reach(read, limits):
        contender = contender.continued_with(read, latest, limits)
        return trusted.after(passed), contender, None
    if belongs or origin is None:
        later = trusted.after(passed)
        if not latest.is_consecutive_to(read):
            # After an outage, a register that has moved far would confirm a wrong read.
            return later, contender, rival
        if rival is not None and rival.can_reach(read, limits):
            rival = rival.continued_with(read, latest, limits)
        else:
            known = trusted.confirmed.at - trusted.held
            rival = Contender.starting_with(read, latest, known)
        if contender is not None and not rival.lasts:
            return later, contender, rival
        if origin is None:
            return later, rival, None
    return trusted.with_confirmed(read, origin, latest, passed), None, None


def _with_single(trusted: Trusted, read: Read, limits: Limits) -> Trusted:
    """Return what is trusted after the latest read, which is believed if the power explains it."""
    return trusted.with_latest(read) if trusted.explains(read, limits) else trusted
