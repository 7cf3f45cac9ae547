"""When a device is asked, and how long something takes to come true."""

import asyncio
from collections.abc import Callable
from typing import override

from homeassistant.core import HomeAssistant

from tests.device import Request

FOUND_WITHIN = 30.0
"""Seconds in which a meter that answers again must have been found."""


class Diary(list[Request]):
    """The requests that reach a device, and when they do."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin with an empty page."""
        super().__init__()
        self._clock = clock
        self.times: list[float] = []

    @override
    def append(self, request: Request) -> None:
        super().append(request)
        self.times.append(self._clock())

    def between(self, begin: float, end: float) -> list[float]:
        """Return the times of the requests in a span of time."""
        return [at for at in self.times if begin <= at < end]


async def becomes(hass: HomeAssistant, true: Callable[[], bool]) -> None:
    """Wait until something is true, which has to be before a meter must have been found."""
    begun = hass.loop.time()
    while not true():
        assert hass.loop.time() - begun < FOUND_WITHIN
        await asyncio.sleep(0.1)
    await hass.async_block_till_done()
