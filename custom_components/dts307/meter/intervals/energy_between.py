"""What a meter counted between any two instants: the two register reads of a bill."""

from collections.abc import Sequence
from dataclasses import dataclass
import math

from .bill import RegisterEstimates
from .billing_at import registers_at
from .estimate import Estimate
from .interval import (
    FilledCounter,
    Interval,
    IntervalGrid,
    Quality,
    Spread,
    evenly,
    filled_counters,
    intervals_between,
)
from .ledger import Ledger
from .periods import borders
from .track import EXPORTED, IMPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyBetween:
    """The energy between two instants in s, in Wh; None is what was not counted all the time."""

    start: float
    """s; later than what was asked for if the meter was first read later"""
    end: float
    """s; earlier than what was asked for if the meter was last read earlier"""
    imported: Estimate | None
    exported: Estimate | None
    registers_at_start: RegisterEstimates
    registers_at_end: RegisterEstimates
    estimated_share: float
    """of the energy in both directions, from 0 to 1"""

    @property
    def net(self) -> Estimate | None:
        """Energy imported minus energy exported."""
        if self.imported is None or self.exported is None:
            return None
        return self.imported - self.exported


def energy_between(
    ledger: Ledger, start: float, end: float, grid: IntervalGrid, spread: Spread = evenly
) -> EnergyBetween | None:
    """Return what was counted between two instants; None if nothing is known of that time."""
    counters = filled_counters(ledger, spread)
    now = ledger.now
    if now is None or not counters or not ledger.meters:
        return None
    begin = max(start, min(counter.since for counter in counters.values()))
    finish = min(end, max(counter.until for counter in counters.values()))
    if begin >= finish:
        return None
    instants = (begin, *borders(begin, finish, grid.zone, grid.seconds), finish)
    return EnergyBetween(
        start=begin,
        end=finish,
        imported=_energy(counters.get(IMPORTED), begin, finish),
        exported=_energy(counters.get(EXPORTED), begin, finish),
        registers_at_start=registers_at(ledger, begin, now, grid.zone),
        registers_at_end=registers_at(ledger, finish, now, grid.zone),
        estimated_share=estimated_share(intervals_between(counters, sorted({*instants}))),
    )


def estimated_share(found: Sequence[Interval]) -> float:
    """Return the share of the energy in both directions, from 0 to 1, that is not actual."""
    counted, estimated = 0.0, 0.0
    for interval in found:
        energies = (interval.imported, interval.exported)
        energy = math.fsum(each.value for each in energies if each is not None)
        counted += energy
        if interval.quality is not Quality.ACTUAL:
            estimated += energy
    return estimated / counted if counted else 0.0


def _energy(counter: FilledCounter | None, start: float, end: float) -> Estimate | None:
    return None if counter is None else counter.energy(start, end)
