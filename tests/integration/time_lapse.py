"""Let a test's event loop run faster than time does, with all that happens in it to scale."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import selectors
import time

import pytest


@contextmanager
def time_lapse(
    monkeypatch: pytest.MonkeyPatch, loop: asyncio.AbstractEventLoop, speed: float
) -> Iterator[None]:
    """Let so many seconds pass in each second, on the loop's clock and on the monotonic one.

    Afterwards the loop's clock goes on at the usual speed, from where it has come to.
    """
    assert isinstance(loop, asyncio.SelectorEventLoop)
    selector = loop._selector  # type: ignore[attr-defined]  # noqa: SLF001 - where it sleeps
    assert isinstance(selector, selectors.BaseSelector)
    real, select, begun = time.monotonic, selector.select, time.monotonic()

    def clock() -> float:
        return begun + (real() - begun) * speed

    with monkeypatch.context() as patch:
        patch.setattr(selector, "select", lambda wait: select(wait and wait / speed))
        patch.setattr(loop, "time", clock)
        patch.setattr(time, "monotonic", clock)
        yield
    ahead = clock() - real()
    monkeypatch.setattr(loop, "time", lambda: real() + ahead)
