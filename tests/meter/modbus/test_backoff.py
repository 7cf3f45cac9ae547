"""The health of the link: what is counted, and how long a meter is left alone that does not answer.

A meter that is silent is played out as Home Assistant polls it: the next attempt comes with the
tick of its coordinator, which is up to 0.95 s before the pause ends, or 0.5 s after it.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count, pairwise
from math import floor

from hypothesis import example, given, settings, strategies as st
import pytest

from custom_components.dts307.meter.modbus import ConnectionHealth
from custom_components.dts307.meter.modbus.backoff import LONGEST_PAUSE

BAUDRATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
HEADER, SPARE, SNAPSHOT, MODEL, IDENTITY, MOST = 2, 2, 55, 107, 68, 125
"""Registers of a probe and what the line may add, of a usual poll, of all, of who it is, at most"""

SHARE = 0.05
ROUNDING = 1e-6
"""Seconds; no more than floats lose."""
FOUND_WITHIN = {1200: 36.0, 2400: 31.0}
"""Seconds, where it is more than 30."""

HOUR = 3600.0

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Speed:
    """What requests and their responses take at the baud rate of a bus, in seconds."""

    baudrate: int

    def wait(self, registers: int) -> float:
        """Return how long an answer is waited for that does not come."""
        return 1 + (8 + 5 + 2 * registers) * 11 / self.baudrate

    def answer(self, registers: int) -> float:
        """Return how long it takes until an answer is there."""
        return 0.025 + (8 + 5 + 2 * registers) * 10 / self.baudrate

    def attempt(self, number: int) -> float:
        """Return how long it takes to give up an attempt at a meter that has fallen silent.

        The first waits as long as usual; the second is made at once, for a lost reply is forgiven;
        the others only probe.
        """
        waits = (MOST, MODEL, HEADER + SPARE)
        return self.wait(waits[min(number, 2)])

    @property
    def others(self) -> float:
        """How long it takes for three others to be read, one of them in full."""
        return 2 * self.answer(SNAPSHOT) + self.answer(MODEL)


ANSWER = Speed(9600).answer(SNAPSHOT)

speeds = st.sampled_from(BAUDRATES).map(Speed)
intervals = st.integers(1, 60).map(float)
ticks = st.lists(st.floats(-0.95, 0.5), min_size=1, max_size=20)
lengths = st.floats(0.01, HOUR)


def silence(
    interval: float, speed: Speed, ticks: list[float], length: float
) -> list[tuple[float, float]]:
    """Return begin and end of the attempts at a meter that falls silent at 0, for so long."""
    health = ConnectionHealth()
    health.answered(-ANSWER, 0.0, NOON)
    attempts: list[tuple[float, float]] = []
    begun = interval
    while begun < interval + length:
        attempts.append((begun, begun + speed.attempt(len(attempts))))
        health.failed("meter_silent", *attempts[-1])
        tick = ticks[len(attempts) % len(ticks)]
        begun = attempts[-1][1]
        if len(attempts) > 1:
            begun += health.pause(interval) + tick
    return attempts


def test_nothing_is_known_at_first() -> None:
    health = ConnectionHealth()
    assert health.answering
    assert health.failure is None
    assert health.answer_time is None
    assert health.success_rate is None
    assert health.last_reading is None
    assert health.pause(5.0) == 5.0


def test_an_outage_lasts_from_the_beginning_of_the_first_failed_attempt() -> None:
    health = ConnectionHealth()
    health.answered(0.0, 0.25, NOON)
    health.failed("meter_silent", 1.0, 3.0)
    assert health.pause(0.5) == 2.0
    health.failed("meter_silent", 5.0, 6.0)
    assert health.pause(0.5) == 5.0


def test_an_answer_a_failure_and_an_answer() -> None:
    health = ConnectionHealth()
    health.answered(100.0, 100.25, NOON)
    assert health.answering
    assert health.answer_time == 0.25
    assert health.last_reading == NOON
    assert health.success_rate == 1

    health.failed("meter_silent", 105.0, 106.5)
    assert not health.answering
    assert health.failure == "meter_silent"
    assert health.answer_time == 0.25
    assert health.last_reading == NOON
    assert health.success_rate == 1 / 2

    health.failed("link_down", 112.0, 112.0)
    assert health.failure == "link_down"
    later = NOON + timedelta(seconds=20)
    health.answered(120.0, 120.5, later)
    assert health.answering
    assert health.failure is None
    assert health.answer_time == 0.5
    assert health.last_reading == later
    assert health.success_rate == 2 / 4


@example([False] * 5 + [True] * 95)
@example([False] * 5 + [True] * 100)
@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_the_success_rate_looks_back_on_the_last_attempts(outcomes: list[bool]) -> None:
    health = ConnectionHealth()
    for number, answered in enumerate(outcomes):
        if answered:
            health.answered(number, number + ANSWER, NOON)
        else:
            health.failed("garbled_reply", number, number + ANSWER)
    last = outcomes[-100:]
    assert health.success_rate == sum(last) / len(last)
    assert health.answering == outcomes[-1]


@given(intervals, speeds, ticks, lengths)
def test_the_owners_interval_holds_again_with_the_first_answer(
    interval: float, speed: Speed, ticks: list[float], length: float
) -> None:
    health = ConnectionHealth()
    for begun, ended in silence(interval, speed, ticks, length):
        health.failed("meter_silent", begun, ended)
        assert min(interval, LONGEST_PAUSE) <= health.pause(interval) <= LONGEST_PAUSE
    health.answered(2 * HOUR, 2 * HOUR + ANSWER, NOON)
    assert health.pause(interval) == interval
    # Nor is the next absence charged for this one.
    health.failed("meter_silent", 3 * HOUR, 3 * HOUR + speed.attempt(0))
    assert health.pause(1.0) <= 1.0001 * speed.attempt(0)


@pytest.mark.parametrize(
    ("begun", "ended", "pause"),
    [(10.2, 10.4, 5), (10.2, 11.1, 4), (10.9, 12.1, 3), (10.9, 14.9, 1), (10.9, 18.9, 0.05)],
)
def test_the_interval_counts_from_begin_to_begin(begun: float, ended: float, pause: float) -> None:
    """A poll that waited for others does not put off the next; but for these, time is left."""
    health = ConnectionHealth()
    health.answered(begun, ended, NOON)
    assert health.pause(5.0) == pause


@given(intervals, st.lists(lengths, min_size=1, max_size=50))
def test_a_failure_that_costs_nothing_is_tried_again_at_the_usual_pace(
    interval: float, gaps: list[float]
) -> None:
    """A refusal, or a port that is not there, takes no time from the others."""
    health = ConnectionHealth()
    now = 0.0
    for gap in gaps:
        now += gap
        health.failed("link_down", now, now + 0.04)
        assert health.pause(interval) == min(interval, LONGEST_PAUSE)


@given(intervals, speeds, ticks, lengths)
def test_a_meter_is_found_again_within_30_seconds(
    interval: float, speed: Speed, ticks: list[float], length: float
) -> None:
    """However long it was away, and whenever in the course of the attempts it comes back.

    It has to wait its turn: three others on the bus may be asked before it, one of them in full.
    On slow lines that and what is read of it takes so long that it may be a few seconds more.
    """
    attempts = silence(interval, speed, ticks, length + 2 * LONGEST_PAUSE)
    read = speed.answer(HEADER) + speed.answer(MODEL)
    identified = 4 * speed.answer(HEADER) + speed.answer(IDENTITY)
    for (begun, _), (following, _) in pairwise(attempts):
        # At worst it is back the moment after it was asked.
        back = begun
        found = following + speed.others + read + identified
        assert found - back <= FOUND_WITHIN.get(speed.baudrate, 30.0)


@given(intervals, speeds, ticks, lengths)
def test_a_short_absence_is_not_drawn_out(
    interval: float, speed: Speed, ticks: list[float], length: float
) -> None:
    """Until the longest pause, the next attempt comes before the time in silence has doubled."""
    attempts = silence(interval, speed, ticks, length)
    first = attempts[0][0]
    for (_, ended), (following, _) in pairwise(attempts):
        assert following - ended <= max(interval, ended - first) + 0.5 + ROUNDING


@given(st.integers(1, 24).map(float), speeds, ticks, lengths)
def test_the_share_of_the_bus(
    interval: float, speed: Speed, ticks: list[float], length: float
) -> None:
    """At most 5 % of an outage of any length, and a few attempts once for having fallen silent."""
    attempts = silence(interval, speed, ticks, length)
    asked_for = sum(ended - begun for begun, ended in attempts)
    assert asked_for <= SHARE * length + 4 * speed.attempt(0)


@dataclass(order=True)
class Turn:
    """A poll that waits for the bus, which serves in the order of asking."""

    due: float
    number: int
    unit: int = field(compare=False)


@dataclass
class Bus:
    """Four meters polled over one bus, one of them silent or not; ``ticks`` are when they poll."""

    speed: Speed
    interval: float
    ticks: tuple[float, float, float, float]
    silent: frozenset[int]
    held: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    readings: Counter[int] = field(default_factory=Counter)

    def run(self, until: float) -> None:
        """Poll for so many seconds."""
        numbers = count()
        healths = [ConnectionHealth() for _ in self.ticks]
        queue = [Turn(tick, next(numbers), unit) for unit, tick in enumerate(self.ticks)]
        free = 0.0
        attempts: Counter[int] = Counter()
        while (turn := heappop(queue)).due < until:
            unit, health = turn.unit, healths[turn.unit]
            begun = max(free, turn.due)
            if unit in self.silent:
                free = begun + self.speed.attempt(attempts[unit])
                attempts[unit] += 1
            else:
                free = begun + self.speed.answer(SNAPSHOT)
            self.held[unit] += free - begun
            again = False
            if unit in self.silent:
                again = health.answering
                health.failed("meter_silent", turn.due, free)
            else:
                self.readings[unit] += 1
                health.answered(turn.due, free, NOON)
            pause = floor(free) + self.ticks[unit] + health.pause(self.interval)
            heappush(queue, Turn(free if again else pause, next(numbers), unit))


@pytest.mark.parametrize(
    ("baudrate", "interval"),
    [
        *((9600, interval) for interval in (1.0, 2.0, 5.0, 10.0, 24.0, 60.0)),
        (1200, 5.0),
        (1200, 10.0),
        (2400, 5.0),
    ],
)
@settings(max_examples=15, deadline=None)
@given(ticks=st.tuples(*[st.floats(0.05, 0.5)] * 4))
def test_one_silent_meter_of_four(
    baudrate: int, interval: float, ticks: tuple[float, float, float, float]
) -> None:
    """In an hour, it takes at most 5 % of the bus, and costs the others at most 5 % of theirs."""
    well = Bus(Speed(baudrate), interval, ticks, frozenset())
    ill = Bus(Speed(baudrate), interval, ticks, frozenset({3}))
    well.run(HOUR)
    ill.run(HOUR)
    assert ill.held[3] <= SHARE * HOUR
    for unit in range(3):
        assert ill.readings[unit] >= (1 - SHARE) * well.readings[unit]
