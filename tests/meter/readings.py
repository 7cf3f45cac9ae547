"""Readings put together by hand."""

from dataclasses import replace
from typing import Any

from custom_components.dts307.meter import Reading
from custom_components.dts307.meter.sunspec.models import FAST_BLOCKS, SLOW_BLOCKS
from custom_components.dts307.meter.sunspec.reading import reading_from_points

_POINTS = [
    point
    for block in FAST_BLOCKS + SLOW_BLOCKS
    for quantity in block.quantities
    for point in quantity.points
]
_EMPTY = reading_from_points(dict.fromkeys(_POINTS), None, 3)


def reading_with(**parts: Any) -> Reading:
    """Return a reading of a three-phase meter that states nothing but these parts."""
    return replace(_EMPTY, **parts)
