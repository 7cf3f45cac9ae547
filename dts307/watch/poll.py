"""Poll one meter for the screen."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from dts307.meter import MeterError
from dts307.observer import Observation, Observer
from dts307.session import MeterReader

from .view import MeterView

_POLLS_TO_STALE: Final = 3
_STALE_AFTER: Final = 15.0
"""s; a reading is shown no longer than this, or three polls if these take longer"""


SHORTEST_PAUSE: Final = 0.05
"""s for the other meters when polls take longer than the interval"""


class MeterPoll:
    """Reads one meter again and again; ``view`` is what is known at any instant."""

    def __init__(  # noqa: PLR0913 - they are independent of each other
        self,
        reader: MeterReader,
        observer: Observer,
        place: str,
        explain: Callable[[MeterError], str],
        *,
        interval: float,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Poll with ``reader`` every ``interval`` s.

        ``explain`` returns the text of a failure, and ``now`` the local time.
        """
        self._reader = reader
        self._observer = observer
        self._place = place
        self._explain = explain
        self._interval = interval
        self._wall_clock = now
        self._asking = False
        self._failure: str | None = None
        self._explanation = ""
        self._latest: Observation | None = None
        self._read_at: datetime | None = None

    async def run(
        self,
        on_change: Callable[[Observation | None], None],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Poll until it is cancelled.

        ``on_change`` is called when a request begins, with None, and after each reading, with it.
        """
        while True:
            self._asking, begun = True, _now()
            on_change(None)
            observation = None
            with suppress(MeterError):
                observation = await self.poll()
            self._asking = False
            on_change(observation)
            await pause(self._rest(_now() - begun))

    def _rest(self, taken: float) -> float:
        """Return the s until the next poll, after one that has taken so many."""
        health = self._reader.health
        if health.answering:
            return max(SHORTEST_PAUSE, self._interval - taken)
        return health.pause(self._interval)

    async def poll(self) -> Observation:
        """Read the meter once.

        Raises MeterError.
        """
        try:
            reading = await self._reader.read()
        except MeterError as err:
            self._failure, self._explanation = err.reason, self._explain(err)
            raise
        self._failure = None
        self._latest = self._observer.observe(reading, _now())
        self._read_at = self._wall_clock()
        return self._latest

    def view(self) -> MeterView:
        """Return what is known of the meter now."""
        health, meter, latest = self._reader.health, self._reader.meter, self._latest
        return MeterView(
            place=self._place,
            identity=None if meter is None else meter.identity,
            latest=latest,
            read_at=self._read_at,
            age=None if latest is None else _now() - latest.at,
            longest_age=max(_STALE_AFTER, _POLLS_TO_STALE * self._interval),
            failure=self._failure,
            explanation=self._explanation,
            asking=self._asking,
            answer_time=health.answer_time,
            success_rate=health.success_rate,
        )


def _now() -> float:
    """Return the seconds of the event loop's clock."""
    return asyncio.get_running_loop().time()
