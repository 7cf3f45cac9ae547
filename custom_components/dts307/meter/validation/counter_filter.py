"""The filter of one energy counter: a pure state machine, immutable, with time passed in.

A counter only increases, and no faster than current and voltage allow (``limits``). A read within
the likely reach is believed at once. Any other goes into quarantine as a candidate. The published
value stays until a second read confirms the candidate and the candidate fits: forward, back to the
read before a misread, or as a rollover. A candidate that fits nothing and lasts becomes a question
to the owner.

docs/internals/counter-filter.md explains why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ..sample import Sample
from .candidate import Candidate
from .limits import Limits
from .trusted import Trusted

_STORED_SAMPLES: Final = ("first", "before", "last")


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
        CounterAnswer.NOT_SET_BACK,
    ),
    CounterQuestion.LEAP: (CounterAnswer.REAL, CounterAnswer.NOT_REAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterFilter:
    """The state of the filter of one counter."""

    trusted: Trusted | None = None
    candidate: Candidate | None = None
    """reads in quarantine: where the register may really be"""
    rival_candidate: Candidate | None = None
    """other reads since the candidate was confirmed"""
    base: float | None = None
    """Wh (VAh, varh) to continue from, which the replaced meter had counted"""

    @property
    def published(self) -> float | None:
        """What the counter shows, in Wh (VAh, varh); None until a first read is confirmed."""
        return self.base if self.trusted is None else self.trusted.published

    @property
    def awaits_confirmation(self) -> bool:
        """Whether the next read may decide what the latest alone could not."""
        latest = self.rival_candidate or self.candidate
        return latest is not None and not latest.confirmed

    @property
    def pending_question(self) -> CounterQuestion | None:
        """What will have to be asked if the candidate lasts."""
        trusted, candidate = self.trusted, self.candidate
        if trusted is None or candidate is None or not candidate.confirmed:
            return None
        lower = candidate.first.value + trusted.offset < trusted.last.value
        return CounterQuestion.SET_BACK if lower else CounterQuestion.LEAP

    @property
    def question(self) -> CounterQuestion | None:
        """What has to be asked, because the candidate has lasted."""
        return self.pending_question if self.candidate and self.candidate.lasts else None

    @property
    def _has_confirmed_candidate(self) -> bool:
        return self.candidate is not None and self.candidate.confirmed

    def after(self, raw: float, now: float, limits: Limits) -> CounterFilter:
        """Return the state after a read of ``raw`` Wh (VAh, varh) at ``now`` in s."""
        trusted = self.trusted
        if trusted is None:
            return self._after_first(raw, now, limits)
        fits = trusted.accepts_at_once(raw, now, limits)
        if fits and not self._has_confirmed_candidate:
            return self._believing_read(trusted, raw, now)
        if self.candidate and not fits and self.candidate.is_continued_by(raw, now, limits):
            latest = self.candidate.continued_with(raw, now)
            quarantined = replace(self, candidate=latest, rival_candidate=None)
        elif self.rival_candidate and self.rival_candidate.is_continued_by(raw, now, limits):
            rival = self.rival_candidate.continued_with(raw, now)
            latest, quarantined = self._with_rival(trusted, rival, limits)
        else:
            latest = Candidate.starting_with(raw, now)
            quarantined = self._with_new_rival(latest)
        added = trusted.added_offset(latest, limits)
        if added is not None:
            return CounterFilter(trusted=trusted.with_candidate(latest, added))
        confirmed_first = latest.confirmed and not self._has_confirmed_candidate
        if quarantined.candidate is None or latest.lasts or confirmed_first:
            return replace(self, candidate=latest, rival_candidate=None)
        return quarantined

    def _after_first(self, raw: float, now: float, limits: Limits) -> CounterFilter:
        """Return the state after a read while nothing is trusted yet."""
        if self.candidate is None or not self.candidate.is_continued_by(raw, now, limits):
            return replace(self, candidate=Candidate.starting_with(raw, now))
        confirmed = self.candidate.continued_with(raw, now)
        return CounterFilter(trusted=Trusted.from_candidate(confirmed, self.base))

    def _believing_read(self, trusted: Trusted, raw: float, now: float) -> CounterFilter:
        """Return the state after a read that is believed at once."""
        # A candidate below the last trusted read suggests that the latter was too high, so it is
        # not kept as ``before``.
        contested = self.candidate and trusted.rise_to(self.candidate.last.value) < 0
        before = trusted.before if contested else trusted.last
        return CounterFilter(trusted=trusted.with_read(raw, now, before))

    def _with_rival(
        self, trusted: Trusted, rival: Candidate, limits: Limits
    ) -> tuple[Candidate, CounterFilter]:
        """Return the latest candidate and the state after a rival has got one more read."""
        rise = trusted.rise_to(rival.first.value)
        candidate = self.candidate
        if candidate and candidate.confirmed and candidate.is_resumed_by(rival, limits, rise):
            resumed = candidate.resumed_with(rival)
            return resumed, replace(self, candidate=resumed, rival_candidate=None)
        return rival, replace(self, rival_candidate=rival)

    def _with_new_rival(self, latest: Candidate) -> CounterFilter:
        """Return the state after a read that continues nothing in quarantine."""
        kept = self.candidate if self._has_confirmed_candidate else None
        candidate = kept or self.rival_candidate or self.candidate
        return replace(self, candidate=candidate, rival_candidate=latest)

    def is_reconfirmed_since(self, restored: CounterFilter) -> bool:
        """Return whether two reads have been believed since a state that was restored."""
        if self.trusted is None:
            return False
        known = restored.trusted
        return known is None or self.trusted.before not in (known.last, known.before)

    def answered(self, answer: CounterAnswer, limits: Limits) -> CounterFilter:
        """Return the state after the owner's answer; the same if it is not about this counter."""
        trusted, candidate = self.trusted, self.candidate
        pending = self.pending_question
        if trusted is None or candidate is None or pending is None:
            return self
        if answer not in ANSWERS[pending]:
            return self
        counts_from = trusted.last.value - trusted.offset
        if answer in (CounterAnswer.ELSEWHERE, CounterAnswer.NOT_REAL):
            counts_from = candidate.first.value
        elif answer is CounterAnswer.ZERO:
            zero = Sample(value=0.0, at=trusted.last.at)
            highest = limits.highest_after(zero, candidate.first.at)
            # It was not set back to zero if it cannot have counted so much since.
            counts_from = 0.0 if candidate.first.value <= highest else candidate.first.value
        added = trusted.last.value - trusted.offset - counts_from
        return CounterFilter(trusted=trusted.with_candidate(candidate, added))

    def for_new_meter(self) -> CounterFilter:
        """Return the state in which a replacing meter continues from what is published."""
        return CounterFilter(base=self.published)

    def as_dict(self) -> dict[str, Any]:
        """Return the state as JSON holds it.

        The keys are the stored format and stay when fields are renamed.
        """
        state = asdict(self)
        return {
            "trusted": state["trusted"],
            "row": state["candidate"],
            "rival": state["rival_candidate"],
            "base": state["base"],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> CounterFilter:
        """Return the state that ``as_dict`` described.

        Raises:
            KeyError, TypeError: it is not such a state.
        """
        trusted, candidate, rival = stored["trusted"], stored["row"], stored["rival"]
        return cls(
            trusted=trusted and Trusted(**_with_samples(trusted)),
            candidate=candidate and Candidate(**_with_samples(candidate)),
            rival_candidate=rival and Candidate(**_with_samples(rival)),
            base=stored["base"],
        )


def _with_samples(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Sample(**value) if key in _STORED_SAMPLES else value for key, value in stored.items()
    }
