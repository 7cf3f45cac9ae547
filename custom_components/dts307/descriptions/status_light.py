"""Sensors of what the STATUS light shows, and of import and export power separately."""

from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import PERCENTAGE, UnitOfPower

from ..meter.alarms import CurrentLevel, EnergyDirection
from ..meter.phases import PHASE_LABELS, TOTAL
from ..snapshot import Snapshot
from .base import POWER_RECORDING, MeterSensorDescription
from .recording import RecordingRule


def _percent(now: Snapshot) -> float | None:
    """Return the current in percent, as exact as the share with its six decimals."""
    share = now.alarms.light.share
    return None if share is None else round(share * 100, 4)


def _service(now: Snapshot) -> dict[str, Any]:
    """Return the currents that count as 100 %: per phase, and of all phases together.

    And how much of what is allowed before an overload each phase uses, in percent.
    """
    service = now.alarms.service_current
    together = None if service is None else service * now.alarms.light.phases
    labels = {**PHASE_LABELS, TOTAL: TOTAL}
    used = {labels[part]: round(of * 100, 4) for part, of in now.alarms.overload_shares.items()}
    return {
        "service_current": service,
        "total_service_current": together,
        "overload_limit_used": used,
    }


def _one_way_power(key: str, sign: int) -> MeterSensorDescription[Snapshot]:
    """Describe a sensor of the power in one direction; 0 while it flows the other way."""

    def value(now: Snapshot) -> float | None:
        power = now.reading.power.total
        return None if power is None else max(0, sign * power)

    return MeterSensorDescription[Snapshot](
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        recording=POWER_RECORDING,
        value_fn=value,
    )


STATUS: Final = (
    MeterSensorDescription[Snapshot](
        key="energy_direction",
        translation_key="energy_direction",
        device_class=SensorDeviceClass.ENUM,
        options=list(EnergyDirection),
        value_fn=lambda now: now.alarms.light.direction,
    ),
    MeterSensorDescription[Snapshot](
        key="current_level",
        translation_key="current_level",
        device_class=SensorDeviceClass.ENUM,
        options=list(CurrentLevel),
        value_fn=lambda now: now.alarms.light.level,
    ),
    MeterSensorDescription[Snapshot](
        key="current_share",
        translation_key="current_share",
        native_unit_of_measurement=PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        recording=RecordingRule(threshold=1),
        value_fn=_percent,
        attributes_fn=_service,
    ),
    _one_way_power("import_power", 1),
    _one_way_power("export_power", -1),
)
