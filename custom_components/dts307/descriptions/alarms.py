"""Binary sensors for automations; hold times and hysteresis keep them from flapping."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.components.binary_sensor import BinarySensorDeviceClass

from ..meter.installation import LINE_TO_LINE
from ..meter.phases import PAIR_LABELS, PHASE_LABELS, TOTAL
from ..snapshot import Snapshot
from .base import MeterBinarySensorDescription

_AVERAGE: Final = {TOTAL: "average"}
"""Some meters report the average voltage but not that of each phase."""
_PHASE_OR_AVERAGE: Final = {**PHASE_LABELS, **_AVERAGE}
_PAIR_OR_AVERAGE: Final = {**PAIR_LABELS, **_AVERAGE}


def _labels(where: Iterable[str], labels: Mapping[str, str]) -> list[str]:
    return [labels[part] for part in where]


def _overload(now: Snapshot) -> dict[str, Any]:
    where = now.alarms.overload.where
    phases = (part for part in where if part != TOTAL)
    return {
        "overloaded_phases": _labels(phases, _PHASE_OR_AVERAGE),
        "overloaded_in_total": TOTAL in where,
    }


def _phase_lost(now: Snapshot) -> dict[str, Any]:
    return {"lost_phases": _labels(now.alarms.phase_lost.where, _PHASE_OR_AVERAGE)}


def _voltage(now: Snapshot) -> dict[str, Any]:
    alarms, service = now.alarms, now.alarms.service
    between_lines = service is not None and service.quantity == LINE_TO_LINE
    labels = _PAIR_OR_AVERAGE if between_lines else _PHASE_OR_AVERAGE
    return {
        "nominal_voltage": None if service is None else service.nominal,
        "too_low": _labels(alarms.voltage_low.where, labels),
        "too_high": _labels(alarms.voltage_high.where, labels),
    }


ALARM_BINARY_SENSORS: Final = (
    MeterBinarySensorDescription[Snapshot](
        key="exporting",
        translation_key="exporting",
        value_fn=lambda now: now.alarms.exporting.on,
    ),
    MeterBinarySensorDescription[Snapshot](
        key="overload",
        translation_key="overload",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda now: now.alarms.overload.on,
        attributes_fn=_overload,
    ),
    MeterBinarySensorDescription[Snapshot](
        key="phase_lost",
        translation_key="phase_lost",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda now: now.alarms.phase_lost.on,
        attributes_fn=_phase_lost,
    ),
    MeterBinarySensorDescription[Snapshot](
        key="voltage_out_of_band",
        translation_key="voltage_out_of_band",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda now: now.alarms.voltage_out_of_band,
        attributes_fn=_voltage,
    ),
)
