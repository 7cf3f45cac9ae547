"""The sensor of what a solar inverter produces: the Energy dashboard wants that positive."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfPower

from ..options import ProductionCounter
from ..snapshot import Snapshot
from . import MeterSensorDescription

PRODUCTION: Final = "production"

_SIGNS: Final = {ProductionCounter.EXPORTED: -1, ProductionCounter.IMPORTED: 1}


def production_row(counter: ProductionCounter) -> MeterSensorDescription[Snapshot]:
    """Describe the sensor of the power that moves this counter forward."""
    sign = _SIGNS[counter]

    def value(now: Snapshot) -> float | None:
        power = now.reading.power.total
        # The sum makes 0 of what would be shown as -0 in the dark.
        return None if power is None else 0 + sign * power

    return MeterSensorDescription[Snapshot](
        key=PRODUCTION,
        translation_key=PRODUCTION,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=value,
    )
