"""Simulated time in whole seconds, driven by real time at some speed, or by hand."""

import asyncio
from collections.abc import Callable
from math import isfinite

MAX_SPEED = 86_400
_TICK = 0.05
_STEPS_PER_SECOND = 60
_LONGEST_LAG = 1.0


class Clock:
    """A clock whose steps the meters follow; speed 0 stops it."""

    def __init__(self, start: int, follow: Callable[[int], None], speed: float = 0) -> None:
        """Start at a Unix time, and call `follow` with the seconds of every step.

        Raises:
            ValueError: see `set_speed`.
        """
        self.start = start
        self.now = start
        self.speed: float = 0
        self._follow = follow
        self.set_speed(speed)

    def set_speed(self, speed: float) -> None:
        """Let time run `speed` times as fast as real time; 0 stops it.

        Raises:
            ValueError: not a number from 0 to `MAX_SPEED`.
        """
        if isinstance(speed, bool) or not isinstance(speed, (int, float)):
            raise ValueError("speed must be a number")  # noqa: TRY004 - one error for callers to catch
        if not isfinite(speed) or not 0 <= speed <= MAX_SPEED:
            raise ValueError(f"speed must be from 0 to {MAX_SPEED}")
        self.speed = speed

    def advance(self, seconds: int, step: int = 1) -> None:
        """Advance at once; the meters measure the house every `step` seconds.

        Raises:
            ValueError: `seconds` is negative, or `step` is less than 1.
        """
        if seconds < 0 or step < 1:
            raise ValueError("seconds must not be negative and step must be at least 1")
        end = self.now + seconds
        while self.now < end:
            stride = min(step, end - self.now)
            self._follow(stride)
            self.now += stride

    async def run(self) -> None:
        """Follow real time until cancelled.

        At high speed the steps get longer: about 60 in a real second. After a delay of the
        machine, at most one second is made up.
        """
        loop = asyncio.get_running_loop()
        due, last = 0.0, loop.time()
        while True:
            await asyncio.sleep(_TICK)
            now = loop.time()
            due += self.speed * min(now - last, _LONGEST_LAG)
            last = now
            if self.speed == 0:
                due = 0.0
                continue
            step = max(1, int(self.speed // _STEPS_PER_SECOND))
            seconds = int(due // step) * step
            self.advance(seconds, step)
            due -= seconds
