"""The sensors of what the house consumes, at the meter of its grid connection."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfPower

from ..meter.house_balance import House
from ..wording import in_kilo
from .base import ENERGY_RECORDING, POWER_RECORDING, MeterSensorDescription

HOUSE_SENSORS: Final = (
    MeterSensorDescription[House | None](
        key="house_consumption",
        translation_key="house_consumption",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        suggested_display_precision=2,
        recording=ENERGY_RECORDING,
        value_fn=lambda house: in_kilo(house.energy) if house else None,
    ),
    MeterSensorDescription[House | None](
        key="house_power",
        translation_key="house_power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        recording=POWER_RECORDING,
        value_fn=lambda house: house.power if house else None,
    ),
)
