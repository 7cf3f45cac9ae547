"""The guard against a model of meter and owner: whatever happens, the published total is right.

The model knows what truly went through the meter. Its register counts that, wraps at its modulus,
may be set back or forward, and is misread now and then; readings get lost, clocks are set, and the
guard starts again from what was stored, which may be older than what was shown. The owner answers
truthfully what is asked, but takes their time.
"""

from dataclasses import replace
import json

from hypothesis import assume, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.dts307.meter.validation import CounterAnswer, CounterFilter, CounterQuestion
from custom_components.dts307.meter.validation.limits import Limits

HOUSE = 25_000.0
"""W that flow at most."""
RATED, UNRATED = 50_000.0, 8_000_000.0
"""W that the guard allows for: with the current transformers' rating, or without."""
COUNTS = 2.0**32
INTERVAL = 90.0
DAY = 86_400.0

watts = st.integers(0, 50).map(lambda part: part * HOUSE / 50)
pauses = st.sampled_from([DAY, 5.0, 5.0, 1.0, 60.0, 600.0])
shares = st.integers(0, 64).map(lambda part: part / 64)


class MeterAndOwner(RuleBasedStateMachine):
    """True energy in Wh on one side, the guard on the other."""

    def __init__(self) -> None:
        """Begin before the meter has been read."""
        super().__init__()
        self.counter = CounterFilter()
        self.stored = self.counter
        self.stale: CounterFilter | None = None
        self.now = 1_000_000.0
        self.energy = self.believed_at = self.stored_believed_at = 0.0
        self.lost = self.slack = 0.0
        self.unread = 0.0
        self.read_at = self.now
        self.misread_last = self.misread_since_stored = False
        self.set_back_by = 0.0
        self.truth: dict[CounterQuestion, CounterAnswer] = {}
        """What the owner knows, once something has happened to the counter."""
        self.shown: list[float] = []

    @initialize(
        power=st.sampled_from([UNRATED, RATED]),
        resolution=st.sampled_from([0.01, 1.0]),
        counts=st.integers(0, 14).map(lambda part: (14 - part) * COUNTS / 16 + 1)
        | st.floats(COUNTS - 100_000, COUNTS - 1),
    )
    def hang_up(self, power: float, resolution: float, counts: float) -> None:
        """The meter has counted before it is set up; its first reading is right."""
        modulus = COUNTS * resolution
        self.limits = Limits(
            possible_power=power, likely_power=power, resolution=resolution, modulus=modulus
        )
        self.register = self.begun = counts * resolution
        for _ in range(2):
            self.pass_time(5.0, 0.0)
            self.poll()
        self.store()

    @property
    def modulus(self) -> float:
        """Where the register starts over, in Wh."""
        assert self.limits.modulus is not None
        return self.limits.modulus

    @property
    def quiet(self) -> bool:
        """Whether nothing has happened to the counter that the owner has yet to tell of."""
        return not self.truth

    def pass_time(self, seconds: float, power: float) -> None:
        """Let energy go through the meter, with a power that it tells."""
        energy = power * seconds / 3600
        self.now += seconds
        self.energy += energy
        self.unread += energy
        # A register that goes more of its way unseen could be taken for one that was set back.
        assume(self.energy - self.believed_at < self.modulus / 16)
        if self.truth and self.counter.pending_question is None:
            # Until it has been seen twice where it is now, nobody can tell what it counts there.
            self.lost += energy
        self.register = (self.register + energy) % self.modulus
        likely = min(self.limits.possible_power, 4 * power + 0.05 * self.limits.possible_power)
        self.limits = replace(self.limits, likely_power=likely)

    def read(self, raw: float) -> None:
        """Let the guard see a register value, as whole counts."""
        counts = float(int(raw / self.limits.resolution))
        raw = counts * self.limits.resolution
        self.counter = self.counter.after(raw, self.now, self.limits)
        if self.stale is not None and self.counter.is_reconfirmed_since(self.stale):
            self.stale = None
        if self.stale is None and self.counter.published is not None:
            self.shown.append(self.counter.published)

    def poll(self) -> None:
        """Read what the register truly says."""
        self.read(self.register)
        self.misread_last = False
        self.unread = 0.0
        self.read_at = self.now
        if self.counter.candidate is None:
            self.believed_at = self.energy
        question = self.counter.question
        assert question is None or question in self.truth, f"{question} is asked needlessly"
        if CounterQuestion.SET_BACK in self.truth and self.counter.candidate is None:
            # It has come past where it was, and nobody could tell any more.
            self.lost += self.set_back_by
            self.truth = {}

    def answer(self) -> None:
        """Let the owner say what has happened, if they are asked; that is written down at once."""
        question = self.counter.question
        if question in self.truth:
            self.counter = self.counter.answered(self.truth[question], self.limits)
            self.truth = {}
            self.store()

    @rule(seconds=pauses, power=watts, polls=st.integers(1, 5))
    def consume(self, seconds: float, power: float, polls: int) -> None:
        """Energy goes through the meter, and it is read."""
        for _ in range(polls):
            self.pass_time(seconds, power)
            self.poll()

    @rule(seconds=pauses, power=watts)
    def outage(self, seconds: float, power: float) -> None:
        """Energy goes through the meter, and nobody reads it."""
        self.pass_time(seconds, power)

    @rule()
    def owner_looks(self) -> None:
        """There may be something to answer."""
        self.answer()

    @precondition(lambda self: not self.misread_last)
    @rule(share=shares | st.sampled_from([0.0, 1.0]), power=watts)
    def misread(self, share: float, power: float) -> None:
        """One reading is wrong, anyhow."""
        self.pass_time(5.0, power)
        self.read_wrongly(share * (self.modulus - self.limits.resolution))

    @precondition(lambda self: not self.misread_last)
    @rule(counts=st.floats(-100, 100), power=watts)
    def misread_slightly(self, counts: float, power: float) -> None:
        """One reading is wrong by a little, which nothing gives away at once."""
        self.pass_time(5.0, power)
        self.read_wrongly(max(0.0, self.register + counts * self.limits.resolution))

    def read_wrongly(self, raw: float) -> None:
        """Let the guard see what the register does not say."""
        if self.truth and self.counter.pending_question is None:
            # Where a counter was first seen after something happened to it, nothing can confirm.
            self.slack = self.limits.reach(INTERVAL)
        self.read(raw)
        self.misread_last = self.misread_since_stored = True

    @precondition(lambda self: self.quiet)
    @rule(seconds=st.integers(-3600, 3600), power=watts)
    def set_the_clock(self, seconds: float, power: float) -> None:
        """The clock was wrong, or is wrong now; the meter is read right before and after that."""
        for step in (0.0, 0.0, seconds, 0.0):
            self.pass_time(5.0, power)
            self.now += step
            self.poll()
        # A kill with the other clock still in what was stored would be one thing too many.
        self.store()

    def store(self) -> None:
        """Write the state down."""
        self.stored, self.stored_believed_at = self.counter, self.believed_at
        self.misread_since_stored = False

    @rule()
    def time_to_store(self) -> None:
        """A minute has passed since the state was written down."""
        self.store()

    @rule()
    def restart(self) -> None:
        """Home Assistant starts again, from what was stored when it stopped."""
        restored = CounterFilter.from_dict(json.loads(json.dumps(self.counter.as_dict())))
        assert restored == self.counter
        self.counter = restored
        self.store()

    @precondition(lambda self: not self.misread_since_stored and self.quiet)
    @rule()
    def kill(self) -> None:
        """Home Assistant starts again, from a state that is older than what was shown."""
        if self.stored.candidate is not None:
            # A wrong reading just before and one just after would be two in a row; and what was
            # asked then may have been settled since.
            return
        self.counter, self.believed_at = self.stored, self.stored_believed_at
        self.stale = self.counter

    @precondition(lambda self: self.quiet)
    @rule(share=shares | st.just(0.0), seconds=pauses, power=watts, polls=st.integers(0, 20))
    def set_back(self, share: float, seconds: float, power: float, polls: int) -> None:
        """The counter is set back; what was not read before, nobody will ever know."""
        self.settle()
        to = self.register * share
        if self.register >= self.modulus * 15 / 16:
            return  # Nobody could tell it from one that has started over.
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
        """The counter is set forward, or more goes through than the wires are rated for."""
        self.settle()
        possible = self.limits.reach(self.now - self.read_at + seconds + DAY)
        # It is not to start over as well before it is asked about.
        room = self.modulus * 15 / 16 - self.register - 2 * possible
        way = 2 * possible + share * room / 2
        if room <= 0:
            return
        self.register += way
        if real:
            self.energy += way
        else:
            self.lost += self.unread + power * seconds / 3600 + 2 * self.limits.resolution
        self.truth = {CounterQuestion.LEAP: CounterAnswer.REAL if real else CounterAnswer.NOT_REAL}
        self.pass_time(seconds, power)
        # Seen once only, it could be anything; days later, it could be energy.
        self.poll()
        self.pass_time(5.0, power)
        self.poll()

    def settle(self) -> None:
        """Let time pass in peace, until nothing is open and the register has caught up."""
        for seconds, power, polls in ((5.0, HOUSE, 20), (60.0, HOUSE, 600), (5.0, 0.0, 2)):
            for _ in range(polls):
                self.pass_time(seconds, power)
                self.poll()
                self.answer()
                if power and self.counter.candidate is None and self.shown[-1] <= self.expected():
                    break

    def expected(self) -> float:
        """Return what would be published if everything were known."""
        return self.begun + self.energy

    @invariant()
    def never_falls(self) -> None:
        """What is shown never goes down."""
        assert self.shown == sorted(self.shown)
        del self.shown[:-1]

    @invariant()
    def never_far_ahead(self) -> None:
        """What is shown is ahead of the truth by the reach of a long interval at most."""
        if self.shown and self.quiet:
            ahead = self.shown[-1] - self.expected()
            dust = 2 * self.limits.resolution
            assert ahead <= self.slack + self.limits.reach(INTERVAL) + dust

    def teardown(self) -> None:
        """Once the dust has settled, no more is missing than what the meter lost."""
        self.settle()
        assert self.quiet, "something has happened that the owner was never asked about"
        assert self.counter.question is None
        missing = self.expected() - self.shown[-1]
        dust = 2 * self.limits.resolution
        assert -dust - self.slack <= missing <= self.lost + self.slack + dust


TestGuard = MeterAndOwner.TestCase
# The same cases each time: what is to be found is looked for at leisure, with many more of them.
TestGuard.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True
)
