"""State of one Modbus connection that all its units share."""

import asyncio
from collections import deque
from typing import Final

from .request_lengths import RequestLengths

_CLOSINGS_LEARNT: Final = 2
"""Connections in a row that were closed after one answer; a single one may be a restart."""

_ANSWERS_REMEMBERED: Final = 20
"""Answers of which one slow one says that the network is slow."""

_LOST_UNTIL_UNKNOWN: Final = 3
"""Lost answers in a row after which the network may have become slow."""


class SharedBus:
    """State of one Modbus connection that all its units share.

    It outlives the units, as do the responses that are still due when a unit is given up.
    """

    def __init__(self, *, is_port: bool = False) -> None:
        """Start with no response due, on a serial port or a network adapter."""
        self.is_port = is_port
        self.lock = asyncio.Lock()
        """held during each request: one unit at a time"""
        self.lengths = RequestLengths(is_queued=not is_port)
        """those of the requests of all units"""
        self.responses = 0
        """number of responses from any unit, Modbus exceptions included"""
        self.quiet_until = 0.0
        """seconds of the event loop's clock after which no response to a failed request is due"""
        self.link_timeout = 0.0
        """seconds for which the library waits on the present connection"""
        self._answers = 0
        self._lost = 0
        self._lost_in_row = 0
        self._closings = 0
        self._slow_answers: deque[bool] = deque(maxlen=_ANSWERS_REMEMBERED)

    @property
    def closes_after_answer(self) -> bool:
        """Whether the adapter has closed its last connections after one answer each."""
        return not self.is_port and self._closings >= _CLOSINGS_LEARNT

    @property
    def is_slow(self) -> bool | None:
        """Whether answers have taken longer than the timeout; None if nothing answers."""
        if self.is_port:
            return False
        if self._slow_answers:
            return any(self._slow_answers)
        return None if self._lost_in_row else False

    def note_answer(self, is_slow: bool) -> None:  # noqa: FBT001 - it is what is noted
        """Count an answer on the present connection."""
        self._slow_answers.append(is_slow)
        self._lost_in_row = 0
        self._answers += 1
        if self._answers > 1:
            self._closings = 0

    def note_closed(self) -> None:
        """Count a connection that is open no more, and that was not dropped."""
        self._closings += self._answers == 1
        self.note_dropped()

    def note_dropped(self) -> None:
        """Restart the counts: a unit has closed the connection."""
        self._answers = self._lost = 0

    def note_lost(self) -> bool:
        """Count a lost answer; return whether the connection may be at fault.

        Some adapters lose or garble the first answer on every connection, so another connection
        would not help.
        """
        self._lost += 1
        self._lost_in_row += 1
        if self._lost_in_row >= _LOST_UNTIL_UNKNOWN:
            self._slow_answers.clear()
        return self.is_port or self._answers > 0 or self._lost > 1
