"""What the readings give away about the installation: signs, CTs, phases, service voltage."""

from .count_direction import (
    CountDirections,
    count_directions_as_dict,
    count_directions_from_dict,
    counting_up,
)
from .nominal_voltage import ServiceDetection, ServiceVoltage, detected
from .phase_voltages import (
    LINE_TO_LINE,
    LOST_BETWEEN_LINES,
    LOST_TO_NEUTRAL,
    absent_phases,
    lacking_between_lines,
    lacking_to_neutral,
    voltages,
)
from .plausibility import NoMeasurement, measures_nothing
from .power_sign import PowerSign, PowerSignState, observe, oriented

__all__ = [
    "LINE_TO_LINE",
    "LOST_BETWEEN_LINES",
    "LOST_TO_NEUTRAL",
    "CountDirections",
    "NoMeasurement",
    "PowerSign",
    "PowerSignState",
    "ServiceDetection",
    "ServiceVoltage",
    "absent_phases",
    "count_directions_as_dict",
    "count_directions_from_dict",
    "counting_up",
    "detected",
    "lacking_between_lines",
    "lacking_to_neutral",
    "measures_nothing",
    "observe",
    "oriented",
    "voltages",
]
