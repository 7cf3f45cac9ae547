"""The counter filters of a whole meter, one for each counter of a Reading.

What one counter filter believes is decided in ``counter_filter``.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..phases import PARTS, PHASES, TOTAL
from ..reading_gaps import Totals
from ..sample import CONSECUTIVE_WITHIN, Sample
from ..sunspec import PerPhase, Reading
from .counter_filter import CounterAnswer, CounterFilter, CounterQuestion
from .limits import ENERGY_KINDS, Limits, counter_limits
from .read import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReads:
    """What the meter's display shows of its two totals, in Wh, to compare with a bill.

    They differ from the published counters after a rollover, after the register was set back, and
    after the meter was replaced. None is a total that is not believed yet.
    """

    imported: Sample | None = None
    exported: Sample | None = None
    phases: Mapping[str, RegisterReads] = field(default_factory=dict)
    """the same of the phases"""

    def with_phases(self, phases: Container[str]) -> RegisterReads:
        """Return the reads without those of other phases."""
        chosen = {phase: reads for phase, reads in self.phases.items() if phase in phases}
        return replace(self, phases=chosen)


type CounterFilters = Mapping[str, CounterFilter]
"""The counter filters of a meter, by quantity and part, such as ``energy_imported.total``."""

_KEYS: Final = {name: [(part, f"{name}.{part}") for part in PARTS] for name in ENERGY_KINDS}


def validated(
    filters: CounterFilters,
    reading: Reading,
    now: float,
    service_current: float | None,
    held: float = 0.0,
) -> tuple[CounterFilters, Reading]:
    """Return the filters after a reading, and the reading with the counters that are believed.

    ``now`` is in wall-clock seconds. ``service_current`` is the CT rating times the number of CT
    sets in A (guide 3.4), or None if it is not entered. ``held`` is for how many s a cache
    may have held the reading, as in ``Read``. A counter that a reading lacks keeps its published
    value. So does one at the slower cadence: its repeated value is not a second read.
    """
    after = dict(filters)
    quantities: dict[str, Any] = {}
    for name, kind in ENERGY_KINDS.items():
        values: PerPhase = getattr(reading, name)
        repeated = kind.slow and not reading.whole
        published: dict[str, float | None] = {}
        for part, key in _KEYS[name]:
            counter = after.get(key)
            raw = None if repeated else getattr(values, part)
            if raw is not None:
                limits = counter_limits(reading, key, raw, service_current)
                read = Read(value=raw, at=now, power=limits.measured_power, held=held)
                counter = after[key] = (counter or CounterFilter()).after(read, limits)
            published[part] = None if counter is None else counter.published
        quantities[name] = PerPhase(**published)
    return after, replace(reading, **quantities)


def awaiting_reconfirmation(restored: CounterFilters, filters: CounterFilters) -> CounterFilters:
    """Return those ``restored`` filters that ``filters`` has not reconfirmed yet.

    They were stored before Home Assistant was killed, so more may have been published since.
    """
    return {key: old for key, old in restored.items() if not filters[key].is_reconfirmed_since(old)}


def register_reads(filters: CounterFilters) -> RegisterReads:
    """Return the register reads behind the published counters, as far as they are believed."""

    def register_read(key: str) -> Sample | None:
        trusted = filters.get(key, CounterFilter()).trusted
        return None if trusted is None else Sample(value=trusted.register, at=trusted.latest.at)

    def reads_of(part: str) -> RegisterReads:
        return RegisterReads(
            imported=register_read(f"energy_imported.{part}"),
            exported=register_read(f"energy_exported.{part}"),
        )

    return replace(reads_of(TOTAL), phases={phase: reads_of(phase) for phase in PHASES})


def believed_totals(reading: Reading, registers: RegisterReads, now: float) -> Totals:
    """Return the totals of a reading with validated counters, those that were believed just now.

    ``now`` is in s, on the clock of the ``registers``.
    """

    def believed(total: float | None, register: Sample | None) -> float | None:
        is_new = register is not None and now - register.at <= CONSECUTIVE_WITHIN
        return total if is_new else None

    return Totals(
        imported=believed(reading.energy_imported.total, registers.imported),
        exported=believed(reading.energy_exported.total, registers.exported),
    )


def without_counters(reading: Reading, keys: Iterable[str]) -> Reading:
    """Return the reading without some of its counters, named as in CounterFilters."""
    for key in keys:
        name, _, part = key.partition(".")
        values: PerPhase = replace(getattr(reading, name), **{part: None})
        quantity: dict[str, Any] = {name: values}
        reading = replace(reading, **quantity)
    return reading


def answered(
    filters: CounterFilters, answer: CounterAnswer, reading: Reading, service_current: float | None
) -> CounterFilters:
    """Return the filters after the owner's answer, for all counters that it concerns.

    That includes counters at the slower cadence, which would ask the same question later.
    """
    return {
        key: counter.answered(answer, _limits_of(counter, key, reading, service_current))
        for key, counter in filters.items()
    }


def can_have_rolled_over(
    filters: CounterFilters, reading: Reading, service_current: float | None
) -> bool:
    """Return whether a counter that the owner is asked about can have got through its end."""
    return any(
        counter.can_have_rolled_over(_limits_of(counter, key, reading, service_current))
        for key, counter in filters.items()
        if counter.question is CounterQuestion.SET_BACK
    )


def _limits_of(
    counter: CounterFilter, key: str, reading: Reading, service_current: float | None
) -> Limits:
    return counter_limits(reading, key, counter.published or 0.0, service_current)


def questions(filters: CounterFilters) -> frozenset[CounterQuestion]:
    """Return the questions that the owner has to answer about a meter's counters."""
    return frozenset(counter.question for counter in filters.values() if counter.question)


def rejudged(filters: CounterFilters, begun: float) -> CounterFilters:
    """Return the filters after more time has proved to have passed before the run began, in s."""
    return {
        key: counter.without_contenders() if counter.leapt_before(begun) else counter
        for key, counter in filters.items()
    }
