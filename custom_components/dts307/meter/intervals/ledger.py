"""The ledger of a meter's totals, from which a bill follows.

It keeps what the counters stood at around each local midnight, and a period's energy is the counter
at its end minus the counter at its start, as on paper. Whatever happened in between, and whether
anybody was looking, makes no difference; only the borders count. So billing is a function of the
ledger, the time zone and the billing day, and follows anew when one of these is changed.

Two rows are kept of each total: the counter as it is published, which is carried on where the
register was set back or the meter was replaced, for energies; and the register as the meter's own
display shows it, to be compared with the bill.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import reduce
from operator import sub
from typing import Any, Final

from ..sample import Sample
from ..sunspec import Reading
from ..validation import Registers
from .periods import billing_date, local_day, local_midnight, next_billing_date
from .track import Estimate, Track

RETAINED: Final = 2 * 430
"""How many readings of a total are kept: those around the midnights of fourteen months, so that a
bill can be compared with the same month's a year ago. They are counted, as a clock that is far
ahead would make all of them look old."""

IMPORTED: Final = "imported"
EXPORTED: Final = "exported"
_REGISTER: Final = "register_"
_SEEN: Final = "seen"
"""The track of the meter's answers, which count nothing; it goes on while the totals are held."""

_NOTHING: Final = Estimate.exactly(0.0)
_DUST: Final = 1e-3
"""Wh that differences of large floats leave over; no register is that fine."""

type Samples = Mapping[str, Sample]
"""Readings of the totals at one time, counters and registers, by track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An energy of a billing period."""

    since: datetime
    """from when on it is counted: the period's start, or the first reading if that was later"""
    energy: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPeriod:
    """A billing period, or what is known of it; energies in Wh.

    None is what the meter does not count, or had not been seen to count by the period's end.
    """

    start: datetime
    end: datetime
    """when it ends, or will"""
    imported: Counted | None
    exported: Counted | None
    net: Counted | None
    """energy imported minus energy exported, from when on both are counted"""
    credit: Estimate
    """what earlier periods have brought forward"""

    @property
    def brought(self) -> Counted | None:
        """The credit that was brought forward, which pays for what is net."""
        return None if self.net is None else replace(self.net, energy=self.credit)

    @property
    def billed(self) -> Estimate | None:
        """What is left to be paid of the net energy after the credit that was brought forward."""
        return None if self.net is None else (self.net.energy - self.credit).positive_part

    @property
    def carried(self) -> Estimate:
        """The credit that the next period begins with."""
        return self.credit if self.net is None else (self.credit - self.net.energy).positive_part


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterReadings:
    """What the display of a meter showed at an instant, in Wh; None if it was not known yet."""

    at: datetime
    serial_number: str
    imported: Estimate | None
    exported: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """What there is to be compared with the bill; None is what is not known yet."""

    this_period: BillingPeriod | None = None
    last_period: BillingPeriod | None = None
    at_billing_day: RegisterReadings | None = None
    at_midnight: RegisterReadings | None = None


def samples_of(reading: Reading, registers: Registers, now: float) -> Samples:
    """Return the totals of a reading that may be believed, each at the time it was believed."""
    points = {_SEEN: Sample(value=0.0, at=now)}
    for name, total, register in (
        (IMPORTED, reading.energy_imported.total, registers.imported),
        (EXPORTED, reading.energy_exported.total, registers.exported),
    ):
        if total is not None and register is not None:
            points[name] = Sample(value=total, at=register.at)
            points[_REGISTER + name] = register
    return points


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What is known of a meter's totals over time."""

    tracks: Mapping[str, Track] = field(default_factory=dict)
    meters: tuple[tuple[float, str], ...] = ()
    """when each meter was first read, and its serial number"""
    opened: float = 0.0
    """s; what was before has been collapsed into the credit"""
    credit: Estimate = _NOTHING
    """what was carried forward when it was opened"""

    @property
    def newest(self) -> Samples:
        """The reading of each total that came last."""
        return {name: track.newest for name, track in self.tracks.items()}

    @property
    def kept(self) -> Mapping[str, tuple[Sample, ...]]:
        """The readings that are kept for good; they change with midnights and with the clock."""
        return {name: track.kept for name, track in self.tracks.items()}

    @property
    def now(self) -> float | None:
        """When the meter was last read, in s."""
        return max((track.latest.at for track in self.tracks.values()), default=None)

    def after(self, points: Samples, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger after a reading."""
        tracks, meters = dict(self.tracks), self.meters
        for name, point in points.items():
            track = tracks.get(name)
            if track is None:
                tracks[name] = Track.begun(point)
            else:
                midnight = local_midnight(local_day(point.at, zone), zone)
                tracks[name] = track.after(point, midnight)
        if points and (not meters or meters[-1][1] != serial_number):
            since = max(point.at for point in points.values())
            meters = (*meters, (since, serial_number))
        after = replace(self, tracks=tracks, meters=meters)
        # If it was opened by a clock that was ahead, that is not to come.
        wrong = after.now is not None and after.now < after.opened
        return replace(after, opened=0.0) if wrong else after

    def resumed(self, points: Samples, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger after readings that were kept apart from it, if they are newer."""
        newer = {
            name: point
            for name, point in points.items()
            if name not in self.tracks or point.at > self.tracks[name].newest.at
        }
        return self.after(newer, serial_number, zone)

    def collapsed(self, zone: tzinfo, billing_day: int) -> Ledger:
        """Return the ledger without the periods that are too old, but for the credit they left."""
        full = [track.points for track in self.tracks.values() if len(track.points) > RETAINED]
        if not full:
            return self
        oldest = max(points[-RETAINED].at for points in full)
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
        """Go through all periods since the first reading, to the one of the latest."""
        now = self.now
        if now is None:
            return
        credit = self.credit
        day = billing_date(local_day(self._since, zone), billing_day)
        start = local_midnight(day, zone)
        while start <= now:
            day = next_billing_date(day, billing_day)
            end = local_midnight(day, zone)
            begin, finish = (datetime.fromtimestamp(border, zone) for border in (start, end))
            period = BillingPeriod(
                start=begin,
                end=finish,
                imported=self._counted(begin, finish, now, IMPORTED),
                exported=self._counted(begin, finish, now, EXPORTED),
                net=self._counted(begin, finish, now, IMPORTED, EXPORTED),
                credit=credit,
            )
            yield period
            credit, start = period.carried, end

    def registers_at(self, at: float, now: float, zone: tzinfo) -> RegisterReadings:
        """Return what the meter's display showed, as far as that is known now."""
        (_, first), *others = self.meters
        serials = [first, *(serial_number for since, serial_number in others if since <= at)]
        return RegisterReadings(
            at=datetime.fromtimestamp(at, zone),
            serial_number=serials[-1],
            imported=self._register(IMPORTED, at, now),
            exported=self._register(EXPORTED, at, now),
        )

    @property
    def _since(self) -> float:
        """From when on anything is known."""
        return max(self.opened, min(track.since for track in self.tracks.values()))

    def _counted(self, start: datetime, end: datetime, now: float, *names: str) -> Counted | None:
        """Return what a total has counted in a period, less another, from when on all are known."""
        tracks = [self.tracks[name] for name in names if name in self.tracks]
        since = max(start.timestamp(), self.opened, *(track.since for track in tracks))
        until = end.timestamp()
        if len(tracks) < len(names) or since >= until:
            return None
        energies = (track.between(since, min(until, now), now) for track in tracks)
        begun = datetime.fromtimestamp(since, start.tzinfo)
        return Counted(since=begun, energy=reduce(sub, energies))

    def _register(self, name: str, at: float, now: float) -> Estimate | None:
        register, total = self.tracks.get(_REGISTER + name), self.tracks.get(name)
        if register is None or total is None or at < register.since:
            return None
        before, after = register.around(at)
        sooner, later = total.around(at)
        moved, counted = after.value - before.value, later.value - sooner.value
        if before.at < at < after.at and abs(moved - counted) > _DUST:
            # The register was set back or started over, or it is another meter's: then there is
            # nothing between the two, and what was read before is all that can be said.
            return Estimate.guessed(before.value)
        return register.at(at, now)

    def as_dict(self) -> dict[str, Any]:
        """Return the ledger as JSON can hold it."""
        return {
            "tracks": {name: track.as_pairs() for name, track in self.tracks.items()},
            "behind": {
                name: track.behind.as_pairs() for name, track in self.tracks.items() if track.behind
            },
            "meters": self.meters,
            "opened": self.opened,
            "credit": self.credit.as_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Ledger:
        """Return the ledger that ``as_dict`` described."""
        behind = {name: Track.from_pairs(pairs) for name, pairs in dict(stored["behind"]).items()}
        tracks = {
            name: replace(Track.from_pairs(pairs), behind=behind.get(name))
            for name, pairs in dict(stored["tracks"]).items()
        }
        meters = tuple((float(since), str(name)) for since, name in stored["meters"])
        if tracks and not meters:
            raise ValueError("readings of no meter")
        return cls(
            tracks=tracks,
            meters=meters,
            opened=float(stored["opened"]),
            credit=Estimate.from_dict(stored["credit"]),
        )


def billing(ledger: Ledger, zone: tzinfo, billing_day: int) -> Billing:
    """Return what there is to be compared with the bill.

    ``billing_day`` is 1 to 31; in a month that is too short, its last day takes its place.
    """
    now = ledger.now
    if now is None:
        return Billing()
    *earlier, this_period = ledger.periods(zone, billing_day)
    midnight = local_midnight(local_day(now, zone), zone)
    return Billing(
        this_period=this_period,
        last_period=earlier[-1] if earlier else None,
        at_billing_day=ledger.registers_at(this_period.start.timestamp(), now, zone),
        at_midnight=ledger.registers_at(midnight, now, zone),
    )
