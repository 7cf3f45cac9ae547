"""States that do not flap: they turn on and off only after a while on one side of a threshold."""

from dataclasses import dataclass, field, replace
from typing import Final

_JITTER: Final = 0.5
"""Seconds that two readings may lie closer together than the polls that brought them."""

_FORGOTTEN_AFTER: Final = 300.0
"""Seconds after which nobody knows any more whether what was on still is."""


@dataclass(frozen=True, slots=True)
class Lasting[T]:
    """Since when one and the same thing has been seen, without interruption; times in seconds."""

    thing: T
    since: float
    last: float

    @property
    def seconds(self) -> float:
        """How long it has lasted, as far as it was seen."""
        return self.last - self.since


def seen_again[T](before: Lasting[T] | None, thing: T, now: float, patience: float) -> Lasting[T]:
    """Return since when ``thing``, which is seen now, has lasted.

    It begins anew if something else was seen last, if nothing was seen for more than ``patience``
    seconds, as nobody knows what went on meanwhile, and if the clock was set back.
    """
    if before is not None and before.thing == thing and 0 <= now - before.last <= patience:
        return replace(before, last=now)
    return Lasting(thing, now, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where a state turns on and off, and after how many seconds.

    It turns on once a value has been above ``above`` for ``hold`` seconds, and off once it has been
    at ``back`` or below for as long; ``back`` must not be higher, and in between it stays as it is.
    """

    above: float
    back: float
    hold: float = 0.0


@dataclass(frozen=True, slots=True)
class Debounced:
    """A state, and the turn that is under way: to on (True) or to off, and since when."""

    on: bool = False
    turning: Lasting[bool] | None = None
    seen: float = field(default=0.0, compare=False)
    """when there last was a value, in seconds"""

    def is_forgotten(self, now: float) -> bool:
        """Tell whether nothing has been seen of it for so long that it counts for nothing."""
        return now - self.seen > _FORGOTTEN_AFTER


def debounced(
    before: Debounced, value: float | None, limit: Threshold, now: float, patience: float
) -> Debounced:
    """Return the state after one more value.

    A value that is not known leaves the state as it is and ends the turn, and so does a time
    without values of more than ``patience`` seconds: neither of them tells anything. But what was
    on a long time ago is off at once when the first value says so.
    """
    if value is None:
        return Debounced(before.on, seen=before.seen)
    wanted = value > (limit.back if before.on else limit.above)
    if wanted is before.on:
        return Debounced(before.on, seen=now)
    turning = seen_again(before.turning, wanted, now, patience)
    turned = turning.seconds >= limit.hold - _JITTER
    if turned or (before.on and before.is_forgotten(now)):
        return Debounced(wanted, seen=now)
    return Debounced(before.on, turning, now)
