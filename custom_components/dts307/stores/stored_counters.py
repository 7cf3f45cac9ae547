"""The stored file of a meter's counter filters, and what replaces it if it is lost."""

from dataclasses import dataclass
from typing import Any

from ..meter.intervals import Ledger
from ..meter.reading_gaps import StoredTotals, Totals
from ..meter.sample import CONSECUTIVE_WITHIN, Sample
from ..meter.validation import CounterFilter, CounterFilters, FirstSight, HeldValues, Trusted
from .formats import COUNTERS
from .state_saver import WHILE_COUNTING


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCounters:
    """What the file of a meter's counters holds."""

    is_complete: bool
    """whether nothing later has been shown"""
    filters: CounterFilters
    refresh_period: float
    """s; how often the registers are refreshed"""
    held_values: HeldValues | None
    first_sight: FirstSight | None
    """another meter in this place"""


def parse_counters(stored: Any) -> StoredCounters:
    """Return what a stored file holds.

    Raises vol.Invalid.
    """
    parsed = COUNTERS(stored)
    counters, sight, values = parsed["counters"], parsed["first_sight"], parsed["held_values"]
    return StoredCounters(
        is_complete=parsed["latest"],
        filters={key: CounterFilter.from_dict(counter) for key, counter in counters.items()},
        refresh_period=parsed["refresh_period"],
        held_values=values and HeldValues(**values),
        first_sight=sight and FirstSight.from_dict(sight),
    )


def filters_from_ledger(ledger: Ledger, serial_number: str) -> CounterFilters:
    """Return filters that continue the totals as the ledger knows them.

    The offset between a total and its register is kept. If the latest readings are of another
    meter, the totals continue from where they were, as after a replacement.
    """
    of_this_meter = ledger.serial_number == serial_number
    filters = {}
    for name, (published, register) in ledger.totals.items():
        if of_this_meter:
            sample = Sample(value=published.value, at=published.at)
            counter = CounterFilter(
                trusted=Trusted(
                    confirmed=sample,
                    latest=sample,
                    offset=published.value - register.value,
                    floor=published.value,
                )
            )
        else:
            counter = CounterFilter(base=published.value)
        filters[f"energy_{name}.total"] = counter
    return filters


def last_read(stored: StoredCounters) -> StoredTotals | None:
    """Return the totals at the last reading that was stored; None if none was.

    After a kill, some later readings were not stored.
    """
    times = [counter.trusted.latest.at for counter in stored.filters.values() if counter.trusted]
    if stored.held_values is not None:
        times.append(stored.held_values.at)
    if not times:
        return None
    at = max(times)

    def total(name: str) -> float | None:
        trusted = stored.filters.get(f"energy_{name}.total", CounterFilter()).trusted
        is_believed = trusted is not None and at - trusted.latest.at <= CONSECUTIVE_WITHIN
        return trusted.published if trusted is not None and is_believed else None

    return StoredTotals(
        totals=Totals(imported=total("imported"), exported=total("exported")),
        at=at,
        late=0.0 if stored.is_complete else WHILE_COUNTING,
    )
