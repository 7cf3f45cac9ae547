"""The ledger of a meter's totals, from which the bill follows.

It keeps the register reads around each local midnight. The energy of a period is the read at its
end minus the read at its start, as on paper. So billing is a function of the ledger, the time zone
and the billing day. Two tracks are kept of each total: the published counter, for energies, and the
register as the meter's display shows it, to compare with the bill.

docs/internals/ledger.md explains why.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import partial, reduce
from itertools import chain
from operator import sub
from typing import Final

from ..phases import PHASES, TOTAL
from ..sample import Sample
from .bill import BillingPeriod, PeriodEnergy
from .estimate import Estimate
from .periods import (
    billing_date,
    latest_border,
    local_day,
    local_midnight,
    next_billing_date,
)
from .seams import Seams, with_seams
from .track import (
    EXPORTED,
    IMPORTED,
    PART_TRACKS,
    PHASE_TRACKS,
    REGISTER,
    SEEN,
    Samples,
    Track,
    Tracks,
    caught_up,
    continued,
    kept,
    newer_than,
)

RETAINED: Final = 2 * 430
"""Reads that are kept of a total: those around the midnights of fourteen months, so that a bill can
be compared with the same month's a year ago. It is a number and not an age, as a clock that is far
ahead would make all of them look old."""

_NOTHING: Final = Estimate.exactly(0.0)
DEFAULT_INTERVAL: Final = 900.0
"""s"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is known of a meter's totals over time."""

    tracks: Mapping[str, Track] = field(default_factory=dict)
    meters: tuple[tuple[float, str], ...] = ()
    """when each meter was first read, in s, and its serial number"""
    opened: float = 0.0
    """s; earlier periods have been compacted into the credit"""
    credit: Estimate = _NOTHING
    """what was carried forward when it was opened"""
    unread: tuple[tuple[float, float], ...] = ()
    """when a meter that replaced another was first read, in s, and W that can have flowed since
    the last read of the old one"""
    edited: tuple[tuple[float, str], ...] = ()
    """when the owner answered a question about a counter, in s, and of which part"""
    seams: Seams = ()
    """where the clock went back"""
    phase_seams: Mapping[str, Seams] = field(default_factory=dict)
    """the same by the reads of each phase; to one that was not read for a while, the clock seems to
    have leapt, which must not doubt what was read of the totals"""
    interval: float = field(default=DEFAULT_INTERVAL, compare=False)
    """s; reads are also kept around the borders of intervals of this length"""
    recent: Tracks = field(default_factory=dict, compare=False)
    """the reads around the borders of intervals; those of earlier days are in another file"""

    @property
    def newest(self) -> Samples:
        """The read of each total that came last, by whichever clock."""
        return {name: track.newest for name, track in self.tracks.items()}

    @property
    def totals(self) -> Mapping[str, tuple[Sample, Sample]]:
        """The latest sample of each total, and of the register behind it."""
        newest = self.newest
        return {
            name: (newest[name], newest[REGISTER + name])
            for name in (IMPORTED, EXPORTED)
            if {name, REGISTER + name} <= newest.keys()
        }

    @property
    def all_seams(self) -> Seams:
        """Those of the totals and of all phases."""
        return tuple(chain(self.seams, *self.phase_seams.values()))

    @property
    def serial_number(self) -> str | None:
        """The meter that was read last."""
        return self.meters[-1][1] if self.meters else None

    @property
    def kept(self) -> Mapping[str, tuple[Sample, ...]]:
        """The reads that are kept for good; they change with midnights and with the clock."""
        return kept(self.tracks)

    @property
    def now(self) -> float | None:
        """When the meter was last read, in s."""
        return max((track.latest.at for track in self.tracks.values()), default=None)

    def after(self, samples: Samples, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger after a reading."""
        return self._after(_billed(samples), samples, serial_number, zone)

    def _after(self, samples: Samples, recent: Samples, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger with reads around midnights, and others around interval borders."""
        meters = self.meters
        if samples and (not meters or meters[-1][1] != serial_number):
            since = max(sample.at for sample in samples.values())
            meters = (*meters, (since, serial_number))
        counted = {name: sample for name, sample in recent.items() if name != SEEN}
        after = replace(
            self,
            tracks=continued(self.tracks, samples, partial(self._midnight, zone)),
            recent=continued(self.recent, counted, partial(self._border, zone)),
            seams=with_seams(self.seams, self.recent, _of_part(TOTAL, counted)),
            phase_seams={
                phase: seams
                for phase in PHASES
                if (
                    seams := with_seams(
                        self.phase_seams.get(phase, ()), self.recent, _of_part(phase, counted)
                    )
                )
            },
            meters=meters,
        )
        # If it was opened by a clock that was ahead, that instant is still to come.
        opened_ahead = after.now is not None and after.now < after.opened
        return replace(after, opened=0.0) if opened_ahead else after

    def _midnight(self, zone: tzinfo, at: float) -> float:
        return self._boundary(local_midnight(local_day(at, zone), zone), at)

    def _border(self, zone: tzinfo, at: float) -> float:
        return self._boundary(latest_border(at, zone, self.interval), at)

    def _boundary(self, start: float, at: float) -> float:
        """Return the start of a day or interval, or the first read of another meter after it."""
        return max([start, *(replaced for replaced, _ in self.unread if replaced <= at)])

    def with_edit(self, at: float, parts: Iterable[str]) -> Ledger:
        """Return the ledger after the owner answered a question about counters of these parts."""
        return replace(self, edited=tuple(sorted((*self.edited, *((at, part) for part in parts)))))

    def with_unread(self, at: float, possible_power: float) -> Ledger:
        """Return the ledger before the first read of another meter, ``at`` an instant in s.

        Until then, ``possible_power`` in W can have flowed since the last read of the old meter.
        """
        return replace(self, unread=(*self.unread, (at, possible_power)))

    def with_newer(self, samples: Samples, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger after those reads that are newer; they were stored apart from it."""
        newer = newer_than(self.tracks, _billed(samples))
        return self._after(newer, newer_than(self.recent, samples), serial_number, zone)

    def reconciled(self, zone: tzinfo) -> Ledger:
        """Return the ledger whose reads around midnights and borders have both been completed.

        They are stored in two files, and a kill may come when only one of them has been written.
        """
        return replace(
            self,
            tracks=caught_up(self.tracks, self.recent, partial(self._midnight, zone)),
            recent=caught_up(self.recent, self.tracks, partial(self._border, zone)),
        )

    def compacted(self, zone: tzinfo, billing_day: int) -> Ledger:
        """Return the ledger with the periods that are too old replaced by the credit they left."""
        full = [track.samples for track in self.tracks.values() if len(track.samples) > RETAINED]
        if not full:
            return self
        oldest = max(samples[-RETAINED].at for samples in full)
        period = next(p for p in self.periods(zone, billing_day) if p.end.timestamp() > oldest)
        start = period.start.timestamp()
        if start <= self._since:
            return self
        return replace(
            self,
            tracks={name: track.known_from(start) for name, track in self.tracks.items()},
            opened=start,
            credit=period.credit,
        )

    def periods(self, zone: tzinfo, billing_day: int) -> Iterator[BillingPeriod]:
        """Yield all periods from the one of the first read to the one of the latest."""
        now = self.now
        if now is None:
            return
        credit = self.credit
        day = billing_date(local_day(self._since, zone), billing_day)
        start = local_midnight(day, zone)
        while start <= now:
            day = next_billing_date(day, billing_day)
            end = local_midnight(day, zone)
            begin, finish = (datetime.fromtimestamp(boundary, zone) for boundary in (start, end))
            imported = self._energy(begin, finish, now, IMPORTED)
            exported = self._energy(begin, finish, now, EXPORTED)
            net: PeriodEnergy | None
            if imported and exported and imported.since == exported.since:
                net = replace(imported, energy=imported.energy - exported.energy)
            else:
                net = self._energy(begin, finish, now, IMPORTED, EXPORTED)
            period = BillingPeriod(
                start=begin,
                end=finish,
                imported=imported,
                exported=exported,
                net=net,
                credit=credit,
            )
            yield period
            credit, start = period.carried_forward, end

    def counted(self, start: float, end: float, *names: str) -> float:
        """Return what one total, less another if two are named, counted between instants, in Wh.

        It is negative if ``end`` is before ``start``. Raises KeyError if there is no such total.
        """
        tracks = (self.tracks[name] for name in names)
        return reduce(
            sub, (each.at(end, end).value - each.at(start, start).value for each in tracks)
        )

    @property
    def _since(self) -> float:
        """The first instant of which anything is known."""
        return max(self.opened, min(track.since for track in self.tracks.values()))

    def _energy(
        self, start: datetime, end: datetime, now: float, *names: str
    ) -> PeriodEnergy | None:
        """Return the energy of one total in a period, less that of another if two are named."""
        tracks = [self.tracks[name] for name in names if name in self.tracks]
        since = max(start.timestamp(), self.opened, *(track.since for track in tracks))
        until = end.timestamp()
        if len(tracks) < len(names) or since >= until:
            return None
        energies = (self.energy_of(track, since, min(until, now), now) for track in tracks)
        counted_from = datetime.fromtimestamp(since, start.tzinfo)
        return PeriodEnergy(since=counted_from, energy=reduce(sub, energies))

    def energy_of(self, track: Track, start: float, end: float, now: float) -> Estimate:
        """Return what a total counted, and the most that may have flowed between two meters."""
        counted = track.between(start, end, now)
        for at, power in self.unread:
            before, after = track.across(at)
            if start < after.at and before.at < end:
                most = power * (after.at - before.at) / 3600
                counted = replace(counted, highest=counted.highest + most, estimated=True)
        return counted


def _billed(samples: Samples) -> Samples:
    """Return the samples without those of phases, of which there is no bill."""
    return {name: sample for name, sample in samples.items() if name not in PHASE_TRACKS}


def _of_part(part: str, samples: Samples) -> Samples:
    """Return those samples that are of a phase, or of no phase for the total."""
    if part == TOTAL:
        return _billed(samples)
    return {name: samples[name] for name in PART_TRACKS[part].values() if name in samples}
