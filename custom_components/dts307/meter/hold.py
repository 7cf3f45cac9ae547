"""States that do not flap: they turn on and off only after a while on one side of a threshold."""

from dataclasses import dataclass, replace
from typing import Final

_JITTER: Final = 0.5
"""Seconds that two readings may lie closer together than the polls that brought them."""


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
class Limit:
    """Where a state turns on and off, and after how many seconds.

    It turns on once a value has been above ``above``, and off once it has been at ``back`` or
    below, which must not be higher; in between it stays as it is.
    """

    above: float
    back: float
    on_after: float
    off_after: float


@dataclass(frozen=True, slots=True)
class Held:
    """A state, and the turn that is under way: to on (True) or to off, and since when."""

    on: bool = False
    turning: Lasting[bool] | None = None


def held(before: Held, value: float | None, limit: Limit, now: float, patience: float) -> Held:
    """Return the state after one more value.

    A value that is not known leaves the state as it is and ends the turn, and so does a time
    without values of more than ``patience`` seconds: neither of them tells anything.
    """
    if value is None:
        return Held(before.on)
    wanted = value > (limit.back if before.on else limit.above)
    if wanted is before.on:
        return Held(before.on)
    turning = seen_again(before.turning, wanted, now, patience)
    after = limit.on_after if wanted else limit.off_after
    return Held(wanted) if turning.seconds >= after - _JITTER else Held(before.on, turning)
