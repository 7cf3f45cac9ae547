"""Time that leaps wherever nothing but time is waited for."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
import select
import selectors
import time
from typing import Any, override
from unittest.mock import patch

_GRACE = 0.0002
"""Seconds that what was sent within this machine is given to arrive before time leaps.

Should it take longer, that is one more late answer.
"""

_monotonic = time.monotonic


class TimeLapse(selectors.EpollSelector):
    """Waits for sockets as any selector; a wait that ends without any takes no time."""

    def __init__(self) -> None:
        """Begin at the time of the machine's clock."""
        super().__init__()
        self.threads = 0
        """How many are at work for us, in the machine's own time."""
        self._leapt = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or let ``timeout`` seconds pass at once."""
        if timeout is None or self.threads:
            return super().select(timeout)
        ready = super().select(0)
        if ready or timeout <= 0:
            return ready
        # What epoll itself waits for is a millisecond at least.
        select.select([self.fileno()], [], [], _GRACE)
        ready = super().select(0)
        if not ready:
            self._leapt += timeout
        return ready

    def monotonic(self) -> float:
        """Return the seconds of a clock that has leapt along."""
        return _monotonic() + self._leapt


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that does not let time leap while a thread works for it."""

    def __init__(self, lapse: TimeLapse) -> None:
        super().__init__(lapse)
        self._lapse = lapse

    @override
    def run_in_executor[T, *Ts](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._lapse.threads += 1
        future.add_done_callback(self._thread_ends)
        return future

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        # A thread of asyncio's waits for the others to end.
        self._lapse.threads += 1
        await super().shutdown_default_executor(timeout)

    def _thread_ends(self, _future: asyncio.Future[Any]) -> None:
        self._lapse.threads -= 1


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and all that it awaits in an event loop whose time leaps.

    The clock is the one that asyncio, the Modbus libraries and the integration go by, so that the
    stack is the real one with its real timeouts.
    """
    lapse = TimeLapse()
    with (
        patch.object(time, "monotonic", lapse.monotonic),
        asyncio.Runner(loop_factory=lambda: _Loop(lapse)) as runner,
    ):
        return runner.run(main)
