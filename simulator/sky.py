"""Sun and clouds: the share of its peak power that the solar plant produces."""

from datetime import datetime, timedelta
import math
from math import asin, cos, pi, radians, sin

from .noise import wander

_EARTH_TILT = radians(23.44)
_CLEAR_SKY_EXPONENT = 1.15


def elevation(when: datetime, latitude: float) -> float:
    """Return the sun's height above the horizon in radians; negative at night.

    Standard time in the time zone of `when` is treated as solar time (noon at 12:00).
    `latitude` is in degrees north.
    """
    summer_time = when.dst() or timedelta(0)
    standard = when - summer_time
    hour = standard.hour + standard.minute / 60 + standard.second / 3600
    season = 2 * pi * (standard.timetuple().tm_yday + 10 + hour / 24) / 365.25
    declination = asin(-sin(_EARTH_TILT) * cos(season))
    angle = (hour - 12) * pi / 12
    north = radians(latitude)
    return asin(
        sin(north) * sin(declination) + cos(north) * cos(declination) * cos(angle),
    )


def clear_sky(when: datetime, latitude: float) -> float:
    """Return the share of peak power (0 to 1) under a cloudless sky."""
    height = sin(elevation(when, latitude))
    return math.pow(max(0.0, height), _CLEAR_SKY_EXPONENT)


def transmission(seed: int, timestamp: float) -> float:
    """Return the share of light (0 to 1) that passes the clouds.

    The weather changes over hours; under broken clouds the light also flickers within a minute.
    """
    weather = wander(seed, timestamp, 5 * 3600) + 0.4 * wander(seed + 1, timestamp, 1500)
    cover = min(1.0, max(0.0, 0.35 + 0.55 * weather))
    broken = 4 * cover * (1 - cover)
    flicker = 0.18 * broken * wander(seed + 2, timestamp, 45)
    return min(1.0, max(0.05, 1 - 0.8 * math.pow(cover, 1.5) + flicker))
