"""A machine that polls a meter for a year, through outages, kills and wrong clocks."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random
from typing import Final

from custom_components.dts307.meter import PerPhase
from custom_components.dts307.meter.clock import RunClock
from custom_components.dts307.meter.intervals import EXPORTED, IMPORTED
from custom_components.dts307.meter.sample import Sample
from custom_components.dts307.meter.validation import FirstSight, RegisterReads
from tests.meter.readings import reading_with

from .house import MOST_POWER, House
from .keeper import QUARTER, Keeper
from .meter import Meter
from .record import Poll, Record
from .story import BEGIN, END, Event, How, Outage, Replaced, SetBack, WrongClock

_TRUSTED_AFTER: Final = 1800.0
"""s for which a clock has to be steady."""
_EARLIEST: Final = 1_767_225_600.0
"""s; a clock before 2026 is not trusted at all."""
_SETTLES: Final = 1900.0
"""s after a start or a step for which the meter is polled each minute, not only at borders."""
_CLOSE: Final = 500.0
"""The same before an event."""
_SELDOM: Final = 0.02


class Simulation:
    """One year."""

    def __init__(self, seed: int, house: House, events: Sequence[Event], folder: Path) -> None:
        """Prepare a year; nothing has happened yet."""
        self._house = house
        self._events = events
        self._random = Random(seed)  # noqa: S311 - no secret
        self.keeper = Keeper(folder, "OLD")
        self.record = Record()
        self._meter = Meter(house, BEGIN, imported=5_000_000, exported=70_000)
        self._believed: Sample | None = None
        """the import register as it was last believed, while the owner is asked about it"""
        self._published = 0
        self._now = BEGIN
        self._boot, self._booted = 0, BEGIN
        self._error, self._right_at = 0.0, inf
        self._seen_error, self._steady_since = 0.0, BEGIN
        self._bordered = BEGIN

    def run(self) -> None:
        """Let the year happen."""
        self._start()
        for event in self._events:
            self._poll_until(event.at - _CLOSE)
            self._poll_until(event.at, closely=True)
            self._happen(event)
        self._poll_until(END)
        self._poll()

    def restart(self) -> None:
        """Restart Home Assistant, without another reading."""
        self.keeper.stop()
        self.keeper.start(self._now, RunClock.starting(*self._clocks), self._boot)

    def _happen(self, event: Event) -> None:
        match event:
            case Outage(how=How.SILENT):
                self._pass(event.seconds)
                self._poll()
            case Outage():
                self._go_down(event.how)
                self._come_up(event)
            case WrongClock():
                self._error = event.error
                self._note_wrong_clock(event.error, event.at + event.seconds)
                self._poll_until(event.at + event.seconds)
                self._error = 0.0
            case SetBack():
                self._set_back(event)
            case Replaced():
                self._replace(event)

    def _go_down(self, how: How) -> None:
        polls = self.record.polls
        if how is How.TORN_FILES:
            self._poll(saved=False)
        elif how is How.TORN_DATABASE:
            bordered, self.keeper.tears_database = self._bordered, True
            self._poll()
            self._bordered, self.keeper.tears_database = bordered, False
        elif how.is_planned:
            self.keeper.stop()
        if how.is_planned and not how.reboots:
            return
        stored = self.keeper.totals_file.polled
        is_same_run = not how.reboots and stored >= self._booted
        for poll in reversed(polls):
            if poll.settled and poll.at <= max(stored, self._bordered):
                break
            if not how.is_planned or not poll.settled:
                poll.lost |= poll.settled or not is_same_run or poll.at > stored
        if not is_same_run:
            self._steady_since = inf

    def _come_up(self, event: Outage) -> None:
        self._pass(event.seconds)
        if event.how.reboots:
            self._boot, self._booted = self._boot + 1, self._now
            self._steady_since = inf
            self._error = event.error
            self._right_at = self._now + event.right_after if event.error else inf
            if event.error and event.right_after > _TRUSTED_AFTER:
                self._note_wrong_clock(event.error, self._right_at)
        self._start()

    def _note_wrong_clock(self, error: float, until: float) -> None:
        self.record.wrong_clock.append((self._now - max(0.0, error), until))

    def _start(self) -> None:
        if self._steady_since == inf:
            self._steady_since, self._seen_error = self._now, self._error
        self.keeper.start(self._now, RunClock.starting(*self._clocks), self._boot)
        self._poll()

    @property
    def _clocks(self) -> tuple[float, float]:
        """Wall time and elapsed time."""
        return self._now + self._error, self._now - self._booted + 50.0

    def _pass(self, seconds: float) -> None:
        """Let time pass without a process."""
        self._now += seconds
        if self._now >= self._right_at:
            self._error, self._right_at = 0.0, inf

    def _set_back(self, event: SetBack) -> None:
        self._poll()
        since = self._now
        shown = self._meter.shown(IMPORTED, since)
        self._believed = Sample(value=shown, at=self.keeper.clock.now)
        self._published = self._meter.published(IMPORTED, since)
        self._meter.set_back(IMPORTED, since)
        self._meter.added[IMPORTED] += shown
        self._poll_until(event.at + event.seconds)
        self._poll()
        self._believed = None
        self.keeper.note_edit()
        self._pass(30)
        self._poll()
        self.record.edited.append((since, self._now))

    def _replace(self, event: Replaced) -> None:
        self._poll()
        old, since = self._meter, self._now
        self._pass(event.unread)
        self._meter = Meter(self._house, self._now, event.imported, event.exported)
        sight = FirstSight(
            serial_number="NEW",
            at=self.keeper.clock.after(*self._clocks).now,
            registers={
                f"energy_{name}.total": self._meter.shown(name, self._now)
                for name in (IMPORTED, EXPORTED)
            },
            possible_power=MOST_POWER,
        )
        totals = {}
        for name in (IMPORTED, EXPORTED):
            published, shown = old.published(name, since), self._meter.shown(name, self._now)
            self._meter.added[name] = published - shown
            totals[name] = float(published), float(shown)
        self.record.between_meters = since, self._now
        self.record.edited.append((since, self._now))
        self._pass(event.seconds)
        self.keeper.pass_time(self._now)
        for carries in (True, False):
            self.keeper.stop()
            self.keeper.start(self._now, RunClock.starting(*self._clocks), self._boot)
            if carries:
                self.keeper.carry_to_new_meter(sight, totals)
        self._poll()

    def _poll_until(self, until: float, *, closely: bool = False) -> None:
        """Poll around borders of the clock, and each minute while it may prove wrong."""
        while True:
            is_watched = closely or self._now - self._steady_since < _SETTLES
            at = self._now + self._random.uniform(20, 60)
            if not is_watched:
                at = self._near_border()
            if at >= until:
                break
            self._move_to(at)
            self._poll()
        self._move_to(until)

    def _near_border(self) -> float:
        """Return when to poll next: just before or after a border, and seldom in between."""
        wall = self._now + self._error
        border = (wall // QUARTER + 1) * QUARTER
        before = border - self._random.uniform(0.5, 25)
        if wall >= border - 30:
            before = border + self._random.uniform(0, 25)
        elif self._random.random() < _SELDOM:
            before = self._random.uniform(wall + 1, before)
        return before - self._error

    def _move_to(self, at: float) -> None:
        self._pass(max(0.0, at - self._now))
        self.keeper.pass_time(self._now)

    def _poll(self, *, saved: bool = True) -> None:
        """Poll the meter; ``saved`` is whether files are written that have to be at once."""
        keeper = self.keeper
        keeper.pass_time(self._now)
        keeper.clock = clock = keeper.clock.after(*self._clocks)
        if abs(self._error - self._seen_error) >= 2:
            self._seen_error, self._steady_since = self._error, self._now
        at, meter, house = self._now, self._meter, self._house
        imported, exported = meter.published(IMPORTED, at), meter.published(EXPORTED, at)
        registers = RegisterReads(
            imported=Sample(value=meter.shown(IMPORTED, at), at=clock.now),
            exported=Sample(value=meter.shown(EXPORTED, at), at=clock.now),
        )
        if self._believed is not None:
            registers = replace(registers, imported=self._believed)
            imported = self._published
        reading = reading_with(
            energy_imported=PerPhase(total=float(imported)),
            energy_exported=PerPhase(total=float(exported)),
            power=PerPhase(total=float(house.imported.power(at) - house.exported.power(at))),
        )
        keeper.enter(reading, registers)
        if saved:
            keeper.pass_time(self._now)
        self._note_poll()

    def _note_poll(self) -> None:
        polls, wall = self.record.polls, self._now + self._error
        if self._now - self._steady_since >= _TRUSTED_AFTER and wall >= _EARLIEST:
            for poll in reversed(polls):
                if poll.settled:
                    break
                if not poll.lost:
                    poll.settled, poll.wrong = True, self._error != 0
            last = polls[-1].at + self._error if polls else wall
            if wall // QUARTER > last // QUARTER:
                self._bordered = self._now
            polls.append(Poll(self._now, settled=True, wrong=self._error != 0))
        else:
            polls.append(Poll(self._now))
