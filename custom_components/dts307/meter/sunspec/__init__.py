"""The SunSpec register map: find the meter model, and decode its registers to a Reading."""

from .chain import BASE_ADDRESSES, END_MODEL, MARKER
from .meter import FULL_READ_EVERY, Meter
from .models import COUNTER_RANGE, FLOAT_PRECISION, MeterEvent
from .reading import PerPhase, Reading

__all__ = [
    "BASE_ADDRESSES",
    "COUNTER_RANGE",
    "END_MODEL",
    "FLOAT_PRECISION",
    "FULL_READ_EVERY",
    "MARKER",
    "Meter",
    "MeterEvent",
    "PerPhase",
    "Reading",
]
