"""The counter filter against a model of meter and owner: the published total is always right.

The model knows the true energy. Its register counts that, rolls over at its modulus, may be set
back or forward, and is misread now and then. Reads get lost, clocks are set, and the filter starts
again from what was stored, which may be older than what was published. The owner answers each
question truthfully, but not at once.
"""

import json

from hypothesis import assume, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.dts307.meter.validation import (
    CounterAnswer,
    CounterFilter,
    CounterQuestion,
    Read,
)
from custom_components.dts307.meter.validation.limits import Limits

HOUSE = 25_000.0
"""W; the most that flows."""
RATED, UNRATED = 50_000.0, 8_000_000.0
"""W; the possible power with the CT rating entered, and without."""
COUNTS = 2.0**32
INTERVAL = 90.0
DAY = 86_400.0

watts = st.integers(0, 50).map(lambda part: part * HOUSE / 50)
pauses = st.sampled_from([DAY, 5.0, 5.0, 1.0, 60.0, 600.0])
shares = st.integers(0, 64).map(lambda part: part / 64)


class MeterAndOwner(RuleBasedStateMachine):
    """The true energy in Wh on one side, the counter filter on the other."""

    def __init__(self) -> None:
        """Start before the meter has been read."""
        super().__init__()
        self.counter = CounterFilter()
        self.stored = self.counter
        self.stale: CounterFilter | None = None
        self.now = 1_000_000.0
        self.power = 0.0
        self.energy = self.believed_at = self.stored_believed_at = 0.0
        self.lost = self.slack = 0.0
        self.unread = 0.0
        self.read_at = self.now
        self.misread_last = self.misread_since_stored = False
        self.set_back_by = 0.0
        self.truth: dict[CounterQuestion, CounterAnswer] = {}
        """What the owner would answer, once something has happened to the counter."""
        self.published: list[float] = []

    @initialize(
        power=st.sampled_from([UNRATED, RATED]),
        resolution=st.sampled_from([0.01, 1.0]),
        counts=st.integers(0, 14).map(lambda part: (14 - part) * COUNTS / 16 + 1)
        | st.floats(COUNTS - 100_000, COUNTS - 1),
    )
    def set_up(self, power: float, resolution: float, counts: float) -> None:
        """The meter has counted before it is set up; its first read is correct."""
        modulus = COUNTS * resolution
        self.limits = Limits(possible_power=power, resolution=resolution, modulus=modulus)
        self.register = self.first_register = counts * resolution
        for _ in range(2):
            self.pass_time(5.0, 0.0)
            self.poll()
        self.store()

    @property
    def modulus(self) -> float:
        """Where the register rolls over, in Wh."""
        assert self.limits.modulus is not None
        return self.limits.modulus

    @property
    def quiet(self) -> bool:
        """Whether nothing has happened to the counter that the owner still has to answer."""
        return not self.truth

    @property
    def believed(self) -> bool:
        """Whether the latest read is believed, and no other place of the register is possible."""
        return self.counter.contender is None and not self.counter.awaits_confirmation

    def pass_time(self, seconds: float, power: float) -> None:
        """Let energy flow, with a power that the meter reports."""
        energy = power * seconds / 3600
        self.now += seconds
        self.energy += energy
        self.unread += energy
        # A rollover with more of the range unseen could be taken for a set back.
        assume(self.energy - self.believed_at < self.modulus / 16)
        if self.truth and self.counter.pending_question is None:
            # Until two reads show where it is now, what it counts there is unknown.
            self.lost += energy
        self.register = (self.register + energy) % self.modulus
        self.power = power

    def read(self, raw: float) -> None:
        """Let the filter read a register value, in whole counts."""
        counts = float(int(raw / self.limits.resolution))
        raw = counts * self.limits.resolution
        read = Read(value=raw, at=self.now, power=self.power)
        self.counter = self.counter.after(read, self.limits)
        if self.stale is not None and self.counter.is_reconfirmed_since(self.stale):
            self.stale = None
        if self.stale is None and self.counter.published is not None:
            self.published.append(self.counter.published)

    def poll(self) -> None:
        """Read the register correctly."""
        self.read(self.register)
        self.misread_last = False
        self.unread = 0.0
        self.read_at = self.now
        if self.believed:
            self.believed_at = self.energy
        question = self.counter.question
        assert question is None or question in self.truth, f"{question} is asked needlessly"
        if CounterQuestion.SET_BACK in self.truth and self.believed:
            # It has passed its old value, so that the set back no longer shows.
            self.lost += self.set_back_by
            self.truth = {}

    def answer(self) -> None:
        """Let the owner answer, if there is a question; the answer is stored at once."""
        question = self.counter.question
        if question in self.truth:
            self.counter = self.counter.answered(self.truth[question], self.limits)
            self.truth = {}
            self.store()

    @rule(seconds=pauses, power=watts, polls=st.integers(1, 5))
    def consume(self, seconds: float, power: float, polls: int) -> None:
        """Energy flows, and the meter is polled."""
        for _ in range(polls):
            self.pass_time(seconds, power)
            self.poll()

    @rule(seconds=pauses, power=watts)
    def outage(self, seconds: float, power: float) -> None:
        """Energy flows, and the meter is not polled."""
        self.pass_time(seconds, power)

    @rule()
    def owner_looks(self) -> None:
        """The owner answers, if there is a question."""
        self.answer()

    @precondition(lambda self: not self.misread_last)
    @rule(share=shares | st.sampled_from([0.0, 1.0]), power=watts)
    def misread(self, share: float, power: float) -> None:
        """One read is wrong by any amount."""
        self.pass_time(5.0, power)
        self.read_wrongly(share * (self.modulus - self.limits.resolution))

    @precondition(lambda self: not self.misread_last)
    @rule(counts=st.floats(-100, 100), power=watts)
    def misread_slightly(self, counts: float, power: float) -> None:
        """One read is wrong by so little that it is not noticed at once."""
        self.pass_time(5.0, power)
        self.read_wrongly(max(0.0, self.register + counts * self.limits.resolution))

    def read_wrongly(self, raw: float) -> None:
        """Let the filter read what the register does not show."""
        if self.truth and self.counter.pending_question is None:
            # Nothing can confirm where a counter was first seen after something happened to it.
            self.slack = self.limits.reach(INTERVAL)
        self.read(raw)
        self.misread_last = self.misread_since_stored = True

    @precondition(lambda self: self.quiet)
    @rule(seconds=st.integers(-3600, 3600), power=watts)
    def set_the_clock(self, seconds: float, power: float) -> None:
        """The clock was wrong, or is wrong now; the meter is polled just before and after."""
        for step in (0.0, 0.0, seconds, 0.0):
            self.pass_time(5.0, power)
            self.now += step
            self.poll()
        # A kill with the other clock still stored would be a second fault at once.
        self.store()

    def store(self) -> None:
        """Store the state."""
        self.stored, self.stored_believed_at = self.counter, self.believed_at
        self.misread_since_stored = False

    @rule()
    def store_each_minute(self) -> None:
        """A minute has passed since the state was stored."""
        self.store()

    @rule()
    def restart(self) -> None:
        """Home Assistant starts again, from what was stored when it stopped."""
        stored = json.loads(json.dumps(self.counter.as_dict()))
        self.counter = CounterFilter.from_dict(stored)
        assert self.counter.as_dict() == stored
        self.store()

    @precondition(lambda self: not self.misread_since_stored and self.quiet)
    @rule()
    def kill(self) -> None:
        """Home Assistant starts again, from a state that is older than what was published."""
        if self.stored.contender is not None or self.stored.awaits_confirmation:
            # A misread just before and one just after would be two in a row, and the question of
            # then may have been answered since.
            return
        self.counter, self.believed_at = self.stored, self.stored_believed_at
        self.stale = self.counter

    @precondition(lambda self: self.quiet)
    @rule(share=shares | st.just(0.0), seconds=pauses, power=watts, polls=st.integers(0, 20))
    def set_back(self, share: float, seconds: float, power: float, polls: int) -> None:
        """The counter is set back; what was not read before is lost."""
        self.settle()
        to = self.register * share
        if self.register >= self.modulus * 15 / 16:
            return  # It would look like a rollover.
        self.lost += self.unread + 2 * self.limits.resolution
        self.unread = 0.0
        self.set_back_by = self.register - to
        self.register = to
        self.truth = {
            CounterQuestion.SET_BACK: CounterAnswer.ELSEWHERE if to else CounterAnswer.ZERO
        }
        self.pass_time(seconds, power)
        for _ in range(polls):
            self.pass_time(5.0, power)
            self.poll()

    @precondition(lambda self: self.quiet)
    @rule(share=shares, seconds=pauses, power=watts, real=st.booleans())
    def leap(self, share: float, seconds: float, power: float, *, real: bool) -> None:
        """The counter is set forward, or more flows than the wires are rated for."""
        self.settle()
        possible = self.limits.reach(self.now - self.read_at + seconds + DAY)
        # It must not roll over as well before it is asked about.
        room = self.modulus * 15 / 16 - self.register - 2 * possible
        rise = 2 * possible + share * room / 2
        if room <= 0:
            return
        self.register += rise
        if real:
            self.energy += rise
        else:
            self.lost += self.unread + power * seconds / 3600 + 2 * self.limits.resolution
        self.truth = {CounterQuestion.LEAP: CounterAnswer.REAL if real else CounterAnswer.NOT_REAL}
        self.pass_time(seconds, power)
        # A single read could be anything, and days later the leap could be energy.
        self.poll()
        self.pass_time(5.0, power)
        self.poll()

    def settle(self) -> None:
        """Let time pass without faults, until all is answered and the register has caught up."""
        for seconds, power, polls in ((5.0, HOUSE, 20), (60.0, HOUSE, 600), (5.0, 0.0, 2)):
            for _ in range(polls):
                self.pass_time(seconds, power)
                self.poll()
                self.answer()
                if power and self.believed and self.published[-1] <= self.expected():
                    break

    def expected(self) -> float:
        """Return what should be published."""
        return self.first_register + self.energy

    @invariant()
    def never_falls(self) -> None:
        """The published value never decreases."""
        assert self.published == sorted(self.published)
        del self.published[:-1]

    @invariant()
    def never_far_ahead(self) -> None:
        """The published value is at most the reach of the longest poll interval ahead."""
        if self.published and self.quiet:
            ahead = self.published[-1] - self.expected()
            rounding = 2 * self.limits.resolution
            assert ahead <= self.slack + self.limits.reach(INTERVAL) + rounding

    def teardown(self) -> None:
        """In the end no more energy is missing than what the meter lost."""
        self.settle()
        assert self.quiet, "something happened that the owner was never asked about"
        assert self.counter.question is None
        missing = self.expected() - self.published[-1]
        rounding = 2 * self.limits.resolution
        assert -rounding - self.slack <= missing <= self.lost + self.slack + rounding


TestCounterFilter = MeterAndOwner.TestCase
# The same cases each time; a search with many more of them is for a quiet hour.
TestCounterFilter.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True
)
