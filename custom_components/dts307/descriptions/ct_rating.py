"""The sensor of the CT rating, which is an option and not a value of the meter."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription
from homeassistant.const import EntityCategory, UnitOfElectricCurrent

CT_RATING_SENSOR: Final = SensorEntityDescription(
    key="ct_rating",
    translation_key="ct_rating",
    device_class=SensorDeviceClass.CURRENT,
    native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
    suggested_display_precision=0,
    entity_category=EntityCategory.DIAGNOSTIC,
)
