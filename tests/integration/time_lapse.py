"""Let time pass at once for a test's event loop, whenever it has nothing else to do.

Frames on loopback arrive at once, and work in threads is waited for, so that only pure waiting is
skipped: what the tests measure does not depend on how busy the machine is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import selectors
import time
from typing import Any, Final

import pytest

_SETTLES: Final = 0.005
"""Real seconds in which whatever is on its way on loopback has arrived."""


@contextmanager
def time_lapse(monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Skip all pure waiting, on the loop's clock and on the monotonic one.

    Afterwards both go on from where they have come to.
    """
    assert isinstance(loop, asyncio.SelectorEventLoop)
    selector = loop._selector  # type: ignore[attr-defined]  # noqa: SLF001 - where it waits
    assert isinstance(selector, selectors.BaseSelector)
    real, select, run = time.monotonic, selector.select, loop.run_in_executor
    ahead, working = 0.0, 0

    def clock() -> float:
        return real() + ahead

    def skipping_select(wait: float | None = None) -> Any:
        nonlocal ahead
        if wait is None or wait <= _SETTLES or working:
            return select(wait)
        if events := select(_SETTLES):
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
