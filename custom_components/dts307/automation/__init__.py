"""Logic that the triggers and conditions of automations share."""

from .home_assistant import PausingCondition
from .surplus import CONF_THRESHOLD, NotComparableError, SurplusThreshold, threshold_field
from .sustained_change import SustainedChange
from .targets import (
    CONF_LEVEL,
    NO_VALUE,
    entities_showing,
    one_or_more_of,
    refuse_other_entities,
)

__all__ = [
    "CONF_LEVEL",
    "CONF_THRESHOLD",
    "NO_VALUE",
    "NotComparableError",
    "PausingCondition",
    "SurplusThreshold",
    "SustainedChange",
    "entities_showing",
    "one_or_more_of",
    "refuse_other_entities",
    "threshold_field",
]
