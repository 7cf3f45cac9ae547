"""When the sun is up, for counters whose energy comes from it."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from math import ceil
from typing import Final

from astral.sun import elevation
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.sun import get_astral_observer

from ..meter.intervals import EXPORTED, IMPORTED, MayFlow, always
from ..options import MeterOptions, ProductionCounter, Role

_HORIZON: Final = -0.833
"""Degrees at which the sun rises: its upper edge shows, which refraction lifts."""

_STEP: Final = 900.0
"""s; between two elevations so far apart, the sun crosses the horizon at most once, but for some
minutes around noon or midnight near the poles."""

_COUNTERS: Final = {ProductionCounter.EXPORTED: EXPORTED, ProductionCounter.IMPORTED: IMPORTED}


def needs_sun(channel: str, options: MeterOptions) -> bool:
    """Return whether a counter of a meter stands still in the dark.

    At the grid connection, exported energy is what the home leaves of its solar production. On a
    solar inverter, it is the production itself, or imported energy is, with current transformers
    the other way round. The other counter counts what the inverter draws at night. A battery also
    exports at night. A meter of loads should export nothing, and without a role nothing is known,
    so nothing is presumed.
    """
    if options.role is Role.SOLAR:
        return channel == _COUNTERS[options.production_counter or ProductionCounter.EXPORTED]
    return options.role is Role.GRID and channel == EXPORTED


@callback
def async_may_flow(hass: HomeAssistant, channel: str, options: MeterOptions) -> MayFlow:
    """Return when energy of a counter may flow, at the place where Home Assistant is now.

    The function that is returned may be called in any thread.
    """
    return _daylight(hass) if needs_sun(channel, options) else always


def _daylight(hass: HomeAssistant) -> MayFlow:
    """Return the share of a time between two instants in s in which the sun is up."""
    observer = get_astral_observer(hass)

    # Consecutive times share an instant.
    @lru_cache(maxsize=2)
    def height(at: float) -> float:
        """Return how many degrees the sun is above the point at which it rises."""
        local = datetime.fromtimestamp(at, UTC)
        return elevation(observer, local, with_refraction=False) - _HORIZON

    return lambda start, end: _share_above(height, start, end)


def _share_above(height: Callable[[float], float], start: float, end: float) -> float:
    """Return the share of a time in which a height is above 0; it moves evenly in each step."""
    steps = max(1, ceil((end - start) / _STEP))
    heights = [height(start + (end - start) * step / steps) for step in range(steps + 1)]
    return sum(_share_of_step(*sorted(pair)) for pair in pairwise(heights)) / steps


def _share_of_step(low: float, high: float) -> float:
    if low >= 0:
        return 1.0
    return 0.0 if high <= 0 else high / (high - low)
