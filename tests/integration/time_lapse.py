"""Let time pass at once for a test's event loop whenever it has nothing else to do.

Only pure waiting is skipped. Frames on their way through the system and work in threads are waited
for in real time, so results do not depend on how busy the machine is. Both ends of a line must run
in this event loop: what another process sends may come too late.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import select
import selectors
import time
from typing import Any, Final

import pytest

_SETTLES: Final = 0.005
"""Real seconds within which a frame on loopback arrives."""


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


@contextmanager
def time_lapse(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Skip all pure waiting, on the loop's clock and the monotonic one.

    Both stay ahead afterwards.
    """
    assert isinstance(loop, asyncio.SelectorEventLoop)
    selector = loop._selector  # type: ignore[attr-defined]  # noqa: SLF001 - where it waits
    assert isinstance(selector, selectors.BaseSelector)
    real, wait_for_events, run = time.monotonic, selector.select, loop.run_in_executor
    ahead, working = 0.0, 0

    def clock() -> float:
        return real() + ahead

    def skipping_select(wait: float | None = None) -> Any:
        nonlocal ahead
        if wait is None or wait <= _SETTLES or working:
            return wait_for_events(wait)
        events = wait_for_events(_SETTLES)
        if events or _something_is_readable(selector):
            return events
        ahead += wait - _SETTLES
        return []

    def counted_run(*args: Any) -> asyncio.Future[Any]:
        nonlocal working
        working += 1

        def done(_future: object) -> None:
            nonlocal working
            working -= 1

        future = run(*args)
        future.add_done_callback(done)
        return future

    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(time, "monotonic", clock)
    with monkeypatch.context() as patch:
        patch.setattr(selector, "select", skipping_select)
        patch.setattr(loop, "run_in_executor", counted_run)
        yield
