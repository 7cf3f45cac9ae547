"""Debounced alarms, and what the STATUS light on the faceplate shows."""

from .alarms import Alarm, AlarmMemory, AlarmOptions, AlarmStates, states_after
from .status_light import CurrentLevel, EnergyDirection, StatusLight, current_level

__all__ = [
    "Alarm",
    "AlarmMemory",
    "AlarmOptions",
    "AlarmStates",
    "CurrentLevel",
    "EnergyDirection",
    "StatusLight",
    "current_level",
    "states_after",
]
