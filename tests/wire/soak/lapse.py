"""An event loop that skips waiting."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
import select
import selectors
import time
from typing import Any, override
from unittest.mock import patch

_GRACE = 0.0002
"""Real seconds within which a frame on loopback arrives; a later one counts as a late response.
"""

_monotonic = time.monotonic


class TimeLapse(selectors.EpollSelector):
    """A selector that skips waits without events."""

    def __init__(self) -> None:
        """Begin at the time of the machine's clock."""
        super().__init__()
        self.threads = 0
        """How many threads work for the loop, in real time."""
        self._leapt = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, or skip ``timeout`` seconds."""
        if timeout is None or self.threads:
            return super().select(timeout)
        ready = super().select(0)
        if ready or timeout <= 0:
            return ready
        # epoll waits for a millisecond at least.
        select.select([self.fileno()], [], [], _GRACE)
        ready = super().select(0)
        if not ready:
            self._leapt += timeout
        return ready

    def monotonic(self) -> float:
        """Return monotonic seconds, including those skipped."""
        return _monotonic() + self._leapt


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that skips no waiting while a thread works for it."""

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
        # A thread of asyncio waits for the others to end.
        self._lapse.threads += 1
        await super().shutdown_default_executor(timeout)

    def _thread_ends(self, _future: asyncio.Future[Any]) -> None:
        self._lapse.threads -= 1


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop that skips waiting.

    The clock is the one that asyncio, the Modbus libraries and the integration go by, so that the
    stack is the real one with its real timeouts.
    """
    lapse = TimeLapse()
    with (
        patch.object(time, "monotonic", lapse.monotonic),
        asyncio.Runner(loop_factory=lambda: _Loop(lapse)) as runner,
    ):
        return runner.run(main)
