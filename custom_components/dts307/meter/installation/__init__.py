"""What the readings show about the installation: signs, CTs, phases, service voltage."""

from .count_direction import (
    CountDirections,
    count_directions_as_dict,
    count_directions_from_dict,
    with_exports_counting_up,
)
from .import_positive import with_import_positive
from .nominal_voltage import ServiceDetection, ServiceVoltage, detect_service
from .phase_voltages import (
    LINE_TO_LINE,
    LOST_BETWEEN_LINES,
    LOST_TO_NEUTRAL,
    Deficits,
    absent_phases,
    voltages,
)
from .plausibility import NoMeasurement, measures_nothing, phases_without_voltage
from .power_sign import PowerSign, PowerSignState, observe
from .swapped_ct import CtFaults, SwappedCts

__all__ = [
    "LINE_TO_LINE",
    "LOST_BETWEEN_LINES",
    "LOST_TO_NEUTRAL",
    "CountDirections",
    "CtFaults",
    "Deficits",
    "NoMeasurement",
    "PowerSign",
    "PowerSignState",
    "ServiceDetection",
    "ServiceVoltage",
    "SwappedCts",
    "absent_phases",
    "count_directions_as_dict",
    "count_directions_from_dict",
    "detect_service",
    "measures_nothing",
    "observe",
    "phases_without_voltage",
    "voltages",
    "with_exports_counting_up",
    "with_import_positive",
]
