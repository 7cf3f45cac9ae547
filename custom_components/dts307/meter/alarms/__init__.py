"""Debounced alarms, and what the STATUS light on the faceplate shows."""

from .alarms import AlarmMemory, AlarmOptions, AlarmStates, states_after
from .status_light import CurrentLevel, EnergyDirection

__all__ = [
    "AlarmMemory",
    "AlarmOptions",
    "AlarmStates",
    "CurrentLevel",
    "EnergyDirection",
    "states_after",
]
