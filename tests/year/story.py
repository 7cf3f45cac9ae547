"""What happens to the machine and to the meter in a year, as data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

from .house import DAY, HOUR, instant

BEGIN: Final = instant("2026-01-01 10:07:13")
END: Final = instant("2027-01-01 10:07:13")
MINUTE: Final = 60.0


class How(StrEnum):
    """What an outage is."""

    SILENT = "silent"
    """The meter does not answer."""
    STOPPED = "stopped"
    """Home Assistant is restarted."""
    KILLED = "killed"
    """Home Assistant is killed; the machine goes on."""
    TORN_FILES = "torn files"
    """It is killed at a border, when the reads are in the database, and nothing is in its files."""
    TORN_DATABASE = "torn database"
    """It is killed at a border, when the files are written, and the database is not."""
    SHUT_DOWN = "shut down"
    """The machine is shut down."""
    POWER_CUT = "power cut"
    """The machine loses its power, and with it what was not written."""

    @property
    def is_planned(self) -> bool:
        """Whether everything is written."""
        return self in (How.STOPPED, How.SHUT_DOWN)

    @property
    def reboots(self) -> bool:
        """Whether the machine starts again, too."""
        return self in (How.SHUT_DOWN, How.POWER_CUT)


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A time without readings."""

    at: float
    seconds: float
    how: How
    error: float = 0.0
    """s by which the clock of a machine is ahead when it starts again"""
    right_after: float = 0.0
    """s later a time server has put it right"""


@dataclass(frozen=True, kw_only=True)
class WrongClock:
    """The clock of a running machine steps, and is put right later."""

    at: float
    seconds: float
    error: float


@dataclass(frozen=True, kw_only=True)
class SetBack:
    """The import register is set to zero; the owner answers the question about that later."""

    at: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """Another meter is mounted; nothing is read until it is seen, and the owner confirms later."""

    at: float
    unread: float
    seconds: float
    imported: int
    exported: int


type Event = Outage | WrongClock | SetBack | Replaced

DST_IN_SPRING: Final = "2026-03-29"
DST_IN_AUTUMN: Final = "2026-10-25"

NASTY: Final[Sequence[Event]] = (
    Outage(at=instant("2026-01-12 23:52:00"), seconds=16 * MINUTE, how=How.STOPPED),
    Outage(at=instant("2026-01-14 22:30:00"), seconds=3 * HOUR, how=How.KILLED),
    Outage(
        at=instant("2026-01-31 20:00:00"),
        seconds=9 * HOUR,
        how=How.POWER_CUT,
        error=-9 * HOUR,
        right_after=14 * MINUTE,
    ),
    Outage(at=instant("2026-02-15 00:00:04"), seconds=50.0, how=How.TORN_FILES),
    Outage(at=instant("2026-02-16 00:00:04"), seconds=50.0, how=How.TORN_DATABASE),
    Replaced(
        at=instant("2026-02-18 11:20:00"),
        unread=95 * MINUTE,
        seconds=5 * HOUR,
        imported=123,
        exported=7_000_000,
    ),
    Outage(at=instant("2026-02-28 23:59:50"), seconds=25.0, how=How.KILLED),
    WrongClock(at=instant("2026-03-14 22:10:00"), seconds=5 * HOUR, error=2 * HOUR),
    Outage(
        at=instant(f"{DST_IN_SPRING} 01:20:00"),
        seconds=1 * HOUR,
        how=How.POWER_CUT,
        error=HOUR,
        right_after=6 * MINUTE,
    ),
    Outage(at=instant("2026-03-31 23:40:00"), seconds=40 * MINUTE, how=How.SILENT),
    Outage(
        at=instant("2026-04-14 12:00:00"),
        seconds=2 * DAY,
        how=How.SHUT_DOWN,
        error=-2 * DAY,
        right_after=19 * MINUTE,
    ),
    Outage(at=instant("2026-04-20 03:00:00"), seconds=11 * DAY, how=How.SHUT_DOWN),
    WrongClock(at=instant("2026-05-05 13:00:00"), seconds=50 * MINUTE, error=-4711.0),
    SetBack(at=instant("2026-05-12 17:31:00"), seconds=4 * DAY + 5 * HOUR),
    Outage(
        at=instant("2026-06-14 23:30:00"),
        seconds=8 * HOUR,
        how=How.SHUT_DOWN,
        error=3 * HOUR,
        right_after=25 * MINUTE,
    ),
    Outage(
        at=instant("2026-06-30 23:59:30"),
        seconds=100.0,
        how=How.POWER_CUT,
        error=-400 * DAY,
        right_after=3 * MINUTE,
    ),
    Outage(
        at=instant("2026-07-10 12:00:00"),
        seconds=HOUR,
        how=How.POWER_CUT,
        error=-HOUR,
        right_after=20 * MINUTE,
    ),
    Outage(at=instant("2026-07-10 13:11:00"), seconds=2 * MINUTE, how=How.KILLED),
    Outage(
        at=instant("2026-07-11 22:40:00"),
        seconds=HOUR,
        how=How.POWER_CUT,
        error=-2 * HOUR,
        right_after=25 * MINUTE,
    ),
    Outage(at=instant("2026-07-11 23:58:00"), seconds=4 * MINUTE, how=How.STOPPED),
    Outage(at=instant("2026-07-12 09:00:00"), seconds=58 * MINUTE, how=How.POWER_CUT),
    Outage(at=instant("2026-07-12 10:30:04"), seconds=40.0, how=How.TORN_FILES),
    Outage(
        at=instant("2026-07-12 15:00:00"),
        seconds=20 * MINUTE,
        how=How.POWER_CUT,
        error=-20 * MINUTE,
        right_after=25 * MINUTE,
    ),
    Outage(
        at=instant("2026-07-12 15:32:00"),
        seconds=20 * MINUTE,
        how=How.POWER_CUT,
        error=-32 * MINUTE,
        right_after=25 * MINUTE,
    ),
    Outage(
        at=instant("2026-09-08 10:00:00"),
        seconds=10 * MINUTE,
        how=How.POWER_CUT,
        error=2 * HOUR,
        right_after=6 * HOUR,
    ),
    Outage(at=instant("2026-09-08 13:00:00"), seconds=5 * MINUTE, how=How.KILLED),
    Outage(at=instant("2026-09-08 20:10:00"), seconds=20 * MINUTE, how=How.KILLED),
    Outage(at=instant("2026-09-09 02:00:00"), seconds=10 * MINUTE, how=How.STOPPED),
    Outage(at=instant("2026-10-14 18:00:00"), seconds=8 * HOUR, how=How.SILENT),
    Outage(at=instant(f"{DST_IN_AUTUMN} 01:50:00"), seconds=100 * MINUTE, how=How.KILLED),
    WrongClock(at=instant("2026-10-31 21:07:00"), seconds=6 * HOUR, error=DAY / 2),
    Outage(
        at=instant("2026-11-30 23:58:00"),
        seconds=5 * MINUTE,
        how=How.POWER_CUT,
        error=-3 * MINUTE,
        right_after=2 * HOUR,
    ),
    Outage(at=instant("2026-12-31 18:00:00"), seconds=12 * HOUR, how=How.STOPPED),
)
"""Over midnights, both changes of the clock, the billing day and ends of months."""

_ROOM: Final = 1.2 * DAY
"""s that are left before and after each random event"""
_BEFORE: Final = 0.2 * DAY
_AFTER: Final = 0.3 * DAY
"""s for which the machine runs before and after each event, if it is off in between"""


def random_events(seed: int, count: int) -> Sequence[Event]:
    """Return events at random times and of random lengths, apart from each other."""
    random = Random(seed)  # noqa: S311 - no secret
    events: list[Event] = []
    taken = [(each.at, each.at + each.seconds) for each in NASTY]
    for _ in range(count):
        event = _random_outage(random, random.uniform(BEGIN + DAY, END - 9 * DAY))
        start, end = event.at - _ROOM, event.at + event.seconds + _ROOM
        if all(end < begin or finish < start for begin, finish in taken):
            taken.append((event.at, event.at + event.seconds))
            events.append(event)
    return events


def _random_outage(random: Random, at: float) -> Outage:
    how = random.choice(list(How))
    if how in (How.TORN_FILES, How.TORN_DATABASE):
        at = at // 900 * 900 + 4
    seconds = random.choice((random.uniform(5, 600), random.uniform(600, 4 * HOUR)))
    error, right_after = 0.0, 0.0
    if not how.reboots:
        return Outage(at=at, seconds=seconds, how=how)
    if random.random() < 0.3:
        seconds = random.uniform(4 * HOUR, 8 * DAY)
    if random.random() < 0.6:
        error = random.choice((-seconds, -HOUR, 600.0, HOUR, 2 * DAY, -500 * DAY))
        right_after = random.uniform(20, 1700)
    return Outage(at=at, seconds=seconds, how=how, error=error, right_after=right_after)


def story(seed: int, *, whole: bool) -> Sequence[Event]:
    """Return the events of a year, in the order of their time.

    Unless it is the ``whole`` year, the machine is off in between for as long as nothing happens.
    """
    random = random_events(seed, 40 if whole else 6)
    events = sorted((*NASTY, *random), key=lambda event: event.at)
    absences = () if whole else _absences(events)
    return sorted((*events, *absences), key=lambda event: event.at)


def _absences(events: Sequence[Event]) -> Iterator[Event]:
    ends = [BEGIN, *map(_decided, events)]
    begins = [*(event.at for event in events), END]
    for end, begin in zip(ends, begins, strict=True):
        off, on = end + _AFTER, begin - _BEFORE
        if on - off > DAY:
            yield Outage(at=off, seconds=on - off, how=How.SHUT_DOWN)


def _decided(event: Event) -> float:
    """Return when an event is over; it takes a day to decide which of two clocks was wrong."""
    return event.at + event.seconds + (DAY if isinstance(event, WrongClock) else 0.0)
