"""An event loop whose clock jumps to the next timer whenever nothing else is left to do.

For tests without sockets or threads: hours take no time, durations are exact, and a test that waits
for something that cannot happen fails at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
import selectors
from typing import Any, override

import pytest

_START = 1000.0
"""Seconds; a monotonic clock starts anywhere."""


class _Selector(selectors.DefaultSelector):
    """Skips the time that it is to wait for events."""

    now = _START

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return no event, as there are no sockets, and let ``timeout`` seconds pass."""
        if timeout is None:
            raise RuntimeError("the test waits for something that never happens")
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop with virtual time."""

    def __init__(self) -> None:
        """Start the clock."""
        self._virtual = _Selector()
        super().__init__(self._virtual)

    @override
    def time(self) -> float:
        return self._virtual.now


def virtual_time[**P](
    test: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, None]:
    """Run a test's coroutine in an event loop with virtual time."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


async def duration(awaitable: Awaitable[object]) -> float:
    """Return how many seconds of the event loop's time something takes."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    await awaitable
    return loop.time() - start


def lasts(seconds: float) -> object:
    """Return what compares equal to a duration of so many seconds."""
    return pytest.approx(seconds, abs=1e-6)
