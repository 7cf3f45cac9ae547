"""The guard over all energy counters of a meter: no glitch gets through, no energy gets lost.

What may be believed of a single counter, ``counter`` tells; here it is told for a whole Reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..phases import PARTS
from ..sample import Sample
from ..sunspec import PerPhase, Reading
from .counter_filter import CounterAnswer, CounterFilter, CounterQuestion
from .limits import ENERGIES, counter_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """What the meter's display shows of its two totals, to be compared with a bill.

    It differs from what is published where a counter is carried on: after the register started
    over or was set back, and in another meter that has taken the place of the first.
    """

    imported: Sample | None = None
    exported: Sample | None = None


type CounterFilters = Mapping[str, CounterFilter]
"""The guarded counters of a meter, by quantity and part, such as ``energy_imported.total``."""


def validated(
    counters: CounterFilters, reading: Reading, now: float, service_current: float | None
) -> tuple[CounterFilters, Reading]:
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
                after[key] = after.get(key, CounterFilter()).after(raw, now, limits)
            published[part] = after[key].published if key in after else None
        quantities[name] = PerPhase(**published)
    return after, replace(reading, **quantities)


def still_stale(stale: CounterFilters, counters: CounterFilters) -> CounterFilters:
    """Return which counters are not known anew, of those that may be older than what was shown."""
    return {k: earlier for k, earlier in stale.items() if not counters[k].is_known_anew(earlier)}


def registers(counters: CounterFilters) -> Registers:
    """Return the registers behind the counters, as far as they are believed."""

    def register(key: str) -> Sample | None:
        trusted = counters.get(key, CounterFilter()).trusted
        return None if trusted is None else Sample(value=trusted.register, at=trusted.last.at)

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
    counters: CounterFilters, answer: CounterAnswer, reading: Reading, service_current: float | None
) -> CounterFilters:
    """Return the counters after the owner's answer, for all that it concerns.

    That includes those that are read less often, and would only ask the same later.
    """

    def settle(key: str, counter: CounterFilter) -> CounterFilter:
        limits = counter_limits(reading, key, counter.published or 0.0, service_current)
        return counter.settled(answer, limits)

    return {key: settle(key, counter) for key, counter in counters.items()}


def carried_to_new_meter(counters: CounterFilters) -> CounterFilters:
    """Return the counters for another meter that has taken the place of the one they were of.

    What is published goes on from where it was, whatever the new meter's registers have counted
    before; and it stays there until a first reading of these is confirmed.
    """
    return {key: counter.taken_over() for key, counter in counters.items()}


def questions(counters: CounterFilters) -> frozenset[CounterQuestion]:
    """Return what has to be asked about a meter's counters."""
    return frozenset(counter.question for counter in counters.values() if counter.question)
