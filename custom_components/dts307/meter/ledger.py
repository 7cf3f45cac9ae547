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
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, Final

from .counters import Point, Registers
from .periods import billing_date, local_day, local_midnight, next_billing_date
from .reading import Reading
from .track import Estimate, Track

RETENTION_SECONDS: Final = 430 * 86400.0
"""Fourteen months, so that a bill can be compared with the same month's a year ago."""

IMPORTED: Final = "imported"
EXPORTED: Final = "exported"
_REGISTER: Final = "register_"

_NOTHING: Final = Estimate.exactly(0.0)

type Points = Mapping[str, Point]
"""Readings of the totals at one time, counters and registers, by track."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A billing period, or what is known of it; energies in Wh.

    None is what the meter does not count.
    """

    start: datetime
    end: datetime
    """when it ends, or will"""
    since: datetime
    """from when on it is counted: its start, or the first reading if that was later"""
    imported: Estimate | None
    exported: Estimate | None
    brought: Estimate | None
    """credit of earlier periods, brought forward"""

    @property
    def net(self) -> Estimate | None:
        """Energy imported minus energy exported."""
        if self.imported is None or self.exported is None:
            return None
        return self.imported - self.exported

    @property
    def billed(self) -> Estimate | None:
        """What is left to be paid of the net energy after the credit that was brought forward."""
        net, brought = self.net, self.brought
        return None if net is None or brought is None else (net - brought).positive_part

    @property
    def carried(self) -> Estimate | None:
        """The credit that the next period begins with."""
        net, brought = self.net, self.brought
        return None if net is None or brought is None else (brought - net).positive_part


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

    this_period: Period | None = None
    last_period: Period | None = None
    at_billing_day: RegisterReadings | None = None
    at_midnight: RegisterReadings | None = None


def points_of(reading: Reading, registers: Registers) -> Points:
    """Return the totals of a reading that may be believed, each at the time it was believed."""
    points = {}
    for name, total, register in (
        (IMPORTED, reading.energy_imported.total, registers.imported),
        (EXPORTED, reading.energy_exported.total, registers.exported),
    ):
        if total is not None and register is not None:
            points[name] = Point(value=total, at=register.at)
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
    def latest(self) -> Points:
        """The latest reading of each total."""
        return {name: track.latest for name, track in self.tracks.items()}

    @property
    def entries(self) -> int:
        """How many readings it keeps for good; more with each midnight."""
        return sum(len(track.points) for track in self.tracks.values())

    @property
    def now(self) -> float | None:
        """When a total was last read, in s."""
        return max((track.latest.at for track in self.tracks.values()), default=None)

    def after(self, points: Points, serial_number: str, zone: tzinfo) -> Ledger:
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

    def resumed(self, points: Points, serial_number: str, zone: tzinfo) -> Ledger:
        """Return the ledger after readings that were kept apart from it, if they are newer."""
        newer = {
            name: point
            for name, point in points.items()
            if name not in self.tracks or point.at > self.tracks[name].latest.at
        }
        return self.after(newer, serial_number, zone)

    def collapsed(self, zone: tzinfo, billing_day: int) -> Ledger:
        """Return the ledger without the periods that are too old, but for the credit they left."""
        if self.now is None:
            return self
        oldest = self.now - RETENTION_SECONDS
        if all(track.since >= oldest for track in self.tracks.values()):
            return self
        period = next(p for p in self.periods(zone, billing_day) if p.end.timestamp() > oldest)
        start = period.start.timestamp()
        if start <= self._since:
            return self
        return replace(
            self,
            tracks={name: track.known_from(start) for name, track in self.tracks.items()},
            opened=start,
            credit=period.brought or _NOTHING,
        )

    def periods(self, zone: tzinfo, billing_day: int) -> Iterator[Period]:
        """Go through all periods since the first reading, to the one of the latest."""
        now = self.now
        if now is None:
            return
        netted = {IMPORTED, EXPORTED} <= self.tracks.keys()
        brought = self.credit if netted else None
        day = billing_date(local_day(self._since, zone), billing_day)
        start = local_midnight(day, zone)
        while start <= now:
            day = next_billing_date(day, billing_day)
            end = local_midnight(day, zone)
            since = max(start, self._since)
            period = Period(
                start=datetime.fromtimestamp(start, zone),
                end=datetime.fromtimestamp(end, zone),
                since=datetime.fromtimestamp(since, zone),
                imported=self._energy(IMPORTED, since, min(end, now)),
                exported=self._energy(EXPORTED, since, min(end, now)),
                brought=brought,
            )
            yield period
            brought, start = period.carried, end

    def registers_at(self, at: float, zone: tzinfo) -> RegisterReadings:
        """Return what the meter's display showed, as far as it had been read before."""
        (_, first), *others = self.meters
        serials = [first, *(serial_number for since, serial_number in others if since <= at)]
        return RegisterReadings(
            at=datetime.fromtimestamp(at, zone),
            serial_number=serials[-1],
            imported=self._register(IMPORTED, at),
            exported=self._register(EXPORTED, at),
        )

    @property
    def _since(self) -> float:
        """From when on all totals are known."""
        return max(self.opened, *(track.since for track in self.tracks.values()))

    def _energy(self, name: str, start: float, end: float) -> Estimate | None:
        track = self.tracks.get(name)
        return None if track is None else track.between(start, end)

    def _register(self, name: str, at: float) -> Estimate | None:
        track = self.tracks.get(_REGISTER + name)
        if track is None or at < track.since:
            return None
        before, after = track.around(at)
        if at < after.at and any(before.at < since <= after.at for since, _ in self.meters[1:]):
            # Between the registers of two meters there is nothing.
            return Estimate.exactly(before.value, estimated=True)
        return track.at(at)

    def as_dict(self) -> dict[str, Any]:
        """Return the ledger as JSON can hold it."""
        return {
            "tracks": {name: track.as_pairs() for name, track in self.tracks.items()},
            "meters": self.meters,
            "opened": self.opened,
            "credit": asdict(self.credit),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Ledger:
        """Return the ledger that ``as_dict`` described."""
        return cls(
            tracks={name: Track.from_pairs(pairs) for name, pairs in stored["tracks"].items()},
            meters=tuple((since, name) for since, name in stored["meters"]),
            opened=stored["opened"],
            credit=Estimate(**stored["credit"]),
        )


def billing(ledger: Ledger, zone: tzinfo, billing_day: int) -> Billing:
    """Return what there is to be compared with the bill.

    ``billing_day`` is 1 to 31; in a month that is too short, its last day takes its place.
    """
    if ledger.now is None:
        return Billing()
    *earlier, this_period = ledger.periods(zone, billing_day)
    midnight = local_midnight(local_day(ledger.now, zone), zone)
    return Billing(
        this_period=this_period,
        last_period=earlier[-1] if earlier else None,
        at_billing_day=ledger.registers_at(this_period.start.timestamp(), zone),
        at_midnight=ledger.registers_at(midnight, zone),
    )
