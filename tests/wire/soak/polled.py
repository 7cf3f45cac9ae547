"""The client's state of one meter, and what of it survives a restart."""

from dataclasses import dataclass, field
import json

from custom_components.dts307.meter import Meter, Reading
from custom_components.dts307.meter.validation import (
    CounterFilter,
    CounterFilters,
    awaiting_reconfirmation,
    validated,
    without_counters,
)
from simulator.meter import Meter as SimulatedMeter
from tests.wire.soak.judge import Judge

_SERVICE_CURRENT = 200.0


@dataclass(eq=False)
class Polled:
    """A simulated meter, the meter identified on it, and its counter filters."""

    simulated: SimulatedMeter
    judge: Judge
    meter: Meter | None = None
    counters: CounterFilters = field(default_factory=dict)
    misread: bool = False
    """Whether one of its counters is being misread."""
    hurried: bool = False
    """Whether its reads are cancelled early."""
    stale: CounterFilters = field(default_factory=dict)
    """Counters that were published after the last save, until they are confirmed again."""
    _saved: str = "{}"
    _saved_at: float = 0.0

    def validate(self, reading: Reading, now: float) -> Reading:
        """Return the validated reading, as in the integration."""
        self.counters, checked = validated(self.counters, reading, now, _SERVICE_CURRENT)
        self.stale = awaiting_reconfirmation(self.stale, self.counters)
        return without_counters(checked, self.stale)

    def save(self, now: float, every: float = 0.0) -> None:
        """Save the filters as the integration does, at most every ``every`` seconds."""
        if now - self._saved_at >= every:
            kept = {key: counter.as_dict() for key, counter in self.counters.items()}
            self._saved = json.dumps(kept)
            self._saved_at = now

    def restore(self, *, latest: bool) -> None:
        """Restore the saved filters; ``latest`` if nothing was published after them."""
        # The latest read is not stored. So two new ones have to agree.
        self.judge.forget_row()
        stored = json.loads(self._saved)
        self.counters = {key: CounterFilter.from_dict(value) for key, value in stored.items()}
        self.stale = {} if latest else self.counters
