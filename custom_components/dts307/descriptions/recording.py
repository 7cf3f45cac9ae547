"""Which readings become states, each of which costs Home Assistant's recorder a row.

A value is written when it has moved by its threshold, when the mean of five minutes would otherwise
be off by more than a tenth of that, and before the end of every five minutes. Home Assistant
compiles its statistics for these. docs/recording.md explains the rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from homeassistant.helpers.typing import StateType

STATISTICS_PERIOD: Final = 300.0
"""s; the period of Home Assistant's short-term statistics, aligned to the clock"""

_PART_FOR_MEAN: Final = 0.1
"""How much of the threshold the mean of a period may be off."""

_LATENESS: Final = 1.2
_LATE: Final = 1.0
"""How many poll intervals, and s, it takes at most until the next reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """How far a value may move, in the unit of its sensor, before it is written."""

    threshold: float
    share: float = 0.0
    """the same as a share of the value; the larger of the two counts"""
    has_mean: bool = True
    """whether Home Assistant compiles means of the value; it does not of counters"""

    def allowed(self, value: float) -> float:
        """Return how far a written value may be from this one."""
        return max(self.threshold, self.share * abs(value))


class RecordingGate:
    """Decides which readings of one sensor are written."""

    def __init__(
        self,
        rule: RecordingRule,
        poll_interval: float,
        crosses: Callable[[float, float], bool] | None = None,
    ) -> None:
        """Begin with nothing written; ``poll_interval`` is in s.

        ``crosses`` returns whether an automation waits for a limit between two values.
        """
        self._crosses = crosses
        self._rule = rule
        self._poll_interval = poll_interval
        self._written: tuple[StateType | datetime, Mapping[str, Any]] | None = None
        """the value and the attributes"""
        self._read_at = 0.0
        self._off = 0.0
        """how far the latest reading is from the written value"""
        self._deviation = 0.0
        """unit times s by which the written values have missed the readings in this period"""

    def forget(self) -> None:
        """Let the next reading pass: something else was written."""
        self._written = None
        self._off = 0.0

    def passes(
        self, value: StateType | datetime, attributes: Mapping[str, Any], now: float
    ) -> bool:
        """Return whether a reading is written; ``now`` is in s since 1970."""
        self._account(now)
        next_at = now + self._poll_interval * _LATENESS + _LATE
        written_value, written_attributes = self._written or (None, {})
        before, number = _number(written_value), _number(value)
        off = 0.0 if number is None or before is None else number - before
        is_written = (
            self._written is None
            or self._differ(written_value, value)
            or self._have_moved(written_attributes, attributes)
            or self._is_awaited(before, number)
            or self._is_mean_off(off * (next_at - now))
            or next_at >= _period_end(now)
        )
        if is_written:
            self._written = value, attributes
        self._off = 0.0 if is_written else off
        return is_written

    def _account(self, now: float) -> None:
        """Add up the time since the latest reading."""
        since = _period_end(now) - STATISTICS_PERIOD
        if self._read_at < since:
            self._deviation = 0.0
        seconds = max(0.0, now - max(self._read_at, since))
        self._deviation += self._off * seconds
        self._read_at = now

    def _have_moved(self, written: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
        """Return whether any attribute has moved."""
        if shown == written:
            return False
        before, after = _leaves(written), _leaves(shown)
        return before.keys() != after.keys() or any(
            self._differ(before[name], after[name]) for name in after
        )

    def _differ(self, before: Any, after: Any) -> bool:
        if _number(before) is not None and _number(after) is not None:
            return bool(abs(after - before) >= self._rule.allowed(after))
        return bool(before != after)

    def _is_awaited(self, before: float | None, after: float | None) -> bool:
        if self._crosses is None or before is None or after is None:
            return False
        return self._crosses(before, after)

    def _is_mean_off(self, more: float) -> bool:
        """Return whether the mean would be off too far with so much ``more`` deviation."""
        if not self._rule.has_mean:
            return False
        # Not a share of the mean: where the sign changes, a mean comes to less than its parts.
        most = _PART_FOR_MEAN * self._rule.threshold * STATISTICS_PERIOD
        return abs(self._deviation + more) > most


def _period_end(now: float) -> float:
    return (now // STATISTICS_PERIOD + 1) * STATISTICS_PERIOD


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number else None


def _leaves(shown: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return values by their path; an attribute may be a mapping."""
    leaves: dict[tuple[str, ...], Any] = {}
    for name, value in shown.items():
        if isinstance(value, Mapping):
            leaves |= {(name, *path): leaf for path, leaf in _leaves(value).items()}
        else:
            leaves[name,] = value
    return leaves
