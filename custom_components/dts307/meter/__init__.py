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
from .identity import Identity
from .sunspec import Meter, MeterEvent, PerPhase, Reading

__all__ = [
    "AnotherMeterError",
    "EndlessChainError",
    "GarbledReplyError",
    "Identity",
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
