"""Let time pass at once for a test's event loop whenever it has nothing else to do.

Time passes only in pure waiting, which is skipped. Work takes no time. Frames on their way through
the system and work in threads are waited for, so results do not depend on how busy the machine is.
Both ends of a line must run in this event loop: what another process sends may come too late.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import select
import selectors
import time
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest

_SETTLES: Final = 0.005
"""Real seconds within which a frame on loopback arrives."""

_MICROSECOND: Final = 1e-6
"""s; what frozen clocks can distinguish, and what a round without waiting takes"""


def _something_is_readable(selector: selectors.BaseSelector) -> bool:
    """Return whether anything has arrived for a selector, even if epoll does not know it yet.

    A kernel thread passes on what is written to a pseudo-terminal, and a busy machine lets it wait.
    Linux has poll(2), unlike epoll, wait for that thread.
    """
    poll = select.poll()
    for key in selector.get_map().values():
        if key.events & selectors.EVENT_READ:
            poll.register(key.fd, select.POLLIN)
    return bool(poll.poll(0))


class _Working:
    """Counts the calls that are under way in threads."""

    def __init__(self, run: Callable[..., asyncio.Future[Any]]) -> None:
        self._run = run
        self.count = 0

    def run(self, *args: Any) -> asyncio.Future[Any]:
        self.count += 1
        future = self._run(*args)
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: object) -> None:
        self.count -= 1


@contextmanager
def _skipped_waiting(
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.AbstractEventLoop,
    let_pass: Callable[[float], object],
    is_busy: Callable[[], bool],
) -> Iterator[None]:
    assert isinstance(loop, asyncio.SelectorEventLoop)
    selector = loop._selector  # type: ignore[attr-defined]  # noqa: SLF001 - where it waits
    assert isinstance(selector, selectors.BaseSelector)
    wait_for_events, working = selector.select, _Working(loop.run_in_executor)

    def skipping_select(wait: float | None = None) -> Any:
        if wait is not None and wait <= 0:
            # Timers that are less than a microsecond too early are set again and again.
            let_pass(_MICROSECOND)
            return wait_for_events(wait)
        events = wait_for_events(_SETTLES if wait is None else min(wait, _SETTLES))
        still = not (events or working.count or is_busy() or _something_is_readable(selector))
        if still and wait is not None:
            # Rounded up, so that the timer is due.
            let_pass(wait + _MICROSECOND)
        return events

    with monkeypatch.context() as patch:
        patch.setattr(selector, "select", skipping_select)
        patch.setattr(loop, "run_in_executor", working.run)
        yield


@contextmanager
def frozen_time_lapse(
    monkeypatch: pytest.MonkeyPatch,
    loop: asyncio.AbstractEventLoop,
    freezer: FrozenDateTimeFactory,
    is_busy: Callable[[], bool],
) -> Iterator[None]:
    """Skip all pure waiting on frozen clocks, the wall clock among them.

    No time passes while ``is_busy()``, such as in another thread.
    """
    with _skipped_waiting(monkeypatch, loop, freezer.tick, is_busy):
        yield


class _Clock:
    """A monotonic clock that stands still, apart from what it is put forward by."""

    def __init__(self) -> None:
        self._real = time.monotonic
        self._now = self._real()
        self._going_since: float | None = None

    def __call__(self) -> float:
        if self._going_since is None:
            return self._now
        return self._now + self._real() - self._going_since

    def put_forward(self, seconds: float) -> None:
        self._now += seconds

    def go_on(self) -> None:
        self._going_since = self._real()


@contextmanager
def time_lapse(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Skip all pure waiting, on the loop's clock and the monotonic one.

    Both stay ahead afterwards, and go on from there.
    """
    clock = _Clock()
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(time, "monotonic", clock)
    with _skipped_waiting(monkeypatch, loop, clock.put_forward, lambda: False):
        yield
    clock.go_on()
