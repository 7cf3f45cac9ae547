"""The device library: a SunSpec electricity meter over Modbus, without Home Assistant."""

from .errors import (
    AnotherMeterError,
    EndlessChainError,
    GarbledReplyError,
    LinkDownError,
    MapChangedError,
    MeterBusyError,
    MeterError,
    MeterSilentError,
    NoMeterModelError,
    NotSunSpecError,
    ReadRefusedError,
)
from .line import Line, Link
from .meter import Identity, Meter
from .models import MeterEvent
from .reading import PerPhase, Reading

__all__ = [
    "AnotherMeterError",
    "EndlessChainError",
    "GarbledReplyError",
    "Identity",
    "Line",
    "Link",
    "LinkDownError",
    "MapChangedError",
    "Meter",
    "MeterBusyError",
    "MeterError",
    "MeterEvent",
    "MeterSilentError",
    "NoMeterModelError",
    "NotSunSpecError",
    "PerPhase",
    "ReadRefusedError",
    "Reading",
]
