"""States with hysteresis and a delay, so that they do not flap around a threshold."""

from dataclasses import dataclass, field, replace
from typing import Final

_JITTER: Final = 0.5
"""Seconds by which polls may be closer together than their interval."""

_FORGOTTEN_AFTER: Final = 300.0
"""Seconds without a value after which a state that was on can no longer be trusted."""


@dataclass(frozen=True, slots=True)
class Lasting[T]:
    """Since when the same thing has been seen without interruption; times in seconds."""

    thing: T
    since: float
    last: float

    @property
    def seconds(self) -> float:
        """Seconds from the first to the last time it was seen."""
        return self.last - self.since


def seen_again[T](before: Lasting[T] | None, thing: T, now: float, max_gap: float) -> Lasting[T]:
    """Return since when ``thing``, which is seen now, has lasted.

    The time restarts if something else was seen last, if nothing was seen for more than ``max_gap``
    seconds, since anything may have happened in the gap, and if the clock was set back.
    """
    if before is not None and before.thing == thing and 0 <= now - before.last <= max_gap:
        return replace(before, last=now)
    return Lasting(thing, now, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where a state turns on and off, and after how many seconds.

    It turns on once the value has been above ``above`` for ``hold`` seconds, and off once the value
    has been at or below ``back`` for as long. Between the two it keeps its state; ``back`` must not
    exceed ``above``.
    """

    above: float
    back: float
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class Debounced:
    """A state, and the pending change: to on (True) or to off, and since when."""

    on: bool = False
    turning: Lasting[bool] | None = None
    seen: float = field(default=0.0, compare=False)
    """when the last value arrived, in seconds"""

    def is_forgotten(self, now: float) -> bool:
        """Return whether the last value is so old that the state means nothing any more."""
        return now - self.seen > _FORGOTTEN_AFTER


def debounced(
    before: Debounced, value: float | None, limit: Threshold, now: float, max_gap: float
) -> Debounced:
    """Return the state after one more value; ``now`` is its time in seconds.

    An unknown value (None) keeps the state and cancels the pending change, as does a gap of more
    than ``max_gap`` seconds: the value in between is unknown. A state that was on long
    ago turns off at once with the first value at or below the threshold.
    """
    if value is None:
        return Debounced(before.on, seen=before.seen)
    wanted = value > (limit.back if before.on else limit.above)
    if wanted is before.on:
        return Debounced(before.on, seen=now)
    turning = seen_again(before.turning, wanted, now, max_gap)
    turned = turning.seconds >= limit.hold - _JITTER
    if turned or (before.on and before.is_forgotten(now)):
        return Debounced(wanted, seen=now)
    return Debounced(before.on, turning, now)
