"""How counters continued otherwise than by counting: rollovers, and answers of the owner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..phases import TOTAL
from .counter_filter import CounterFilter
from .trusted import Trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterChange:
    """How one counter continued, in Wh (VAh, varh)."""

    key: str
    """the quantity and its part, such as ``energy_imported.total``"""
    before: float
    """the register"""
    now: float
    """the register"""
    counted: float
    """what was added to the published counter"""


def rollovers(
    before: Mapping[str, CounterFilter], after: Mapping[str, CounterFilter]
) -> tuple[CounterChange, ...]:
    """Return the counters whose registers rolled over with a reading."""

    def rolled_over(old: Trusted, new: Trusted) -> bool:
        # A register that returns to where it was before an answer moves its offset as well.
        returned_to = old.former and old.former.offset
        return new.offset not in (old.offset, returned_to)

    return _changes(before, after, rolled_over)


def answered_counters(
    before: Mapping[str, CounterFilter], after: Mapping[str, CounterFilter]
) -> tuple[CounterChange, ...]:
    """Return the counters that an answer of the owner was about."""
    return _changes(before, after, Trusted.__ne__)


def _changes(
    before: Mapping[str, CounterFilter],
    after: Mapping[str, CounterFilter],
    is_changed: Callable[[Trusted, Trusted], bool],
) -> tuple[CounterChange, ...]:
    """Return the counters whose change is one of those meant, totals first."""
    changes = [
        CounterChange(
            key=key,
            before=old.register,
            now=new.register,
            counted=new.published - old.published,
        )
        for key, counter in after.items()
        if (old := before.get(key, CounterFilter()).trusted)
        and (new := counter.trusted)
        and is_changed(old, new)
    ]
    return tuple(sorted(changes, key=lambda change: not change.key.endswith(f".{TOTAL}")))
