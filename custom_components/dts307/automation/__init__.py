"""Logic that the triggers and conditions of automations share."""

from .home_assistant import PausingCondition
from .surplus import (
    CONF_THRESHOLD,
    SURPLUS_SENSOR,
    NotComparableError,
    SurplusThreshold,
    async_crosses_threshold,
    threshold_field,
)
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
    "SURPLUS_SENSOR",
    "NotComparableError",
    "PausingCondition",
    "SurplusThreshold",
    "SustainedChange",
    "async_crosses_threshold",
    "entities_showing",
    "one_or_more_of",
    "refuse_other_entities",
    "threshold_field",
]
