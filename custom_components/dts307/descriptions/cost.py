"""The sensors of what energy costs, for which a price is chosen."""

from collections.abc import Mapping
from decimal import Decimal
from math import inf
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass

from ..meter.intervals import EXPORTED, IMPORTED
from .base import MeterSensorDescription
from .recording import RecordingRule

ENERGY_COST: Final = "energy_cost"
ENERGY_COMPENSATION: Final = "energy_compensation"

_RECORDING: Final = RecordingRule(threshold=inf, has_mean=False)
"""Written before the end of every five minutes: a cost need not be followed closely."""


def _description(key: str, counter: str) -> MeterSensorDescription[Mapping[str, Decimal | None]]:
    return MeterSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        recording=_RECORDING,
        value_fn=lambda costs: _rounded(costs.get(counter)),
    )


def _rounded(total: Decimal | None) -> float | None:
    return None if total is None else round(float(total), 6)


COST_SENSORS: Final = {
    IMPORTED: _description(ENERGY_COST, IMPORTED),
    EXPORTED: _description(ENERGY_COMPENSATION, EXPORTED),
}
"""by counter"""
