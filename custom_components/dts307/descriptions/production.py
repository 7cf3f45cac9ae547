"""The sensor of a solar inverter's production, positive as the Energy dashboard expects it."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfPower

from ..snapshot import Snapshot
from .base import POWER_RECORDING, MeterSensorDescription

PRODUCTION: Final = "production"

PRODUCTION_SENSOR: Final = MeterSensorDescription[Snapshot](
    key=PRODUCTION,
    translation_key=PRODUCTION,
    device_class=SensorDeviceClass.POWER,
    native_unit_of_measurement=UnitOfPower.WATT,
    state_class=SensorStateClass.MEASUREMENT,
    suggested_display_precision=0,
    recording=POWER_RECORDING,
    value_fn=lambda now: now.production,
)
