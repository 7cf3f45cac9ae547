"""Demand: the average imported power of an interval, as utilities bill it.

An interval of 15, 30 or 60 minutes is aligned to the local clock. Its energy is the import counter
at its end minus the counter at its start. If one of the two is unknown, the interval does not
count. docs/internals/ledger.md explains why.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import tzinfo
from typing import Any, Final

from ..sample import Sample
from .bill import Billing, BillingPeriod
from .estimate import Estimate, interpolated
from .periods import HOUR, interval_start, local_day
from .track import as_pair, from_pair

_RETAINED: Final = 100
"""Days whose peaks are kept: two billing periods of any month, and the time that a change of the
billing day may add. It is a number and not an age, as a clock that is far ahead would make all of
them look old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandInterval:
    """An interval that has ended, and whose energy is known."""

    start: float
    """s"""
    seconds: float
    power: float
    """W on average"""
    uncertainty: float
    """W that the average may be off, up or down"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningInterval:
    """The interval in progress."""

    start: float
    """s"""
    opening: Estimate | None
    """the counter at the start, in Wh; None if unknown"""
    latest: Sample

    def as_dict(self) -> dict[str, Any]:
        """Return the interval as JSON holds it."""
        return {
            "start": self.start,
            "opening": self.opening and self.opening.as_dict(),
            "point": as_pair(self.latest),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> RunningInterval:
        """Return the interval that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such an interval.
        """
        opening = stored["opening"]
        return cls(
            start=float(stored["start"]),
            opening=None if opening is None else Estimate.from_dict(opening),
            latest=from_pair(stored["point"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Demand as it is now; None is unknown."""

    window: float
    """s; the length of an interval"""
    latest: DemandInterval | None = None
    """the interval before the one in progress"""
    running: float | None = None
    """W; the least that the interval in progress can come to"""
    peak: DemandInterval | None = None
    """of this billing period"""
    last_peak: DemandInterval | None = None
    """of the billing period before"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRecord:
    """The intervals of an import counter: in progress, the last, and the highest of each day."""

    window: float
    """s; the length of an interval"""
    running: RunningInterval | None = None
    latest: DemandInterval | None = None
    peaks: tuple[DemandInterval, ...] = ()

    @property
    def started(self) -> float | None:
        """When the interval in progress started, in s."""
        return None if self.running is None else self.running.start

    def after(self, sample: Sample, resolution: float, zone: tzinfo) -> DemandRecord:
        """Return the record after a read, by a counter with steps of ``resolution`` Wh."""
        start = interval_start(sample.at, zone, self.window)
        running = self.running
        if running is None or sample.at < running.latest.at:
            # After the clock was set back, the interval in progress is longer than it looks.
            first = RunningInterval(start=start, opening=None, latest=sample)
            return replace(self, running=first, latest=None)
        if start == running.start:
            return replace(self, running=replace(running, latest=sample))
        boundary = _known_at(running.latest, sample, start)
        ended = self._ended(running, start, boundary, resolution)
        return replace(
            self,
            running=RunningInterval(start=start, opening=boundary, latest=sample),
            latest=ended,
            peaks=self.peaks if ended is None else self._peaks_with(ended, zone),
        )

    def _ended(
        self, running: RunningInterval, end: float, closing: Estimate | None, resolution: float
    ) -> DemandInterval | None:
        """Return the interval in progress as one that has ended, if it is whole and known."""
        whole = running.start + self.window == end
        if not whole or running.opening is None or closing is None:
            return None
        energy = closing - running.opening
        margin = max(energy.value - energy.lowest, energy.highest - energy.value) + resolution
        hours = self.window / HOUR
        return DemandInterval(
            start=running.start,
            seconds=self.window,
            power=energy.value / hours,
            uncertainty=margin / hours,
        )

    def _peaks_with(self, ended: DemandInterval, zone: tzinfo) -> tuple[DemandInterval, ...]:
        *earlier, latest = self.peaks or (ended,)
        if local_day(latest.start, zone) == local_day(ended.start, zone):
            return (*earlier, max(latest, ended, key=_power))
        return (*earlier, latest, ended)[-_RETAINED:]

    def peak(self, start: float, end: float) -> DemandInterval | None:
        """Return the highest interval between two midnights."""
        within = (peak for peak in self.peaks if start <= peak.start < end)
        return max(within, key=_power, default=None)

    @property
    def running_minimum(self) -> float | None:
        """The least that the average of the interval in progress can come to, in W."""
        if self.running is None or self.running.opening is None:
            return None
        counted = self.running.latest.value - self.running.opening.value
        return counted * HOUR / self.window

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it."""
        return {
            "window": self.window,
            "running": self.running and self.running.as_dict(),
            "latest": self.latest and asdict(self.latest),
            "peaks": [asdict(peak) for peak in self.peaks],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> DemandRecord:
        """Return the record that ``as_dict`` described.

        Raises:
            KeyError, TypeError, ValueError: it is not such a record.
        """
        running, latest = stored["running"], stored["latest"]
        return cls(
            window=float(stored["window"]),
            running=None if running is None else RunningInterval.from_dict(running),
            latest=None if latest is None else _interval(latest),
            peaks=tuple(map(_interval, stored["peaks"])),
        )


def demand(record: DemandRecord, bill: Billing) -> Demand:
    """Return the demand as it is now, with the peaks of this billing period and the last."""
    return Demand(
        window=record.window,
        latest=record.latest,
        running=record.running_minimum,
        peak=_peak(record, bill.this_period),
        last_peak=_peak(record, bill.last_period),
    )


def _peak(record: DemandRecord, period: BillingPeriod | None) -> DemandInterval | None:
    if period is None:
        return None
    return record.peak(period.start.timestamp(), period.end.timestamp())


def _known_at(before: Sample, after: Sample, at: float) -> Estimate | None:
    """Return what the counter was between two reads; None after an outage."""
    boundary = interpolated(before, after, at) if before.at <= at else None
    return None if boundary is None or boundary.estimated else boundary


def _power(interval: DemandInterval) -> float:
    return interval.power


def _interval(stored: Mapping[str, Any]) -> DemandInterval:
    return DemandInterval(**{name: float(value) for name, value in dict(stored).items()})
