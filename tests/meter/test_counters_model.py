"""The guard against a model of meter and owner: whatever happens, the published total is right.

The model knows what truly went through the meter. Its register counts that, may be set back to
zero, wraps at its modulus, and is misread now and then; readings get lost and the guard restarts
from what was stored. The owner answers truthfully what is asked.
"""

from dataclasses import replace
import json

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.dts307.meter.counters import Counter, Question
from custom_components.dts307.meter.limits import Limits

POWER = 50_000.0
"""W that the guard allows for; the model stays below a half of it, as the guard's margin is two."""
MODULUS = 2.0**32
INTERVAL = 90.0

watts = st.floats(0, POWER / 2)
pauses = st.sampled_from([1.0, 5.0, 5.0, 5.0, 60.0, 600.0, 86_400.0])


class MeterAndOwner(RuleBasedStateMachine):
    """True energy in Wh on one side, the guard on the other."""

    def __init__(self) -> None:
        """Begin before the meter has been read."""
        super().__init__()
        self.limits = Limits(power=POWER, likely=POWER, resolution=1.0, modulus=MODULUS)
        self.counter = Counter()
        self.now = 1_000_000.0
        self.energy = 0.0
        self.register = 0.0
        self.lost = 0.0
        self.unread = 0.0
        self.misread_last = False
        self.shown: list[float] = []
        self.begun = 0.0

    @initialize(register=st.floats(0, MODULUS - 1) | st.floats(MODULUS - 100_000, MODULUS - 1))
    def hang_up(self, register: float) -> None:
        """The meter has counted before it is set up."""
        self.register = self.begun = register

    def pass_time(self, seconds: float, power: float) -> None:
        """Let energy go through the meter."""
        energy = power * seconds / 3600
        self.now += seconds
        self.energy += energy
        self.unread += energy
        self.register += energy
        if self.register >= MODULUS:
            self.register -= MODULUS
            if not self.shown:
                self.begun -= MODULUS  # Nobody had seen where it was before.

    def read(self, raw: float) -> None:
        """Let the guard see a register value, as whole counts."""
        self.counter = self.counter.after(float(int(raw)), self.now, self.limits)
        if self.counter.published is not None:
            self.shown.append(self.counter.published)

    def poll(self) -> None:
        """Read what the register truly says, and let the owner answer what is asked."""
        self.read(self.register)
        self.misread_last = False
        self.unread = 0.0
        question = self.counter.question
        if question is not None:
            assert question is Question.SET_BACK, "nothing but a set-back happens to this meter"
            self.counter = self.counter.settled(self.limits, real=True)

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

    @precondition(lambda self: not self.misread_last)
    @rule(raw=st.floats(0, MODULUS - 1) | st.sampled_from([0.0, MODULUS - 1]), power=watts)
    def misread(self, raw: float, power: float) -> None:
        """One reading is wrong, anyhow."""
        self.pass_time(5.0, power)
        self.read(raw)
        self.misread_last = True

    @precondition(lambda self: not self.misread_last)
    @rule(counts=st.floats(-100, 100), power=watts)
    def misread_slightly(self, counts: float, power: float) -> None:
        """One reading is wrong by a little, which nothing gives away at once."""
        self.pass_time(5.0, power)
        self.read(max(0.0, self.register + counts))
        self.misread_last = True

    @rule(likely=watts)
    def tell_power(self, likely: float) -> None:
        """The meter tells a power, whatever it may be worth."""
        self.limits = replace(self.limits, likely=likely)

    @rule()
    def restart(self) -> None:
        """Home Assistant starts again, from what was stored."""
        stored = json.loads(json.dumps(self.counter.as_dict()))
        restored = Counter.from_dict(stored)
        assert restored == self.counter
        self.counter = restored

    @precondition(lambda self: self.shown and self.register > MODULUS / 1000)
    @rule(power=watts)
    def set_back(self, power: float) -> None:
        """The counter is set to zero; what was not read before, nobody will ever know."""
        self.settle()
        reach = self.limits.reach(INTERVAL)
        if self.register > MODULUS - reach:
            return  # There, nobody could tell it from a register that starts over.
        if self.register <= reach:
            return  # So little is not asked about: the counter waits until it is caught up with.
        self.pass_time(5.0, power)
        self.lost += self.unread + 1  # with the count that was not complete
        self.unread = 0.0
        self.register = 0.0
        for _ in range(20):
            self.pass_time(5.0, power)
            self.poll()

    def settle(self) -> None:
        """Let time pass in peace, until the register has caught up with any glitch."""
        for power in (*[POWER / 2] * 400, 0.0, 0.0):
            self.pass_time(5.0, power)
            self.poll()

    @invariant()
    def never_falls(self) -> None:
        """What is shown never goes down."""
        assert self.shown == sorted(self.shown)
        del self.shown[:-1]

    @invariant()
    def never_far_ahead(self) -> None:
        """What is shown is ahead of the truth by the reach of a long interval at most."""
        if self.counter.published is not None:
            ahead = self.counter.published - self.begun - self.energy
            assert ahead <= self.limits.reach(INTERVAL) + 2

    def teardown(self) -> None:
        """Once the dust has settled, no more is missing than what the meter lost."""
        self.settle()
        published = self.counter.published
        assert published is not None
        difference = self.energy - (published - self.begun)
        assert -2 <= difference <= self.lost + 2


TestGuard = MeterAndOwner.TestCase
TestGuard.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
