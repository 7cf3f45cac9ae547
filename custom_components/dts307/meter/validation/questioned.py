"""The counters that the owner is asked about, with the numbers to compare with the display."""

from collections.abc import Mapping
from dataclasses import dataclass

from .counter_filter import CounterFilter, CounterQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionedCounter:
    """A counter that only the owner can judge; values in Wh (VAh, varh)."""

    key: str
    """the quantity and its part, such as ``energy_imported.total``"""
    question: CounterQuestion
    published: float
    register_before: float
    register_now: float
    since: float
    """s; when the register was first read like this"""


def questioned_counters(
    filters: Mapping[str, CounterFilter], unsettled_since: float | None = None
) -> tuple[QuestionedCounter, ...]:
    """Return the counters with a question, in the order of the filters.

    ``unsettled_since`` is when a run began whose wall time may prove wrong, in s. How much time
    passed before it is unknown, so a leap in that time is not asked about yet.
    """
    return tuple(
        QuestionedCounter(
            key=key,
            question=question,
            published=counter.trusted.published,
            register_before=counter.trusted.register,
            register_now=counter.contender.last.value,
            since=counter.contender.first.at,
        )
        for key, counter in filters.items()
        if (question := counter.question)
        and counter.trusted
        and counter.contender
        and (question is CounterQuestion.SET_BACK or not counter.leapt_before(unsettled_since))
    )
