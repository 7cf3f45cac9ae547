"""Device library for SunSpec electricity meters over Modbus; independent of Home Assistant."""

from .errors import (
    AnotherMeterError,
    EndlessChainError,
    GarbledReplyError,
    ImplausibleReadingError,
    LinkDownError,
    MapChangedError,
    MeterBusyError,
    MeterError,
    MeterSilentError,
    NoMeterModelError,
    NotSunSpecError,
    ReadRefusedError,
)
from .identity import Identity
from .sunspec import Meter, MeterEvent, PerPhase, Reading

__all__ = [
    "AnotherMeterError",
    "EndlessChainError",
    "GarbledReplyError",
    "Identity",
    "ImplausibleReadingError",
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
