"""One meter at our end of the line: what is known of it, and what would survive a restart."""

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
    """A simulated meter, the meter that is identified on it, and the guard over its counters."""

    simulated: SimulatedMeter
    judge: Judge
    meter: Meter | None = None
    counters: CounterFilters = field(default_factory=dict)
    misread: bool = False
    """Whether one of its counters is being misread."""
    hurried: bool = False
    """Whether its answers are waited for a fraction of the time only."""
    stale: CounterFilters = field(default_factory=dict)
    """Counters of which more was published than was kept, until they are believed anew."""
    _saved: str = "{}"
    _saved_at: float = 0.0

    def guard(self, reading: Reading, now: float) -> Reading:
        """Return what may be published of a reading, as the integration's guard does."""
        self.counters, checked = validated(self.counters, reading, now, _SERVICE_CURRENT)
        self.stale = awaiting_reconfirmation(self.stale, self.counters)
        return without_counters(checked, self.stale)

    def save(self, now: float, every: float = 0.0) -> None:
        """Keep the guard's state as the integration's store does, ``every`` so many seconds."""
        if now - self._saved_at >= every:
            kept = {key: counter.as_dict() for key, counter in self.counters.items()}
            self._saved = json.dumps(kept)
            self._saved_at = now

    def restore(self, *, latest: bool) -> None:
        """Go on from what was kept, be it the ``latest`` that there was or not."""
        stored = json.loads(self._saved)
        self.counters = {key: CounterFilter.from_dict(value) for key, value in stored.items()}
        self.stale = {} if latest else self.counters
