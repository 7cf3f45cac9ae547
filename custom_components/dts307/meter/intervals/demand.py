"""Demand: the average power that is imported within a block of time, as utilities bill it.

A block is 15, 30 or 60 minutes long and begins with the local clock: at the hour, and so on. Its
energy is the import counter at its end minus that at its start, so that an outage within a block
does not matter. If the counter is not known at one of the two, because the meter was silent then,
the block does not count: an average over the outage would flatten the very peak that is looked for,
and a peak that nobody has measured would be an invention.

The counter's steps limit how exact this is: half a step says nothing about the power in between, so
each block states how far off it may be.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import Any, Final

from ..sample import Sample
from .ledger import Billing, BillingPeriod
from .periods import interval_start, local_day
from .track import Estimate, as_pair, from_pair, interpolated

_SECONDS_PER_HOUR: Final = 3600.0
_RETAINED: Final = 100
"""Days whose peaks are kept: two billing periods of any month, and the time that a change of the
billing day may add. They are counted, as a clock that is far ahead would make all of them look old.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandInterval:
    """A block that is over, and whose energy is known."""

    start: float
    """s"""
    seconds: float
    power: float
    """W on average"""
    uncertainty: float
    """W that the average may be off, up or down"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningInterval:
    """The block that is under way."""

    start: float
    """s"""
    opening: Estimate | None
    """what the counter stood at then, in Wh; None if that is not known"""
    point: Sample
    """the latest reading"""

    def as_dict(self) -> dict[str, Any]:
        """Return the block as JSON can hold it."""
        return {
            "start": self.start,
            "opening": self.opening and self.opening.as_dict(),
            "point": as_pair(self.point),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> RunningInterval:
        """Return the block that ``as_dict`` described."""
        opening = stored["opening"]
        return cls(
            start=float(stored["start"]),
            opening=None if opening is None else Estimate.from_dict(opening),
            point=from_pair(stored["point"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Demand as it is now; None is what is not known."""

    window: float
    """s"""
    latest: DemandInterval | None = None
    """the block before the running one"""
    running: float | None = None
    """W; what the running block will come to at least"""
    peak: DemandInterval | None = None
    """of this billing period"""
    last_peak: DemandInterval | None = None
    """of the billing period before"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRecord:
    """The blocks of an import counter: the running one, the last, and the highest of each day."""

    window: float
    """s"""
    running: RunningInterval | None = None
    latest: DemandInterval | None = None
    peaks: tuple[DemandInterval, ...] = ()

    def after(self, point: Sample, resolution: float, zone: tzinfo) -> DemandRecord:
        """Return the record after a reading, by a counter with steps of ``resolution`` Wh."""
        start = interval_start(point.at, zone, self.window)
        running = self.running
        if running is None or point.at < running.point.at:
            # After the clock was set back, the block that was under way is longer than it looks.
            begun = RunningInterval(start=start, opening=None, point=point)
            return replace(self, running=begun, latest=None)
        if start == running.start:
            return replace(self, running=replace(running, point=point))
        border = _known(running.point, point, start)
        ended = self._ended(running, start, border, resolution)
        return replace(
            self,
            running=RunningInterval(start=start, opening=border, point=point),
            latest=ended,
            peaks=self.peaks if ended is None else self._peaks_with(ended, zone),
        )

    def _ended(
        self, running: RunningInterval, end: float, closing: Estimate | None, resolution: float
    ) -> DemandInterval | None:
        """Return the running block, if it is whole and known."""
        whole = running.start + self.window == end
        if not whole or running.opening is None or closing is None:
            return None
        energy = closing - running.opening
        margin = max(energy.value - energy.lowest, energy.highest - energy.value) + resolution
        hours = self.window / _SECONDS_PER_HOUR
        return DemandInterval(
            start=running.start,
            seconds=self.window,
            power=energy.value / hours,
            uncertainty=margin / hours,
        )

    def _peaks_with(self, block: DemandInterval, zone: tzinfo) -> tuple[DemandInterval, ...]:
        *earlier, latest = self.peaks or (block,)
        if local_day(latest.start, zone) == local_day(block.start, zone):
            return (*earlier, max(latest, block, key=_power))
        return (*earlier, latest, block)[-_RETAINED:]

    def peak(self, start: float, end: float) -> DemandInterval | None:
        """Return the highest block between two midnights."""
        within = (peak for peak in self.peaks if start <= peak.start < end)
        return max(within, key=_power, default=None)

    @property
    def least(self) -> float | None:
        """What the average of the running block will be at least, in W."""
        if self.running is None or self.running.opening is None:
            return None
        counted = self.running.point.value - self.running.opening.value
        return counted * _SECONDS_PER_HOUR / self.window

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON can hold it."""
        return {
            "window": self.window,
            "running": self.running and self.running.as_dict(),
            "latest": self.latest and asdict(self.latest),
            "peaks": [asdict(peak) for peak in self.peaks],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> DemandRecord:
        """Return the record that ``as_dict`` described."""
        running, latest = stored["running"], stored["latest"]
        return cls(
            window=float(stored["window"]),
            running=None if running is None else RunningInterval.from_dict(running),
            latest=None if latest is None else _block(latest),
            peaks=tuple(map(_block, stored["peaks"])),
        )


def demand(record: DemandRecord, bill: Billing) -> Demand:
    """Return the demand as it is now, with the peaks of this billing period and the last."""
    return Demand(
        window=record.window,
        latest=record.latest,
        running=record.least,
        peak=_peak(record, bill.this_period),
        last_peak=_peak(record, bill.last_period),
    )


def _peak(record: DemandRecord, period: BillingPeriod | None) -> DemandInterval | None:
    if period is None:
        return None
    return record.peak(period.start.timestamp(), period.end.timestamp())


def _known(before: Sample, after: Sample, at: float) -> Estimate | None:
    """Return what the counter stood at between two readings; None after an outage."""
    border = interpolated(before, after, at) if before.at <= at else None
    return None if border is None or border.estimated else border


def _power(block: DemandInterval) -> float:
    return block.power


def _block(stored: Mapping[str, Any]) -> DemandInterval:
    return DemandInterval(**{name: float(value) for name, value in dict(stored).items()})
